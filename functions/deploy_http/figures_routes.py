"""Counts and costs: what there is, and what deployments cost, before there are any."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from functions.deploy_http import figures_answers as answers, figures_rendering
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.caching import answer_unless_seen
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import cached
from shared.domain.names import MOST_INSTANCES
from shared.domain.requests import InstanceType
from shared.service import figures

router = APIRouter(tags=["figures"], route_class=JsonRoute)


@router.get("/stats", response_model=answers.FiguresAnswer, responses=cached())
def show_stats(caller: SignedIn, request: Request) -> Response:
    """How many models and deployments you have, and what those cost a month: the same figures wherever they are shown.

    A model that somebody removed from the registry by hand is counted until a deployment of it or the nightly run finds out.
    """
    found = figures.count(caller.ports, caller.policy, caller.principal)
    return answer_unless_seen(request, figures_rendering.render_figures(found))


@router.get("/prices", response_model=answers.PricesAnswer, responses=cached())
def show_prices(
    caller: SignedIn,
    request: Request,
    instance_type: Annotated[
        InstanceType | None,
        Query(description="One size; left out: each whose price is known."),
    ] = None,
    instance_count: Annotated[int, Query(ge=1, le=MOST_INSTANCES)] = 1,
) -> Response:
    """What a deployment would cost a month, by size and number of instances."""
    known = caller.policy.prices
    shown = figures_rendering.render_prices(known, instance_type, instance_count)
    return answer_unless_seen(request, shown)
