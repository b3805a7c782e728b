"""What the API answers, as models: they are the OpenAPI, and they render the records."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from shared.domain import phases, plans
from shared.domain.inspection import parse_inspection
from shared.domain.records import Deployment, Endpoint, Event, Failure, Model, Request, Status
from shared.domain.scoring import sample_call, sample_payload
from shared.ports import CloudEndpoint
from shared.service.read import Stats


class ModelAnswer(BaseModel):
    """A model of the catalogue."""

    id: str
    model_name: str
    algorithm: str
    description: str
    filename: str
    size: int = Field(description="Bytes.")
    digest: str = Field(description="sha256 of the file.")
    verdict: str
    inspection: dict[str, Any] = Field(description="What the file says of itself, read, not run.")
    metrics: dict[str, float]
    evaluation: dict[str, Any]
    created_at: datetime


class ModelList(BaseModel):
    """Models, newest first."""

    models: list[ModelAnswer]
    total: int


class Accepted(BaseModel):
    """A deployment that was accepted and is on its way."""

    deployment_id: str
    status: Status
    message: str
    endpoint_name: str


class Phase(BaseModel):
    """One of the seven phases; `at` is null until it is reached."""

    phase: str
    title: str
    at: datetime | None


class Condition(BaseModel):
    """Something that is true, false or not known yet of a deployment."""

    type: str
    status: str
    message: str = ""


class TrainedModel(BaseModel):
    """The model a deployment serves."""

    model_name: str
    algorithm: str


class DeploymentAnswer(BaseModel):
    """A deployment, and how far it is."""

    id: str
    user_id: str
    model_id: str
    trained_models: TrainedModel
    deployment_name: str
    endpoint_name: str
    azure_model_name: str
    azure_model_version: str | None
    scoring_uri: str | None
    swagger_uri: str | None
    instance_type: str
    instance_count: int
    status: Status
    error_message: str | None
    failure: Failure | None
    description: str
    deployment_config: dict[str, Any]
    created_at: datetime
    deployed_at: datetime | None
    deleted_at: datetime | None
    step: str | None
    waiting: str | None = Field(description="What it waits for, in a sentence.")
    trouble: str | None = Field(description="What went wrong last, while it is tried again.")
    attempts: int
    timeline: list[Phase]
    conditions: list[Condition]


class DeploymentStatus(DeploymentAnswer):
    """A deployment with what is live of it."""

    traffic: int = Field(description="Its share of the endpoint's traffic, in percent.")
    sample_call: str | None = Field(description="Ready to paste once it is active.")


class DeploymentList(BaseModel):
    """Deployments, newest first; `total` counts those listed."""

    deployments: list[DeploymentAnswer]
    total: int


class StatsAnswer(BaseModel):
    """Counts; deleted deployments are left out."""

    total_deployments: int
    active_deployments: int
    deploying_count: int
    failed_deployments: int
    last_deployment_date: datetime | None


class EventAnswer(BaseModel):
    """Something that happened."""

    number: int
    at: datetime
    name: str
    step: str | None
    text: str


class EventList(BaseModel):
    """What happened to a deployment, in order."""

    events: list[EventAnswer]


class Message(BaseModel):
    """A plain answer."""

    message: str


class EndpointAnswer(BaseModel):
    """An endpoint: its members, the traffic they should have, and what the cloud shows."""

    name: str
    created_at: datetime
    deployments: list[str]
    traffic: dict[str, int]
    state: str | None = Field(description="As Azure has it; null where it is not there.")
    scoring_uri: str | None
    swagger_uri: str | None


class KeysAnswer(BaseModel):
    """The keys of an endpoint. They are read from Azure now and kept nowhere else."""

    primary_key: str
    secondary_key: str


class LogAnswer(BaseModel):
    """The last lines of a serving container."""

    log: str


class RequestAnswer(BaseModel):
    """What became of a keyed request."""

    state: str = Field(description="`accepted` or `refused`.")
    deployment_id: str | None
    problem: dict[str, Any] | None
    at: datetime


class Health(BaseModel):
    """The API answers."""

    status: str
    version: str


def render_model(model: Model) -> ModelAnswer:
    """A catalogue entry as the API shows it."""
    return ModelAnswer(
        id=model.id,
        model_name=model.model_name,
        algorithm=model.algorithm,
        description=model.description,
        filename=model.filename,
        size=model.size,
        digest=model.content_digest,
        verdict=str(model.inspection.get("verdict", "")),
        inspection=dict(model.inspection),
        metrics=dict(model.metrics),
        evaluation=dict(model.evaluation),
        created_at=model.created_at,
    )


def render_deployment(record: Deployment) -> DeploymentAnswer:
    """A deployment as lists show it."""
    return DeploymentAnswer(**_fields(record))


def render_status(
    record: Deployment, endpoint: Endpoint | None, model: Model | None
) -> DeploymentStatus:
    """A deployment as its own page shows it."""
    traffic = endpoint.traffic.get(record.deployment_name, 0) if endpoint else 0
    call = None
    if record.status is Status.ACTIVE:
        payload = sample_payload(parse_inspection(model.inspection)) if model else None
        call = sample_call(
            record.scoring_uri, record.deployment_name, payload, has_traffic=traffic > 0
        )
    return DeploymentStatus(**_fields(record), traffic=traffic, sample_call=call)


def render_stats(stats: Stats) -> StatsAnswer:
    """Counts as the API shows them."""
    return StatsAnswer(
        total_deployments=stats.total,
        active_deployments=stats.by_status[Status.ACTIVE],
        deploying_count=stats.by_status[Status.DEPLOYING],
        failed_deployments=stats.by_status[Status.FAILED],
        last_deployment_date=stats.last_created_at,  # type: ignore[arg-type]  # parsed here
    )


def render_event(event: Event) -> EventAnswer:
    """An event as the API shows it."""
    return EventAnswer(
        number=event.number, at=event.at, name=event.name, step=event.step, text=event.text
    )


def render_endpoint(endpoint: Endpoint, found: CloudEndpoint | None) -> EndpointAnswer:
    """An endpoint as the API shows it."""
    return EndpointAnswer(
        name=endpoint.name,
        created_at=endpoint.created_at,
        deployments=[member.deployment_name for member in endpoint.members],
        traffic=dict(endpoint.traffic),
        state=found.state if found else None,
        scoring_uri=found.scoring_uri if found else None,
        swagger_uri=found.swagger_uri if found else None,
    )


def render_request(request: Request) -> RequestAnswer:
    """A keyed request as the API shows it."""
    return RequestAnswer(
        state="refused" if request.problem else "accepted",
        deployment_id=request.deployment_id or None,
        problem=dict(request.problem) or None,
        at=request.at,
    )


def _fields(record: Deployment) -> Mapping[str, Any]:
    work = record.work
    return {
        "id": record.id,
        "user_id": record.user_id,
        "model_id": record.model_id,
        "trained_models": TrainedModel(model_name=record.model_name, algorithm=record.algorithm),
        "deployment_name": record.deployment_name,
        "endpoint_name": record.endpoint_name,
        "azure_model_name": record.azure_model_name,
        "azure_model_version": record.azure_model_version or None,
        "scoring_uri": record.scoring_uri or None,
        "swagger_uri": record.swagger_uri or None,
        "instance_type": record.instance_type,
        "instance_count": record.instance_count,
        "status": record.status,
        "error_message": record.failure.cause if record.failure else None,
        "failure": record.failure,
        "description": record.description,
        "deployment_config": dict(record.deployment_config),
        "created_at": record.created_at,
        "deployed_at": record.deployed_at,
        "deleted_at": record.deleted_at,
        "step": work.step,
        "waiting": work.waiting or None,
        "trouble": work.trouble or None,
        "attempts": work.attempts,
        "timeline": [
            Phase(phase=name, title=title, at=record.phases.get(name))
            for name, title in phases.PHASES.items()
        ],
        "conditions": _conditions(record),
    }


def _conditions(record: Deployment) -> list[Condition]:
    ready = record.status is Status.ACTIVE
    conditions = [Condition(type="Ready", status=str(ready))]
    if record.status in (Status.DELETED, Status.FAILED):
        gone = record.torn_down_at is not None
        message = "" if gone else record.work.trouble or record.work.waiting
        conditions.append(Condition(type="TornDown", status=str(gone), message=message))
    if not plans.is_finished(record):
        conditions.append(Condition(type="Working", status="True", message=record.work.waiting))
    return conditions
