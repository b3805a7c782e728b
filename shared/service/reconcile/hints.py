"""Hints of reconciliations: messages that say which run goes on; its row says how."""

import math

from pydantic import BaseModel, ConfigDict, Field

from shared import telemetry
from shared.domain.errors import StoreError
from shared.domain.policy import RECONCILE_JOBS
from shared.domain.records import SCHEMA_VERSION
from shared.ports import Queue
from shared.service.hints import parse_as
from shared.telemetry import Happened


class RunHint(BaseModel):
    """Which run."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    run_id: str = Field(pattern=r"^[0-9]{20}$")


def parse(text: str) -> RunHint:
    """The hint in a message's text. Raises Garbage, and NewerHint for one of a later version."""
    return parse_as(RunHint, text)


def send(queue: Queue, run_id: str, *, delay: float = 0) -> bool:
    """Sends a hint to come after `delay` seconds; False where it could not be sent: the sweep sends one."""
    try:
        queue.send(RECONCILE_JOBS, RunHint(run_id=run_id).model_dump_json(), delay=math.ceil(delay))
    except StoreError as error:
        telemetry.tell(Happened.HINT_LOST, run=run_id, reason=str(error))
        return False
    return True
