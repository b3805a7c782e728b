"""The records Longshore keeps: frozen values, changed by `dataclasses.replace`. Times are UTC, digests sha256 in hex."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.errors import Trouble

SCHEMA_VERSION = 1
"""Raised only where an older version must leave alone what this one writes: a new field needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Anything with fields; `unknown` are those that a newer version wrote, kept for it."""

    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Part):
    """What every record has; `nonce` names the write that made this version, for a lost answer."""

    nonce: str = ""
    schema_version: int = SCHEMA_VERSION


class Status(StrEnum):
    """What users see of a deployment."""

    DEPLOYING = "deploying"
    ACTIVE = "active"
    FAILED = "failed"
    DELETED = "deleted"


class Plan(StrEnum):
    """What the worker is doing for a deployment."""

    DEPLOY = "deploy"
    ABANDON = "abandon"  # failed for good: keep the logs, remove what costs money
    RETRY = "retry"  # deploy again what failed, after what is left of it is gone
    TRAFFIC = "traffic"  # give the cloud the traffic that the endpoint's row wants
    DELETE = "delete"


class Step(StrEnum):
    """One idempotent piece of a plan; the plans are in `shared.domain.plans`."""

    PREPARE = "prepare"
    REGISTER = "register"
    ENDPOINT = "endpoint"
    DEPLOYMENT = "deployment"
    VERIFY = "verify"
    TRAFFIC = "traffic"
    FINISH = "finish"
    ROUTE = "route"
    SAVE_LOGS = "save_logs"
    WITHDRAW_TRAFFIC = "withdraw_traffic"
    REMOVE_DEPLOYMENT = "remove_deployment"
    REMOVE_ENDPOINT = "remove_endpoint"
    REMOVE_MODEL = "remove_model"
    CLOSE = "close"


class Turn(StrEnum):
    """Whose turn it is when something has gone wrong."""

    YOU = "you"
    OPERATOR = "operator"
    LONGSHORE = "longshore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Part):
    """Why a deployment failed, in plain words, with the cloud's own kept beside them."""

    code: str
    cause: str
    whose_turn: Turn
    next: str
    cloud: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Part):
    """Where the machine stands: the plan, the step to run next, and how it has gone so far.

    `step` is None when the plan is finished. `due_at`: not before. `began_at`: when the cloud was
    asked for what the step waits for. `in_line_since`: the last look at the line for the
    endpoint that it stands in; the deadline goes off meanwhile. `refused_since`: when "not allowed" became the only
    trouble. `waiting`: why, in one sentence. `trouble`: the last error, its code first where the cloud
    told it; `met`: of what class that one is.
    `crashes`: turns in a row that ended in an error nobody expected; `second_chance`: how many there
    were when their message had become poison and a new one was sent.
    """

    plan: Plan
    step: Step | None
    step_since: datetime
    deadline_at: datetime
    due_at: datetime
    began_at: datetime | None = None
    in_line_since: datetime | None = None
    attempts: int = 0
    refused_since: datetime | None = None
    waiting: str = ""
    trouble: str = ""
    met: Trouble | None = None
    crashes: int = 0
    second_chance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease(Part):
    """The right of one turn to work on a record, until a time."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Part):
    """The exception under which a content of unknown verdict was taken; `number` is its among the digest's."""

    number: int
    operator: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Kept):
    """One deployment: what was asked for, what became of it, and where the work stands."""

    id: str
    user_id: str
    user_key: str
    model_id: str
    model_name: str
    algorithm: str
    deployment_name: str
    endpoint_name: str
    endpoint_tag: str
    azure_model_name: str
    instance_type: str
    instance_count: int
    content_digest: str
    created_at: datetime
    work: Work
    status: Status = Status.DEPLOYING
    azure_model_version: str = ""
    scoring_uri: str = ""
    swagger_uri: str = ""
    description: str = ""
    deployment_config: Mapping[str, Any] = field(default_factory=dict)
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    package_digest: str = ""
    failure: Failure | None = None
    saved_log: str = ""
    deployed_at: datetime | None = None
    deleted_at: datetime | None = None
    torn_down_at: datetime | None = None
    phases: Mapping[str, datetime] = field(default_factory=dict)
    lease: Lease | None = None
    epoch: int = 0
    generation: int = 1
    events: int = 0
    model_deleted: bool = False  # its catalogue model is gone: it can never be deployed again
    grant: Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Part):
    """A deployment that lives on an endpoint, from its acceptance to its confirmed removal."""

    deployment_id: str
    deployment_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder(Part):
    """Who may change the endpoint in the cloud, now or later: a deployment in one generation."""

    deployment_id: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Kept):
    """An address of one user: its members and the traffic it should have, in percent by name.

    `wanted` is a change of traffic that was accepted and is not routed yet; the record of `carrier`, a
    member's id, has the work of it. `trouble` is why the last such change failed. `holder` may change
    the endpoint in the cloud now and is freed by a checkpoint, never by a clock; `waiting` are next.
    """

    name: str
    user_key: str
    tag: str
    created_at: datetime
    members: tuple[Member, ...]
    traffic: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, int] | None = None
    carrier: str = ""
    holder: Holder | None = None
    waiting: tuple[Holder, ...] = ()
    trouble: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Kept):
    """Something that happened to a deployment, in the order of `number`."""

    deployment_id: str
    number: int
    at: datetime
    name: str
    text: str
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Kept):
    """A catalogue entry: one uploaded file, what it is, and where its bytes are.

    `license` is an SPDX expression. With a `registry_name` and its version, the bytes are the registry's, and none
    of our own. `leaving` is set while it is being deleted: then it is as if not there.
    """

    id: str
    user_key: str
    model_name: str
    algorithm: str
    filename: str
    size: int
    content_digest: str
    inspection: Mapping[str, Any]
    created_at: datetime
    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    license: str = ""
    registry_name: str = ""
    registry_version: str = ""
    grant: Grant | None = None
    leaving: datetime | None = None
