"""Endpoints, their keys, and what became of requests from the queue."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from functions.deploy_http import answers, rendering
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.intake import JsonRoute
from functions.deploy_http.openapi import errors
from shared.service import produce, read

router = APIRouter(route_class=JsonRoute)


@router.get("/endpoints/{name}", tags=["endpoints"], responses=errors(404, 502))
def get_endpoint(caller: SignedIn, name: str) -> answers.EndpointAnswer:
    """One of your endpoints: its deployments, their traffic, and what Azure shows of it now."""
    endpoint = read.require_endpoint(caller.ports, caller.principal, name).record
    found = read.find_cloud_endpoint(caller.ports, endpoint)
    return rendering.render_endpoint(endpoint, found)


@router.get("/endpoints/{name}/keys", tags=["endpoints"], responses=errors(404, 502))
def read_keys(caller: SignedIn, response: Response, name: str) -> answers.KeysAnswer:
    """The keys of one of your endpoints, read from Azure now."""
    keys = read.read_keys(caller.ports, caller.principal, name)
    response.headers["Cache-Control"] = "no-store"
    return answers.KeysAnswer(primary_key=keys.primary, secondary_key=keys.secondary)


@router.get("/requests", tags=["requests"], responses=errors(404))
def get_request(
    caller: SignedIn,
    source: Annotated[str, Query(min_length=1, max_length=512)],
    id: Annotated[str, Query(min_length=1, max_length=256)],  # noqa: A002 - CloudEvents' name
) -> answers.RequestAnswer:
    """What became of the deploy request that a producer put on the queue."""
    request = produce.require_request(caller.ports, caller.principal, source, id)
    return rendering.render_request(request)
