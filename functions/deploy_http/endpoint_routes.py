"""Endpoints, their traffic and keys, and what became of requests from the queue."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from functions.deploy_http import addresses, answers, rendering
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.caching import IfMatch, answer_unless_seen, row_meant
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import accepted, cached, errors
from shared.domain.requests import RotateRequest, TrafficRequest
from shared.service import keys, read, route
from shared.service.queues import produce

router = APIRouter(route_class=JsonRoute)
_LOOK_AGAIN = "5"  # seconds


@router.get(
    "/endpoints/{name}",
    tags=["endpoints"],
    response_model=answers.EndpointAnswer,
    responses=cached(404, 502),
)
def get_endpoint(caller: SignedIn, request: Request, name: str) -> Response:
    """One of your endpoints: its deployments, their traffic, what changes it, and what Azure shows."""
    view = read.require_endpoint_view(caller.ports, caller.principal, name)
    shown = rendering.render_endpoint(view)
    response = answer_unless_seen(request, shown)
    if shown.changing:
        response.headers["Retry-After"] = _LOOK_AGAIN
    return response


@router.put(
    "/endpoints/{name}/traffic",
    tags=["endpoints"],
    status_code=202,
    responses=accepted(400, 404, 409, 412, 413, 415, 502),
)
def set_traffic(
    caller: SignedIn,
    request: Request,
    response: Response,
    name: str,
    wanted: Annotated[TrafficRequest, Body()],
    if_match: IfMatch = "",
) -> answers.TrafficAnswer:
    """Sets the traffic of all deployments of an endpoint at once. Watch it at `Location`."""
    endpoint = route.accept_traffic(
        caller.ports,
        caller.policy,
        caller.principal,
        name,
        wanted.traffic,
        if_match=_row_meant(caller, name, if_match),
    )
    _point_to(request, response, f"/endpoints/{endpoint.name}")
    return rendering.render_traffic(endpoint)


@router.get("/endpoints/{name}/keys", tags=["endpoints"], responses=errors(404, 502))
def read_keys(caller: SignedIn, response: Response, name: str) -> answers.KeysAnswer:
    """The keys of one of your endpoints, read from Azure now."""
    found = keys.read_keys(caller.ports, caller.principal, name)
    response.headers["Cache-Control"] = "no-store"
    return answers.KeysAnswer(primary_key=found.primary, secondary_key=found.secondary)


@router.post(
    "/endpoints/{name}/keys/rotate",
    tags=["endpoints"],
    status_code=202,
    responses=accepted(400, 404, 409, 413, 415, 502),
)
def rotate_key(
    caller: SignedIn,
    request: Request,
    response: Response,
    name: str,
    wanted: Annotated[RotateRequest, Body()],
) -> answers.Message:
    """Replaces one key of an endpoint; the other goes on. `GET /endpoints/{name}/keys` shows the new one.

    It does so when Azure is done; where the key is still the old one after some minutes, Azure has failed.
    409 `rotation_unclear`: look there, too, before you send the request again.
    """
    keys.rotate_key(caller.ports, caller.principal, name, wanted.key)
    shown = f"/endpoints/{name}/keys"
    _point_to(request, response, shown)
    return answers.Message(
        message=f"Azure is replacing the {wanted.key} key. GET {shown} shows the new one when it is done."
    )


@router.get("/requests", tags=["requests"], responses=errors(404))
def get_request(
    caller: SignedIn,
    source: Annotated[str, Query(min_length=1, max_length=512)],
    id: Annotated[str, Query(min_length=1, max_length=256)],  # noqa: A002 - CloudEvents' name
) -> answers.RequestAnswer:
    """What became of the deploy request that a producer put on the queue."""
    request = produce.require_request(caller.ports, caller.principal, source, id)
    return rendering.render_request(request)


def _row_meant(caller: SignedIn, name: str, if_match: str) -> str:
    if not if_match:
        return ""
    view = read.require_endpoint_view(caller.ports, caller.principal, name)
    return row_meant(if_match, rendering.render_endpoint(view), view.etag)


def _point_to(request: Request, response: Response, path: str) -> None:
    addresses.point_to_monitor(request, response, path, _LOOK_AGAIN)
