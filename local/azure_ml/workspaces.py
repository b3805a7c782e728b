"""What stands around models and endpoints: workspace, datastore, operations, usages, VM sizes."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, emulator, operations, quota
from local.azure_ml.errors import ArmError, not_found
from local.azure_ml.state import Operation
from local.azure_ml.storage import DATASTORE


def routes(workspace: str, location: str) -> list[Route]:
    """The routes of a workspace itself and of a location."""
    return [
        Route(workspace, get_workspace, methods=["GET"]),
        Route(f"{workspace}/datastores", list_datastores, methods=["GET"]),
        Route(f"{workspace}/datastores/{{datastore}}", get_datastore, methods=["GET"]),
        Route(f"{workspace}/datastores/{{datastore}}/listsecrets", list_secrets, methods=["POST"]),
        Route(f"{location}/mfeoperationsstatus/{{operation}}", get_status, methods=["GET"]),
        Route(f"{location}/mfeoperationresults/{{operation}}", get_result, methods=["GET"]),
        Route(f"{location}/usages", list_usages, methods=["GET"]),
        Route(f"{location}/quotas", list_quotas, methods=["GET"]),
        Route(f"{location}/vmsizes", list_sizes, methods=["GET"]),
    ]


async def get_workspace(request: Request) -> Response:
    """The workspace in the path, whatever its name."""
    place = arm.workspace(request)
    parts = emulator.of(request)
    properties = {
        "friendlyName": place.name,
        "workspaceId": arm.WORKSPACE_ID,
        "provisioningState": "Succeeded",
        "discoveryUrl": f"{arm.base_url(request)}/discovery",
        "storageAccount": f"/subscriptions/{place.subscription}/resourceGroups/{place.group}"
        f"/providers/Microsoft.Storage/storageAccounts/{parts.storage.account}",
    }
    shown = {
        "id": place.id,
        "name": place.name,
        "type": f"{arm.PROVIDER}/workspaces",
        "location": parts.settings.location,
        "tags": {},
        "kind": "Default",
        "identity": {"type": "SystemAssigned"},
        "sku": {"name": "Basic", "tier": "Basic"},
        "properties": properties,
        "systemData": arm.created(),
    }
    return JSONResponse(shown)


async def list_datastores(request: Request) -> Response:
    """The one datastore."""
    return JSONResponse(arm.listing([_datastore(request, DATASTORE)], None))


async def get_datastore(request: Request) -> Response:
    """The default datastore."""
    return JSONResponse(_datastore(request, request.path_params["datastore"]))


async def list_secrets(request: Request) -> Response:
    """A signature for the datastore's container."""
    _datastore(request, request.path_params["datastore"])
    hours = int((await arm.json_object(request)).get("expireAfterHours") or 1)
    token = emulator.of(request).storage.sas(hours)
    return JSONResponse({"secretsType": "Sas", "sasToken": token})


async def get_status(request: Request) -> Response:
    """How an operation stands."""
    operation = _operation(request)
    return JSONResponse(
        operations.status_document(operation),
        headers={"retry-after-ms": str(operations.POLL_MILLISECONDS)},
    )


async def get_result(request: Request) -> Response:
    """202 while an operation runs, an empty 200 once it has succeeded, else its error."""
    operation = _operation(request)
    if operation.status == "InProgress":
        location = emulator.of(request).settings.location
        return Response(status_code=202, headers=operations.headers(operation, request, location))
    if operation.error:
        raise ArmError(400, operation.error["code"], operation.error["message"])
    return Response(status_code=200)


async def list_usages(request: Request) -> Response:
    """Cores used of each VM family, beside their limit."""
    parts = emulator.of(request)
    subscription = request.path_params["subscription"]
    deployments = parts.store.of_kind("deployment", subscription)
    found = quota.usages(parts.settings, subscription, deployments)
    return JSONResponse(arm.listing(found, None))


async def list_quotas(request: Request) -> Response:
    """The limit of each VM family."""
    parts = emulator.of(request)
    found = quota.usages(parts.settings, request.path_params["subscription"], [])
    wanted = ("id", "type", "amlWorkspaceLocation", "limit", "unit", "name")
    shown: list[dict[str, Any]] = [{key: usage[key] for key in wanted} for usage in found]
    for entry in shown:
        entry["id"] = entry["id"].replace("/usages/", "/quotas/")
        entry["type"] = entry["type"].replace("/usages", "/quotas")
    return JSONResponse(arm.listing(shown, None))


async def list_sizes(_request: Request) -> Response:
    """The VM sizes known here."""
    return JSONResponse(
        arm.listing(
            [
                {
                    "name": size.name.lower(),
                    "family": size.family,
                    "vCPUs": size.cores,
                    "gpus": 0,
                    "osVhdSizeMB": 1_047_552,
                    "maxResourceVolumeMB": int(size.memory * 2_048),
                    "memoryGB": size.memory,
                    "lowPriorityCapable": True,
                    "premiumIO": True,
                    "estimatedVMPrices": None,
                    "supportedComputeTypes": ["AmlCompute"],
                }
                for size in quota.SIZES
            ],
            None,
        )
    )


def _datastore(request: Request, name: str) -> dict[str, Any]:
    parts, place = emulator.of(request), arm.workspace(request)
    if name.lower() != DATASTORE:
        raise not_found(f"workspaces/{place.name}/datastores", name, place.group)
    properties = {
        "datastoreType": "AzureBlob",
        "isDefault": True,
        "accountName": parts.storage.account,
        "containerName": parts.settings.container,
        "endpoint": "core.windows.net",
        "protocol": "https",
        "serviceDataAccessAuthIdentity": "None",
        "credentials": {"credentialsType": "AccountKey"},
        "description": None,
        "tags": {},
        "properties": {},
    }
    return {
        "id": f"{place.id}/datastores/{DATASTORE}",
        "name": DATASTORE,
        "type": f"{arm.PROVIDER}/workspaces/datastores",
        "properties": properties,
        "systemData": arm.created(),
    }


def _operation(request: Request) -> Operation:
    name = request.path_params["operation"]
    operation = emulator.of(request).store.operation(name)
    if operation is None:
        raise ArmError(404, "OperationNotFound", f"There is no operation {name}.")
    if gone := operation.effect.get("gone"):
        raise ArmError(gone, "OperationNotFound", f"There is no operation {name} any more.")
    return operation
