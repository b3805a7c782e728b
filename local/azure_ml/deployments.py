"""Online deployments: create, update, list, delete, container logs.

Quota is refused at once, a container that does not come up fails later. A failed deployment
cannot be updated, only deleted.
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, emulator, endpoints, flavors, operations, quota
from local.azure_ml.errors import bad_request, conflict, invalid, not_found
from local.azure_ml.serving import INITIALIZER, SERVER
from local.azure_ml.state import Operation, Resource

KIND = "workspaces/onlineEndpoints/deployments"
_MODEL_ID = re.compile(r"/subscriptions/.+/workspaces/[^/]+/models/[^/]+/versions/[^/]+", re.I)
_PROBE = {
    "initialDelay": "PT10S",
    "period": "PT10S",
    "timeout": "PT2S",
    "successThreshold": 1,
    "failureThreshold": 30,
}
_REQUESTS = {
    "requestTimeout": "PT5S",
    "maxConcurrentRequestsPerInstance": 1,
    "maxQueueWait": "PT0.5S",
}
_OPERATION = "CreateDeployment"


def routes(workspace: str) -> list[Route]:
    """The routes below a workspace's path."""
    deployments = f"{workspace}/onlineendpoints/{{endpoint}}/deployments"
    deployment = f"{deployments}/{{deployment}}"
    return [
        Route(deployments, list_deployments, methods=["GET"]),
        Route(deployment, get_deployment, methods=["GET"]),
        Route(deployment, put_deployment, methods=["PUT"]),
        Route(deployment, delete_deployment, methods=["DELETE"]),
        Route(f"{deployment}/getlogs", get_logs, methods=["POST"]),
    ]


async def list_deployments(request: Request) -> Response:
    """An endpoint's deployments, in full."""
    parts = emulator.of(request)
    found = parts.store.children(endpoints.require(request).id, "deployment")
    shown, link = arm.page(request, found, parts.settings.page_size)
    return JSONResponse(arm.listing([_document(held, request) for held in shown], link))


async def get_deployment(request: Request) -> Response:
    """One deployment."""
    return JSONResponse(_document(require(request), request))


async def put_deployment(request: Request) -> Response:
    """Creates or replaces a deployment; an equal request is answered by the running operation."""
    given = await arm.json_object(request)
    mark = endpoints.fingerprint(given)
    parts = emulator.of(request)
    endpoint, deployment = endpoints.require(request), _find(request)
    operation = parts.operations.repeated(deployment, mark) if deployment else None
    if deployment and operation:
        return _changed(request, deployment, operation, 200)
    _require_ready(request, endpoint, deployment)
    wanted = _wanted(request, given)
    if deployment is None:
        deployment, code = _new(request, endpoint, wanted), 201
    else:
        deployment.body |= wanted
        code = 200
    deployment.properties["provisioningState"] = "Creating" if code == 201 else "Updating"
    model = parts.store.find(wanted["properties"]["model"])
    deployment.private["modelUri"] = model.properties["modelUri"] if model else ""
    operation = parts.operations.begin(
        "deployment.create" if code == 201 else "deployment.update",
        deployment,
        effect=emulator.effect(request),
        fingerprint=mark,
    )
    return _changed(request, deployment, operation, code)


async def delete_deployment(request: Request) -> Response:
    """Begins to delete a deployment without traffic."""
    deployment = _find(request)
    if deployment is None:
        return Response(status_code=204)
    parts = emulator.of(request)
    if operation := parts.operations.repeated(deployment, "delete"):
        return endpoints.accepted(request, operation)
    endpoint = endpoints.require(request)
    parts.operations.require_free(endpoint)
    shares = {name.lower(): share for name, share in endpoint.properties["traffic"].items()}
    if shares.get(deployment.name.lower()):
        raise bad_request(f"Cannot delete deployment {deployment.name} with non-zero traffic")
    deployment.properties["provisioningState"] = "Deleting"
    operation = parts.operations.begin(
        "deployment.delete", deployment, effect=emulator.effect(request), fingerprint="delete"
    )
    return endpoints.accepted(request, operation)


async def get_logs(request: Request) -> Response:
    """The last lines of one container's log."""
    deployment = require(request)
    given = await arm.json_object(request)
    container = given.get("containerType") or SERVER
    if container not in (SERVER, INITIALIZER):
        raise bad_request(f"containerType {container} is neither {SERVER} nor {INITIALIZER}.")
    lines = given.get("tail", 100)
    if not isinstance(lines, int) or lines < 0:
        raise bad_request(f"tail is not a number of lines: {lines}")
    text = emulator.of(request).logs.tail(deployment, container, lines)
    return JSONResponse({"content": text})


def _find(request: Request) -> Resource | None:
    name = request.path_params["deployment"]
    endpoint = endpoints.require(request)
    return emulator.of(request).store.find(f"{endpoint.id}/deployments/{name}")


def require(request: Request) -> Resource:
    """The deployment in the request's path; raises ArmError (404)."""
    deployment = _find(request)
    if deployment is None:
        place = arm.workspace(request)
        kind = (
            f"workspaces/{place.name}/onlineEndpoints/{endpoints.require(request).name}/deployments"
        )
        raise not_found(kind, request.path_params["deployment"], place.group)
    return deployment


def _require_ready(request: Request, endpoint: Resource, deployment: Resource | None) -> None:
    """Raises ArmError unless this deployment may be put on this endpoint now."""
    state = endpoint.properties["provisioningState"]
    if state != "Succeeded":
        raise conflict(
            f"Cannot create a deployment in endpoint {endpoint.name} "
            f"because it is in {state} provisioning state."
        )
    emulator.of(request).operations.require_free(endpoint)
    known = deployment.properties["provisioningState"] if deployment else ""
    if deployment and known in ("Failed", "Canceled"):
        raise bad_request(
            f"Deployment {deployment.name} is in {known} provisioning state and cannot be updated. "
            "Delete it and create it again."
        )


def _wanted(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """A deployment's body from a PUT's; raises ArmError if it cannot be deployed."""
    parts = emulator.of(request)
    properties = given.get("properties")
    if not given.get("location") or not isinstance(properties, dict):
        raise bad_request("A deployment needs location and properties.")
    if properties.get("endpointComputeType") != "Managed":
        raise bad_request("Only the endpointComputeType Managed is served here.")
    sku = given.get("sku") or {}
    limits = _REQUESTS | (properties.get("requestSettings") or {})
    for name in ("requestTimeout", "maxQueueWait"):
        arm.seconds(limits[name])
    wanted = {
        "location": parts.settings.location,
        "kind": None,
        "tags": given.get("tags") or {},
        "sku": {"name": "Default", "tier": "Standard", "capacity": sku.get("capacity") or 1},
        "properties": {
            "endpointComputeType": "Managed",
            "description": properties.get("description"),
            "scaleSettings": properties.get("scaleSettings") or {"scaleType": "Default"},
            "requestSettings": limits,
            "livenessProbe": _PROBE | (properties.get("livenessProbe") or {}),
            "readinessProbe": _PROBE | (properties.get("readinessProbe") or {}),
            "environmentVariables": properties.get("environmentVariables") or {},
            "appInsightsEnabled": bool(properties.get("appInsightsEnabled")),
            "egressPublicNetworkAccess": "Enabled",
            "model": _require_model(request, properties.get("model")).id,
            "properties": properties.get("properties") or {},
            "instanceType": properties.get("instanceType") or "",
        },
    }
    _require_room(request, wanted)
    return wanted


def _require_room(request: Request, wanted: dict[str, Any]) -> None:
    """Raises ArmError if a limit or the quota is reached."""
    parts = emulator.of(request)
    subscription = request.path_params["subscription"]
    deployment = _find(request)
    others = [
        held for held in parts.store.of_kind("deployment", subscription) if held is not deployment
    ]
    quota.require(parts.settings, subscription, others, wanted)
    if deployment is None and len(others) >= parts.settings.deployments:
        problem = f"The limit of {parts.settings.deployments} deployments is reached."
        raise invalid(_OPERATION, "DeploymentCount", problem)


def _require_model(request: Request, reference: object) -> Resource:
    """The version that a deployment names; raises ArmError if it cannot be served."""
    text = str(reference or "")
    if not _MODEL_ID.fullmatch(text):
        raise invalid(_OPERATION, "Model", f"The model is not the id of a model version: {text}")
    model = emulator.of(request).store.find(text)
    if model is None:
        raise invalid(_OPERATION, "Model", f"The model does not exist: {text}")
    if model.properties["modelType"] != flavors.MLFLOW:
        problem = "Without environment and scoring script only an mlflow_model can be deployed."
        raise invalid(_OPERATION, "Model", problem)
    return model


def _new(request: Request, endpoint: Resource, body: dict[str, Any]) -> Resource:
    parts, name = emulator.of(request), request.path_params["deployment"]
    if not endpoints.valid_name(name):
        problem = f"The deployment name {name} is not valid: {endpoints.RULE}."
        raise invalid(_OPERATION, "Name", problem)
    limit = parts.settings.deployments_per_endpoint
    if len(parts.store.children(endpoint.id, "deployment")) >= limit:
        problem = f"The limit of {limit} deployments in an endpoint is reached."
        raise invalid(_OPERATION, "DeploymentCount", problem)
    return Resource(
        id=f"{endpoint.id}/deployments/{name}",
        kind="deployment",
        parent=endpoint.id,
        name=name,
        body=body | {"systemData": arm.created()},
    )


def _document(deployment: Resource, request: Request) -> dict[str, Any]:
    shown = arm.document(deployment, KIND)
    own = deployment.properties["properties"] | endpoints.operation_uri(deployment, request)
    return shown | {"properties": deployment.properties | {"properties": own}}


def _changed(request: Request, deployment: Resource, operation: Operation, code: int) -> Response:
    location = emulator.of(request).settings.location
    headers = operations.headers(operation, request, location)
    return JSONResponse(_document(deployment, request), code, headers)
