"""Deployments: accept, list, watch, delete."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Query, Request, Response

from functions.deploy_http import answers
from functions.deploy_http.caching import answer_unless_seen
from functions.deploy_http.identity import SignedIn
from shared.domain import plans
from shared.domain.records import Status
from shared.domain.requests import DeployRequest
from shared.service import read, remove, store, submit

router = APIRouter(tags=["deployments"])
_LOOK_AGAIN = "2"  # seconds


@router.post("/deployments/deploy", status_code=202)
@router.post("/deployments", status_code=202)
def deploy(
    caller: SignedIn,
    request: Request,
    response: Response,
    wanted: Annotated[DeployRequest, Body()],
) -> answers.Accepted:
    """Accepts a deployment. Watch it at the address in `Location`."""
    accepted = submit.accept_deploy(
        caller.ports, caller.mint, caller.policy, caller.principal, wanted
    )
    record = accepted.record
    _point_to(request, response, record.id, accepted.etag)
    return answers.Accepted(
        deployment_id=record.id,
        status=record.status,
        message=f"Accepted. Follow it with GET /deployments/{record.id}.",
        endpoint_name=record.endpoint_name,
    )


@router.get("/deployments/list", response_model=answers.DeploymentList)
@router.get("/deployments", response_model=answers.DeploymentList)
def list_deployments(
    caller: SignedIn, request: Request, status: Annotated[Status | None, Query()] = None
) -> Response:
    """Your deployments, newest first; deleted ones only where `status` asks for them."""
    found = read.list_deployments(caller.ports, caller.principal, status)
    shown = [answers.render_deployment(record) for record in found]
    return answer_unless_seen(request, answers.DeploymentList(deployments=shown, total=len(shown)))


@router.get("/deployments/stats", response_model=answers.StatsAnswer)
def count_deployments(caller: SignedIn, request: Request) -> Response:
    """How many deployments you have, by status; deleted ones are left out."""
    stats = read.count_deployments(caller.ports, caller.principal)
    return answer_unless_seen(request, answers.render_stats(stats))


@router.get("/deployments/{deployment_id}", response_model=answers.DeploymentStatus)
def get_deployment(caller: SignedIn, request: Request, deployment_id: str) -> Response:
    """One of your deployments: how far it is, why it waits, and how to call it once it is live."""
    stored = remove.require_deployment(caller.ports, caller.principal, deployment_id)
    record = stored.record
    endpoint = store.load_endpoint(caller.ports.tables, record.user_key, record.endpoint_name)
    model = read.find_model(caller.ports, record)
    shown = answers.render_status(record, endpoint.record if endpoint else None, model)
    response = answer_unless_seen(request, shown, stored.row.etag)
    if not plans.is_finished(record):
        response.headers["Retry-After"] = _LOOK_AGAIN
    return response


@router.get("/deployments/{deployment_id}/events", response_model=answers.EventList)
def list_events(caller: SignedIn, request: Request, deployment_id: str) -> Response:
    """What happened to one of your deployments, in order."""
    stored = remove.require_deployment(caller.ports, caller.principal, deployment_id)
    found = store.list_events(caller.ports.tables, stored.record.user_key, stored.record.id)
    shown = [answers.render_event(event) for event in found]
    return answer_unless_seen(request, answers.EventList(events=shown))


@router.get("/deployments/{deployment_id}/logs")
def read_logs(
    caller: SignedIn, deployment_id: str, lines: Annotated[int, Query(ge=1, le=5000)] = 200
) -> answers.LogAnswer:
    """The last lines of the serving container, live, or as saved when the deployment failed."""
    return answers.LogAnswer(
        log=read.read_logs(caller.ports, caller.principal, deployment_id, lines)
    )


@router.delete("/deployments/{deployment_id}", status_code=202)
def delete(
    caller: SignedIn,
    request: Request,
    response: Response,
    deployment_id: str,
    traffic_to: Annotated[str, Query(max_length=32)] = "",
    if_match: Annotated[str, Header(max_length=200)] = "",
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
        if_match=if_match,
    )
    _point_to(request, response, removed.record.id, removed.etag)
    return answers.Message(message="Deployment deleted successfully")


def _point_to(request: Request, response: Response, deployment_id: str, etag: str) -> None:
    monitor = str(request.url.replace(path=f"/deployments/{deployment_id}"))
    response.headers["Location"] = monitor
    response.headers["Operation-Location"] = monitor
    response.headers["Retry-After"] = _LOOK_AGAIN
    response.headers["ETag"] = etag
