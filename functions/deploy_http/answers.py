"""What the API answers, as models: they are the OpenAPI. `rendering` fills them from the records."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from functions.deploy_http.catalogue_answers import GrantAnswer, NextPage
from functions.deploy_http.figures_answers import CostAMonth, CostNote
from shared.domain.records import Status, Turn

_ID = "20251118172903100000"
DeploymentId = Annotated[str, Field(examples=[_ID], description="20 digits: UTC to microseconds.")]


class Accepted(BaseModel):
    """A deployment that was accepted and is on its way."""

    deployment_id: DeploymentId
    status: Status
    message: str = Field(examples=[f"Accepted. Follow it with GET /deployments/{_ID}."])
    endpoint_name: str = Field(examples=[f"endpoint-{_ID}"])
    cost_a_month: CostAMonth
    cost_note: CostNote


class Phase(BaseModel):
    """One of the seven phases; `at` is null until it is reached."""

    phase: str = Field(examples=["registered"])
    title: str = Field(examples=["Model registered"])
    at: datetime | None


class Condition(BaseModel):
    """Something that is true, false or not known yet of a deployment.

    `Drifted` is there where the nightly run found that the cloud differs from the record, and says how.
    """

    type: Literal["Ready", "TornDown", "Working", "Drifted"]
    status: Literal["True", "False"]
    message: str


class TrainedModel(BaseModel):
    """The model a deployment serves."""

    model_name: str
    algorithm: str


class FailureAnswer(BaseModel):
    """Why something failed, in plain words, with the cloud's own kept beside them."""

    code: str = Field(examples=["container_failed"])
    cause: str
    whose_turn: Turn
    next: str = Field(description="What to do about it, with what to type at its end.")
    cloud: str = Field(description="What Azure ML said.")


class DeploymentAnswer(BaseModel):
    """A deployment, and how far it is."""

    id: DeploymentId
    user_id: str
    model_id: str
    is_active: bool
    model_deleted: bool = Field(
        description="Its model is gone from the catalogue: once stopped, it cannot be deployed again."
    )
    allowed_by: GrantAnswer | None = Field(
        description="The exception that let its model in, where its verdict is not `clean`."
    )
    trained_models: TrainedModel
    deployment_name: str
    endpoint_name: str
    azure_model_name: str
    azure_model_version: str | None
    scoring_uri: str | None
    swagger_uri: str | None
    instance_type: str
    instance_count: int
    cost_a_month: CostAMonth
    cost_note: CostNote
    status: Status
    error_message: str | None
    failure: FailureAnswer | None
    description: str
    deployment_config: dict[str, Any]
    created_at: datetime
    deployed_at: datetime | None
    deleted_at: datetime | None
    step: str | None
    waiting: str | None = Field(
        description="What it waits for, in a sentence; in trouble also whose turn it is and when it is tried again."
    )
    trouble: str | None = Field(
        description="What went wrong last, while it is tried again; Azure's own words come last."
    )
    attempts: int
    timeline: list[Phase]
    conditions: list[Condition]


class DeploymentStatus(DeploymentAnswer):
    """A deployment with what is live of it."""

    traffic: int = Field(description="Its share of the endpoint's traffic, in percent.")
    sample_call: str | None = Field(
        description="Ready to paste once it is active. Where the file does not tell what the model takes, it sends "
        "`input.json`, which you write."
    )


class DeploymentList(BaseModel):
    """Deployments, newest first; `total` counts the whole list, not this page of it."""

    deployments: list[DeploymentAnswer]
    total: int
    next_page: NextPage


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
    """An endpoint: its deployments, the traffic they should have, and what the cloud shows."""

    name: str
    created_at: datetime
    deployments: list[str]
    traffic: dict[str, int] = Field(description="As you want it, in percent by deployment.")
    routed: dict[str, int] | None = Field(
        description="As Azure routes it now; null where the endpoint is not there."
    )
    changing: bool = Field(description="Whether a change of the endpoint is under way.")
    changed_by: str | None = Field(description="The deployment whose change is under way in Azure.")
    waiting: str | None = Field(
        description="What that change waits for, and the trouble it is in where there is any."
    )
    in_line: int = Field(description="How many changes wait for that one to end.")
    trouble: FailureAnswer | None = Field(
        description="Why the last change of traffic failed; null once another is asked for."
    )
    state: str | None = Field(description="As Azure has it; null where it is not there.")
    scoring_uri: str | None
    swagger_uri: str | None


class TrafficAnswer(BaseModel):
    """A change of traffic that was accepted and is on its way."""

    name: str
    traffic: dict[str, int] = Field(description="As it will be; who is not named gets none.")
    message: str


class KeysAnswer(BaseModel):
    """The keys of an endpoint. They are read from Azure now and kept nowhere else."""

    primary_key: str
    secondary_key: str


class LogAnswer(BaseModel):
    """The last lines of a serving container."""

    log: str


class RequestAnswer(BaseModel):
    """What became of a keyed request."""

    state: Literal["accepted", "refused"]
    deployment_id: str | None
    problem: dict[str, Any] | None
    at: datetime


class DeadLetterAnswer(BaseModel):
    """A message that was put aside; one text is one of them, however often it came."""

    name: str = Field(description="Queue and sha256 of the message, as the log names it.")
    queue: str
    reason: str = Field(examples=["not_json"])
    detail: str
    excerpt: str = Field(description="Its beginning, without what looks like a secret.")
    size: int = Field(description="Bytes.")
    first_at: datetime
    last_at: datetime
    times: int


class DeadLetters(BaseModel):
    """The last of them, and how many there are in all."""

    dead_letters: list[DeadLetterAnswer]
    total: int


class Health(BaseModel):
    """The API answers."""

    status: Literal["ok"]
    version: str
