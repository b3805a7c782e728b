"""Online endpoints: create, update (traffic included), list, delete, keys and tokens.

A change begins an operation and is refused while another one runs on the endpoint or below it.
"""

import copy
import hashlib
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, emulator, keys, operations, traffic
from local.azure_ml.errors import bad_request, invalid, not_found
from local.azure_ml.state import Operation, Resource

KIND = "workspaces/onlineEndpoints"
_NAME = re.compile(r"(?=.{3,32}$)[A-Za-z](-?[A-Za-z0-9])*")
_AUTH_MODES = {"key": "Key", "amltoken": "AMLToken", "aadtoken": "AADToken"}
_SET_BY_SERVICE = {"azureml.onlineendpointid", "AzureAsyncOperationUri"}
_PRINCIPAL = "00000000-0000-0000-0000-000000000001"
_TENANT = "00000000-0000-0000-0000-000000000002"
RULE = "3 to 32 letters, digits and single dashes, a letter first, no dash last"


def routes(workspace: str) -> list[Route]:
    """The routes below a workspace's path."""
    endpoint = f"{workspace}/onlineendpoints/{{endpoint}}"
    return [
        Route(f"{workspace}/onlineendpoints", list_endpoints, methods=["GET"]),
        Route(endpoint, get_endpoint, methods=["GET"]),
        Route(endpoint, put_endpoint, methods=["PUT"]),
        Route(endpoint, delete_endpoint, methods=["DELETE"]),
        Route(f"{endpoint}/listkeys", list_keys, methods=["POST"]),
        Route(f"{endpoint}/regeneratekeys", regenerate_keys, methods=["POST"]),
        Route(f"{endpoint}/token", get_token, methods=["POST"]),
    ]


def valid_name(name: str) -> bool:
    """Whether a name of an endpoint or a deployment keeps `RULE`."""
    return _NAME.fullmatch(name) is not None


def find(request: Request) -> Resource | None:
    """The endpoint in the request's path."""
    name = request.path_params["endpoint"]
    return emulator.of(request).store.find(f"{arm.workspace(request).id}/onlineEndpoints/{name}")


def require(request: Request) -> Resource:
    """The endpoint in the request's path; raises ArmError (404)."""
    endpoint = find(request)
    if endpoint is None:
        place = arm.workspace(request)
        kind = f"workspaces/{place.name}/onlineEndpoints"
        raise not_found(kind, request.path_params["endpoint"], place.group)
    return endpoint


def operation_uri(resource: Resource, request: Request) -> dict[str, str]:
    """The property by which a resource names its last operation."""
    parts = emulator.of(request)
    operation = parts.store.operation(resource.private.get("operation", ""))
    if operation is None:
        return {}
    found = operations.headers(operation, request, parts.settings.location)
    return {"AzureAsyncOperationUri": found["Azure-AsyncOperation"]}


def fingerprint(given: dict[str, Any]) -> str:
    """Equal for requests that ask for the same."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def accepted(request: Request, operation: Operation) -> Response:
    """202 with the operation's addresses."""
    location = emulator.of(request).settings.location
    return Response(status_code=202, headers=operations.headers(operation, request, location))


async def list_endpoints(request: Request) -> Response:
    """The workspace's endpoints, in full."""
    parts = emulator.of(request)
    found = parts.store.children(arm.workspace(request).id, "endpoint")
    shown, link = arm.page(request, found, parts.settings.page_size)
    return JSONResponse(arm.listing([_document(held, request) for held in shown], link))


async def get_endpoint(request: Request) -> Response:
    """One endpoint."""
    return JSONResponse(_document(require(request), request))


async def put_endpoint(request: Request) -> Response:
    """Creates or replaces an endpoint; an equal request is answered by the running operation."""
    given = await arm.json_object(request)
    wanted, mark = _wanted(given), fingerprint(given)
    parts = emulator.of(request)
    endpoint = find(request)
    if endpoint is None:
        endpoint, kind, code = _new(request, wanted), "endpoint.create", 201
    elif operation := parts.operations.repeated(endpoint, mark):
        return _changed(request, endpoint, operation, 200)
    else:
        parts.operations.require_free(endpoint)
        deployments = parts.store.children(endpoint.id, "deployment")
        traffic.require_valid(wanted["properties"]["traffic"], [held.name for held in deployments])
        endpoint.private["wanted"] = wanted
        endpoint.properties["provisioningState"] = "Updating"
        kind, code = "endpoint.update", 200
    operation = parts.operations.begin(
        kind, endpoint, effect=emulator.effect(request), fingerprint=mark
    )
    return _changed(request, endpoint, operation, code)


async def delete_endpoint(request: Request) -> Response:
    """Begins to delete an endpoint with all its deployments."""
    endpoint = find(request)
    if endpoint is None:
        return Response(status_code=204)
    parts = emulator.of(request)
    if operation := parts.operations.repeated(endpoint, "delete"):
        return accepted(request, operation)
    parts.operations.require_free(endpoint)
    for resource in [endpoint, *parts.store.children(endpoint.id, "deployment")]:
        resource.properties["provisioningState"] = "Deleting"
        parts.store.save(resource)
    operation = parts.operations.begin(
        "endpoint.delete", endpoint, effect=emulator.effect(request), fingerprint="delete"
    )
    return accepted(request, operation)


async def list_keys(request: Request) -> Response:
    """Both keys of an endpoint with key authentication."""
    endpoint = require(request)
    if endpoint.properties["authMode"] != "Key":
        raise bad_request(f"Endpoint {endpoint.name} has no keys: it uses tokens.")
    return JSONResponse(endpoint.private["keys"])


async def regenerate_keys(request: Request) -> Response:
    """Begins to replace one key."""
    endpoint = require(request)
    given = await arm.json_object(request)
    name = keys.KEY_NAMES.get(str(given.get("keyType", "")).lower())
    if name is None:
        raise bad_request("keyType is neither Primary nor Secondary.")
    parts = emulator.of(request)
    parts.operations.require_free(endpoint)
    endpoint.private["regenerate"] = name
    operation = parts.operations.begin("endpoint.key", endpoint, effect=emulator.effect(request))
    return accepted(request, operation)


async def get_token(request: Request) -> Response:
    """A token for scoring an endpoint with token authentication."""
    endpoint = require(request)
    if endpoint.properties["authMode"] == "Key":
        raise bad_request(f"Endpoint {endpoint.name} uses keys, not tokens.")
    seconds = emulator.of(request).settings.token_seconds
    token, expires = keys.token(endpoint.private["keys"]["primaryKey"], seconds)
    return JSONResponse(
        {
            "accessToken": token,
            "expiryTimeUtc": expires,
            "refreshAfterTimeUtc": expires - seconds // 2,
            "tokenType": "Bearer",
        }
    )


def _changed(request: Request, endpoint: Resource, operation: Operation, code: int) -> Response:
    location = emulator.of(request).settings.location
    shown = _document(endpoint, request)
    wanted = endpoint.private.get("wanted")
    if wanted:
        shown |= {"tags": wanted["tags"]}
        shown["properties"] |= wanted["properties"]
    return JSONResponse(shown, code, operations.headers(operation, request, location))


def _document(endpoint: Resource, request: Request) -> dict[str, Any]:
    shown = copy.deepcopy(arm.document(endpoint, KIND))
    base = f"{arm.base_url(request)}/endpoints/{endpoint.name}"
    shown["properties"] |= {"scoringUri": f"{base}/score", "swaggerUri": f"{base}/swagger.json"}
    shown["properties"]["properties"] |= operation_uri(endpoint, request)
    return shown


def _wanted(given: dict[str, Any]) -> dict[str, Any]:
    """The part of an endpoint that its owner decides, from a PUT's body; may raise ArmError."""
    properties = given.get("properties")
    if not given.get("location") or not isinstance(properties, dict):
        raise bad_request("An endpoint needs location and properties.")
    mode = _AUTH_MODES.get(str(properties.get("authMode", "")).lower())
    if mode is None:
        raise invalid("CreateEndpoint", "AuthMode", "AuthMode is not Key, AMLToken or AADToken.")
    identity = dict(given.get("identity") or {"type": "None"})
    if "SystemAssigned" in str(identity.get("type")):
        identity |= {"principalId": _PRINCIPAL, "tenantId": _TENANT}
    own = properties.get("properties") or {}
    return {
        "tags": given.get("tags") or {},
        "identity": identity,
        "properties": {
            "authMode": mode,
            "description": properties.get("description"),
            "traffic": properties.get("traffic") or {},
            "mirrorTraffic": properties.get("mirrorTraffic") or {},
            "properties": {key: own[key] for key in own if key not in _SET_BY_SERVICE},
            "publicNetworkAccess": properties.get("publicNetworkAccess") or "Enabled",
        },
    }


def _new(request: Request, wanted: dict[str, Any]) -> Resource:
    """An endpoint in creation; raises ArmError if it cannot be."""
    place, name = arm.workspace(request), request.path_params["endpoint"]
    parts = emulator.of(request)
    if not valid_name(name):
        raise invalid("CreateEndpoint", "Name", f"The endpoint name {name} is not valid: {RULE}.")
    if any(held.name.lower() == name.lower() for held in parts.store.of_kind("endpoint", "")):
        raise invalid(
            "CreateEndpoint",
            "",
            "There is already an endpoint with this name, Endpoint name needs to be unique "
            "within a region. Try some other name.",
        )
    if len(parts.store.of_kind("endpoint", place.subscription)) >= parts.settings.endpoints:
        problem = f"The limit of {parts.settings.endpoints} endpoints is reached."
        raise invalid("CreateEndpoint", "EndpointCount", problem)
    traffic.require_valid(wanted["properties"]["traffic"], [])
    resource_id = f"{place.id}/onlineEndpoints/{name}"
    body = {"location": parts.settings.location, "kind": "Managed"} | copy.deepcopy(wanted)
    body["properties"]["properties"]["azureml.onlineendpointid"] = resource_id.lower()
    body["properties"]["provisioningState"] = "Creating"
    return Resource(
        id=resource_id,
        kind="endpoint",
        parent=place.id,
        name=name,
        body=body | {"systemData": arm.created()},
        private={"keys": {"primaryKey": keys.new(), "secondaryKey": keys.new()}},
    )
