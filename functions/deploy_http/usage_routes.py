"""How deployments were used."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.caching import answer_unless_seen
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import cached
from functions.deploy_http.usage_answers import UsageAnswer, render_usage
from shared.service import usage

router = APIRouter(tags=["deployments"], route_class=JsonRoute)


@router.get(
    "/deployments/{deployment_id}/usage",
    name="get_usage",
    response_model=UsageAnswer,
    responses=cached(404),
)
def get_usage(
    caller: SignedIn,
    request: Request,
    deployment_id: str,
    days: Annotated[
        int, Query(ge=1, le=366, description="How many days, the last of which is yesterday.")
    ] = 30,
) -> Response:
    """How one of your deployments was used on the last days: requests, errors, latency, CPU and memory.

    A UTC day is measured in the night after it.
    """
    found = usage.require_usage(caller.ports, caller.principal, deployment_id, days=days)
    return answer_unless_seen(request, render_usage(found))
