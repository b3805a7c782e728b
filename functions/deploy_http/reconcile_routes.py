"""Reconciliations: begun, watched, read, and approved by operators."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from functions.deploy_http import addresses, reconcile_answers as answers
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.caching import (
    JSON,
    Accept,
    ShownAs,
    answer_text_unless_seen,
    answer_unless_seen,
    is_for_people,
)
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import accepted, cached, errors, readable
from shared.domain import ids
from shared.domain.reconcile.report import render_report
from shared.domain.reconcile.requests import ApplyRequest, ReconcileRequest
from shared.domain.reconcile.runs import ItemState, is_over
from shared.service.reconcile import begin, read

router = APIRouter(tags=["operators"], route_class=JsonRoute)
_LOOK_AGAIN = "5"  # seconds


@router.post("/reconcile", status_code=202, responses=accepted(400, 409, 413, 415))
def reconcile(
    caller: SignedIn,
    request: Request,
    response: Response,
    wanted: Annotated[ReconcileRequest, Body()],
) -> answers.RunAnswer:
    """Compares records and cloud, and repairs what it may. Watch it at `Location`. For operators."""
    asked = begin.Wanted(dry_run=wanted.dry_run, days=wanted.days, areas=wanted.kinds)
    run = begin.begin_run(caller.ports, caller.mint, caller.policy, caller.principal, asked)
    addresses.point_to_monitor(request, response, f"/reconcile/runs/{run.id}", _LOOK_AGAIN)
    return answers.render_run(run)


@router.get("/reconcile/runs", responses=errors())
def list_runs(
    caller: SignedIn,
    request: Request,
    response: Response,
    limit: addresses.Limit = 20,
    page: addresses.Page = "",
) -> answers.RunList:
    """All runs, the last one first. For operators."""
    after = addresses.parse_page(page, ids.parse_id)
    runs, last = read.list_runs(caller.ports, caller.principal, limit=limit, after=after)
    token = addresses.render_page(last)
    addresses.point_to_next(request, response, token)
    return answers.RunList(runs=[answers.render_run(each) for each in runs], next_page=token)


@router.get("/reconcile/runs/{run_id}", response_model=answers.RunAnswer, responses=readable(404))
def get_run(
    caller: SignedIn,
    request: Request,
    run_id: str,
    shown_as: ShownAs = "",
    accept: Accept = JSON,
) -> Response:
    """A run: what it found, what was repaired, what it costs. As text: the whole report. For operators."""
    run = read.require_run(caller.ports, caller.principal, run_id)
    if is_for_people(shown_as, accept):
        items = read.list_findings(caller.ports, caller.principal, run_id, limit=read.MOST)[0]
        response = answer_text_unless_seen(request, render_report(run, items))
    else:
        response = answer_unless_seen(request, answers.render_run(run))
    if not is_over(run):
        response.headers["Retry-After"] = _LOOK_AGAIN
    response.headers["Vary"] = "Accept"
    return response


@router.get(
    "/reconcile/runs/{run_id}/findings", response_model=answers.FindingList, responses=cached(404)
)
def list_findings(
    caller: SignedIn,
    request: Request,
    run_id: str,
    state: Annotated[ItemState | None, Query(description="Only these.")] = None,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
) -> Response:
    """What a run found, with the decision about each and what became of it: its plan. For operators."""
    after = addresses.parse_page(page, read.parse_number)
    items, last = read.list_findings(
        caller.ports, caller.principal, run_id, state=state, limit=limit, after=int(after or 0)
    )
    token = addresses.render_page(last)
    shown = [answers.render_finding(each) for each in items]
    response = answer_unless_seen(request, answers.FindingList(findings=shown, next_page=token))
    addresses.point_to_next(request, response, token)
    return response


@router.post(
    "/reconcile/runs/{run_id}/apply",
    status_code=202,
    responses=accepted(400, 404, 409, 413, 415),
)
def apply_run(
    caller: SignedIn,
    request: Request,
    response: Response,
    run_id: str,
    wanted: Annotated[ApplyRequest, Body()],
) -> answers.RunAnswer:
    """Lets a run go on that waits for an approval; each thing is read again before it goes. For operators."""
    run = begin.approve_run(caller.ports, caller.principal, run_id, wanted.expected_deletes)
    addresses.point_to_monitor(request, response, f"/reconcile/runs/{run.id}", _LOOK_AGAIN)
    return answers.render_run(run)
