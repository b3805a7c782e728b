"""Records as the answers of the API."""

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from functions.deploy_http import answers, catalogue_answers
from functions.deploy_http.figures_rendering import render_cost
from shared.domain import endpoints, failures, phases, plans
from shared.domain.bookkeeping import Request
from shared.domain.inspection_json import parse_inspection
from shared.domain.prices import PriceList, cost_of
from shared.domain.reconcile.marks import Mark, is_shown
from shared.domain.records import Deployment, Endpoint, Event, Failure, Grant, Model, Status
from shared.domain.scoring import sample_call, sample_payload
from shared.domain.troubles import Standing, explain_standing
from shared.service.pages import Page
from shared.service.read import EndpointView, View

_SHORT = 200


def render_model(
    model: Model, content_present: bool | None, registry_verified: bool | None
) -> catalogue_answers.ModelAnswer:
    """A catalogue entry as the API shows it."""
    return catalogue_answers.ModelAnswer(
        id=model.id,
        model_name=model.model_name,
        algorithm=model.algorithm,
        description=model.description,
        filename=model.filename,
        size=model.size,
        digest=model.content_digest,
        content_present=content_present,
        registry_verified=registry_verified,
        verdict=str(model.inspection.get("verdict", "")),
        allowed_by=render_grant(model.grant),
        inspection=dict(model.inspection),
        license=model.license,
        metrics=dict(model.metrics),
        evaluation=dict(model.evaluation),
        created_at=model.created_at,
    )


def render_grant(grant: Grant | None) -> catalogue_answers.GrantAnswer | None:
    """The exception that let something in."""
    if grant is None:
        return None
    return catalogue_answers.GrantAnswer(
        exception=grant.number, operator=grant.operator, reason=grant.reason, at=grant.at
    )


def render_deployments(
    found: Page[Deployment], prices: PriceList
) -> list[answers.DeploymentAnswer]:
    """Deployments as lists show them."""
    marks = defaultdict(list)
    for mark in found.marks:
        marks[mark.thing_id].append(mark)
    return [
        answers.DeploymentAnswer(**_fields(record, marks[record.id], prices))
        for record in found.items
    ]


def render_view(view: View, prices: PriceList) -> answers.DeploymentStatus:
    """A deployment as its own page shows it."""
    record, endpoint, model = view.record, view.endpoint, view.model
    traffic = endpoint.traffic.get(record.deployment_name, 0) if endpoint else 0
    call = None
    if record.status is Status.ACTIVE:
        payload = sample_payload(parse_inspection(model.inspection)) if model else None
        call = sample_call(
            record.scoring_uri, record.deployment_name, payload, has_traffic=traffic > 0
        )
    fields = _fields(record, view.marks, prices)
    return answers.DeploymentStatus(**fields, traffic=traffic, sample_call=call)


def render_event(event: Event) -> answers.EventAnswer:
    """An event as the API shows it."""
    return answers.EventAnswer(
        number=event.number, at=event.at, name=event.name, step=event.step, text=event.text
    )


def render_endpoint(view: EndpointView) -> answers.EndpointAnswer:
    """An endpoint as its own page shows it."""
    record, found, by = view.record, view.found, view.changed_by
    return answers.EndpointAnswer(
        name=record.name,
        created_at=record.created_at,
        deployments=[member.deployment_name for member in record.members],
        traffic=dict(endpoints.coming_traffic(record)),
        routed=dict(found.traffic) if found else None,
        changing=by is not None or record.wanted is not None,
        changed_by=by.deployment_name if by else None,
        waiting=str(explain_standing(by)) or None if by else None,
        in_line=len(record.waiting),
        trouble=_failure(failures.with_traffic_command(record)),
        state=found.state if found else None,
        scoring_uri=found.scoring_uri if found else None,
        swagger_uri=found.swagger_uri if found else None,
    )


def render_traffic(endpoint: Endpoint) -> answers.TrafficAnswer:
    """A change of traffic as it was accepted."""
    return answers.TrafficAnswer(
        name=endpoint.name,
        traffic=dict(endpoints.coming_traffic(endpoint)),
        message=f"Accepted. Follow it with GET /endpoints/{endpoint.name}.",
    )


def render_request(request: Request) -> answers.RequestAnswer:
    """A keyed request as the API shows it."""
    return answers.RequestAnswer(
        state="refused" if request.problem else "accepted",
        deployment_id=request.deployment_id or None,
        problem=dict(request.problem) or None,
        at=request.at,
    )


def _fields(record: Deployment, marks: Sequence[Mark], prices: PriceList) -> Mapping[str, Any]:
    work, standing = record.work, explain_standing(record)
    return {
        "id": record.id,
        "user_id": record.user_id,
        "model_id": record.model_id,
        "is_active": record.status is Status.ACTIVE,
        "model_deleted": record.model_deleted,
        "allowed_by": render_grant(record.grant),
        "trained_models": answers.TrainedModel(
            model_name=record.model_name, algorithm=record.algorithm
        ),
        "deployment_name": record.deployment_name,
        "endpoint_name": record.endpoint_name,
        "azure_model_name": record.azure_model_name,
        "azure_model_version": record.azure_model_version or None,
        "scoring_uri": record.scoring_uri or None,
        "swagger_uri": record.swagger_uri or None,
        "instance_type": record.instance_type,
        "instance_count": record.instance_count,
        **render_cost(cost_of(record, prices)),
        "status": record.status,
        "error_message": record.failure.cause if record.failure else None,
        "failure": _failure(failures.with_command(record)),
        "description": record.description,
        "deployment_config": dict(record.deployment_config),
        "created_at": record.created_at,
        "deployed_at": record.deployed_at,
        "deleted_at": record.deleted_at,
        "step": work.step,
        "waiting": standing.waiting or None,
        "trouble": standing.trouble or None,
        "attempts": work.attempts,
        "timeline": [
            answers.Phase(phase=name, title=title, at=record.phases.get(name))
            for name, title in phases.PHASES.items()
        ],
        "conditions": _conditions(record, standing, marks),
    }


def _failure(failure: Failure | None) -> answers.FailureAnswer | None:
    if failure is None:
        return None
    return answers.FailureAnswer(
        code=failure.code,
        cause=failure.cause,
        whose_turn=failure.whose_turn,
        next=failure.next,
        cloud=failure.cloud,
    )


def _conditions(
    record: Deployment, standing: Standing, marks: Sequence[Mark]
) -> list[answers.Condition]:
    conditions = [_condition("Ready", record.status is Status.ACTIVE, _why_not_ready(record))]
    if record.status in (Status.DELETED, Status.FAILED):
        gone = record.torn_down_at is not None
        conditions.append(_condition("TornDown", gone, "" if gone else str(standing)))
    if not plans.is_finished(record):
        conditions.append(_condition("Working", True, standing.waiting))
    if drifted := [each.text for each in marks if is_shown(each, record)]:
        conditions.append(_condition("Drifted", True, " ".join(drifted)))
    return conditions


def _why_not_ready(record: Deployment) -> str:
    if record.status is Status.DELETED:
        return "It was deleted."
    cause = record.failure.cause if record.failure else ""
    return textwrap.shorten(cause, _SHORT, placeholder=" ...")


def _condition(
    kind: Literal["Ready", "TornDown", "Working", "Drifted"],
    holds: bool,
    message: str = "",
) -> answers.Condition:
    return answers.Condition(type=kind, status="True" if holds else "False", message=message)
