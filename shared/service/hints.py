"""Hints: messages that say which deployment has work; the record says what work."""

import math
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import telemetry
from shared.domain import leases, messages
from shared.domain.errors import LongshoreError, StoreError
from shared.domain.messages import DeadLetterReason, Garbage
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import SCHEMA_VERSION, Deployment
from shared.ports import Queue
from shared.telemetry import Happened

H = TypeVar("H", bound=BaseModel)
_NEWEST_VERSION = 9999  # more is no version


class Hint(BaseModel):
    """Who, and which deployment. What else a hint says is for others."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    user_key: str = Field(pattern=r"^[0-9a-f]{32}$")
    deployment_id: str = Field(pattern=r"^[0-9]{20}$")


class NewerHint(LongshoreError):
    """A hint of a later version of Longshore: not for this one to judge."""


def parse_hint(text: str) -> Hint:
    """The hint in a message's text. Raises Garbage, and NewerHint for one of a later version."""
    return parse_as(Hint, text)


def parse_as(kind: type[H], text: str) -> H:
    """A hint of one kind or another. Raises Garbage, and NewerHint for one of a later version."""
    found = messages.read_object(text)
    _require_version(found)
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        wrong = ", ".join(str(each["loc"][0]) for each in error.errors(include_url=False))
        raise Garbage(
            DeadLetterReason.NO_HINT, f"It is no hint: wrong or missing: {wrong}."
        ) from None


def send_hint(queue: Queue, user_key: str, deployment_id: str, *, delay: float = 0) -> bool:
    """Sends a hint to come after `delay` seconds; False where it could not be sent.

    A lost hint is no error: the record is committed, and the sweep sends a new one.
    """
    text = Hint(user_key=user_key, deployment_id=deployment_id).model_dump_json()
    try:
        queue.send(DEPLOY_JOBS, text, delay=math.ceil(delay))
    except StoreError as error:
        telemetry.tell(Happened.HINT_LOST, deployment_id, reason=str(error))
        return False
    return True


def send_hint_when_free(queue: Queue, record: Deployment) -> bool:
    """Sends a hint for work that was just accepted, to come when a turn under way has stopped.

    That turn's lease goes on although its version is gone; where it notices, it sends a hint itself.
    """
    left = leases.seconds_left(record, record.work.step_since)
    return send_hint(queue, record.user_key, record.id, delay=max(left, 0.0))


def _require_version(found: dict[str, Any]) -> None:
    """Raises Garbage for a hint of no version, NewerHint for one of a later one."""
    version = found.get("schema_version", SCHEMA_VERSION)
    if type(version) is not int or not 1 <= version <= _NEWEST_VERSION:
        raise Garbage(DeadLetterReason.UNKNOWN_VERSION, "Its schema_version is none.")
    if version > SCHEMA_VERSION:
        raise NewerHint(f"a hint of version {version}; this one reads up to {SCHEMA_VERSION}")
