"""Deployments: accept, list, watch, try again, delete."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from functions.deploy_http import addresses, answers, figures_rendering, rendering
from functions.deploy_http.bodies import JsonRoute, require_no_body
from functions.deploy_http.caching import IfMatch, answer_unless_seen, row_meant
from functions.deploy_http.figures_answers import StatsAnswer
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import Caller, SignedIn
from functions.deploy_http.openapi import accepted, cached, errors
from shared.domain import ids, plans
from shared.domain.prices import cost_of
from shared.domain.records import Status
from shared.domain.requests import DeployRequest
from shared.service import figures, read, remove, retry, submit
from shared.service.keyed import Accepted

router = APIRouter(tags=["deployments"], route_class=JsonRoute)
_LOOK_AGAIN = "2"  # seconds
_NOW = {
    Status.DEPLOYING: "Accepted. Follow it with GET /deployments/{}.",
    Status.ACTIVE: "Accepted before, and active by now. GET /deployments/{} says how to call it.",
    Status.FAILED: "Accepted before, and failed by now. GET /deployments/{} says why.",
    Status.DELETED: "Accepted before, and deleted since. GET /deployments/{} says what is left of it.",
}
"""What an accepted request is told; but for the first, it is one sent again under its key."""


@router.post(
    "/deployments",
    name="create_deployment",
    status_code=202,
    responses=accepted(400, 404, 409, 413, 415, 429, once=True),
)
@router.post(
    "/deployments/deploy",
    status_code=202,
    responses=accepted(400, 404, 409, 413, 415, 429, once=True),
)
def deploy(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    wanted: Annotated[DeployRequest, Body()],
) -> answers.Accepted:
    """Accepts a deployment. Watch it at the address in `Location`."""
    accepted = submit.accept_deploy(
        caller.ports, caller.mint, caller.policy, caller.principal, wanted, key=key
    )
    return _answer(caller, request, response, accepted)


@router.get("/deployments", response_model=answers.DeploymentList, responses=cached())
@router.get(
    "/deployments/list",
    name="list_all_deployments",
    response_model=answers.DeploymentList,
    responses=cached(),
)
def list_deployments(
    caller: SignedIn,
    request: Request,
    status: Annotated[Status | None, Query(description="Only these.")] = None,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
) -> Response:
    """Your deployments, newest first; deleted ones only where `status` asks for them."""
    after = addresses.parse_page(page, ids.parse_id)
    found = read.list_deployments(caller.ports, caller.principal, status, limit=limit, after=after)
    token = addresses.render_page(found.last)
    rows = rendering.render_deployments(found, caller.policy.prices)
    shown = answers.DeploymentList(deployments=rows, total=found.total, next_page=token)
    response = answer_unless_seen(request, shown)
    addresses.point_to_next(request, response, token)
    return response


@router.get("/deployments/stats", response_model=StatsAnswer, responses=cached())
def count_deployments(caller: SignedIn, request: Request) -> Response:
    """How many deployments you have, by status; deleted ones are left out."""
    found = figures.count(caller.ports, caller.policy, caller.principal)
    return answer_unless_seen(request, figures_rendering.render_stats(found))


@router.get(
    "/deployments/{deployment_id}", response_model=answers.DeploymentStatus, responses=cached(404)
)
def get_deployment(caller: SignedIn, request: Request, deployment_id: str) -> Response:
    """One of your deployments: how far it is, why it waits, and how to call it once it is live."""
    view = read.require_view(caller.ports, caller.principal, deployment_id)
    response = answer_unless_seen(request, rendering.render_view(view, caller.policy.prices))
    if not plans.is_finished(view.record):
        response.headers["Retry-After"] = _LOOK_AGAIN
    return response


@router.get(
    "/deployments/{deployment_id}/events", response_model=answers.EventList, responses=cached(404)
)
def list_events(caller: SignedIn, request: Request, deployment_id: str) -> Response:
    """What happened to one of your deployments, in order."""
    found = read.list_events(caller.ports, caller.principal, deployment_id)
    shown = [rendering.render_event(event) for event in found]
    return answer_unless_seen(request, answers.EventList(events=shown))


@router.get("/deployments/{deployment_id}/logs", responses=errors(404, 502))
def read_logs(
    caller: SignedIn, deployment_id: str, lines: Annotated[int, Query(ge=1, le=5000)] = 200
) -> answers.LogAnswer:
    """The last lines of the serving container, live, or as saved when the deployment failed."""
    return answers.LogAnswer(
        log=read.read_logs(caller.ports, caller.principal, deployment_id, lines)
    )


@router.post(
    "/deployments/{deployment_id}/retry",
    name="retry_deployment",
    status_code=202,
    dependencies=[Depends(require_no_body)],
    responses=accepted(400, 404, 409, 412, 429, once=True, body=False),
)
def accept_retry(
    caller: SignedIn,
    request: Request,
    response: Response,
    deployment_id: str,
    key: IdempotencyKey,
    if_match: IfMatch = "",
) -> answers.Accepted:
    """Tries a failed deployment again: the same id, the same settings, the same registered model."""
    accepted = retry.accept_retry(
        caller.ports,
        caller.policy,
        caller.principal,
        deployment_id,
        key=key,
        if_match=_row_meant(caller, deployment_id, if_match),
    )
    return _answer(caller, request, response, accepted)


@router.post(
    "/deployments/{deployment_id}/redeploy",
    name="redeploy_deployment",
    status_code=202,
    dependencies=[Depends(require_no_body)],
    responses=accepted(400, 404, 409, 429, once=True, body=False),
)
def accept_redeploy(
    caller: SignedIn,
    request: Request,
    response: Response,
    deployment_id: str,
    key: IdempotencyKey,
) -> answers.Accepted:
    """Makes a new deployment with the settings of one that has failed or was deleted."""
    accepted = retry.accept_redeploy(
        caller.ports, caller.mint, caller.policy, caller.principal, deployment_id, key=key
    )
    return _answer(caller, request, response, accepted)


@router.delete(
    "/deployments/{deployment_id}",
    name="delete_deployment",
    status_code=202,
    responses=accepted(404, 409, 412),
)
def delete(
    caller: SignedIn,
    request: Request,
    response: Response,
    deployment_id: str,
    traffic_to: Annotated[
        str, Query(max_length=32, description="The deployment that takes over its traffic.")
    ] = "",
    if_match: IfMatch = "",
) -> answers.Message:
    """Deletes a deployment: off the lists at once, then torn down in the cloud and confirmed.

    The condition `TornDown` of the deployment tells when nothing of it is left to pay for.
    """
    removed = remove.accept_delete(
        caller.ports,
        caller.policy,
        caller.principal,
        deployment_id,
        traffic_to=traffic_to,
        if_match=_row_meant(caller, deployment_id, if_match),
    )
    _point_to(request, response, removed.id)
    return answers.Message(message="Deployment deleted successfully")


def _row_meant(caller: SignedIn, deployment_id: str, if_match: str) -> str:
    if not if_match:
        return ""
    view = read.require_view(caller.ports, caller.principal, deployment_id)
    return row_meant(if_match, rendering.render_view(view, caller.policy.prices), view.etag)


def _answer(
    caller: Caller, request: Request, response: Response, accepted: Accepted
) -> answers.Accepted:
    record = accepted.record
    mark_replay(response, replayed=accepted.replayed)
    _point_to(request, response, record.id)
    return answers.Accepted(
        deployment_id=record.id,
        status=record.status,
        message=_NOW[record.status].format(record.id),
        endpoint_name=record.endpoint_name,
        **figures_rendering.render_cost(cost_of(record, caller.policy.prices)),
    )


def _point_to(request: Request, response: Response, deployment_id: str) -> None:
    addresses.point_to_monitor(request, response, f"/deployments/{deployment_id}", _LOOK_AGAIN)
