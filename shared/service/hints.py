"""Hints: messages that say which deployment has work; the record says what work."""

import math

from pydantic import BaseModel, ConfigDict, Field

from shared import telemetry
from shared.domain.errors import StoreError
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import SCHEMA_VERSION
from shared.ports import Queue
from shared.telemetry import Happened


class Hint(BaseModel):
    """Who, and which deployment. `model_validate_json` raises ValueError for any other text."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    user_key: str = Field(pattern=r"^[0-9a-f]{32}$")
    deployment_id: str = Field(pattern=r"^[0-9]{20}$")


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
