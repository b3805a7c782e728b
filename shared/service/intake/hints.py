"""Hints of files to be read: messages that say whose upload has work; its row says what."""

import math

from pydantic import BaseModel, ConfigDict, Field

from shared import telemetry
from shared.domain.catalogue.intakes import Intake
from shared.domain.errors import StoreError
from shared.domain.policy import INTAKE_JOBS
from shared.domain.records import SCHEMA_VERSION
from shared.ports import Queue
from shared.service.hints import parse_as
from shared.telemetry import Happened


class IntakeHint(BaseModel):
    """Who, and which upload."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    user_key: str = Field(pattern=r"^[0-9a-f]{32}$")
    upload_id: str = Field(pattern=r"^[0-9]{20}$")


def parse(text: str) -> IntakeHint:
    """The hint in a message's text. Raises Garbage, and NewerHint for one of a later version."""
    return parse_as(IntakeHint, text)


def send(queue: Queue, intake: Intake, *, delay: float = 0) -> bool:
    """Sends a hint to come after `delay` seconds; False where it could not be sent: the sweep sends one."""
    hint = IntakeHint(user_key=intake.user_key, upload_id=intake.id)
    try:
        queue.send(INTAKE_JOBS, hint.model_dump_json(), delay=math.ceil(delay))
    except StoreError as error:
        telemetry.tell(Happened.HINT_LOST, upload=intake.id, reason=str(error))
        return False
    return True
