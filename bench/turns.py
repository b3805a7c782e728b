"""What one turn of the worker did, read from the named events it tells; the same on any ports."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from shared.telemetry import Happened

LOOK = "look"
"""A turn that found an operation still running."""


class Heard(logging.Handler):
    """The events of one turn. Use it as `with Heard() as heard:`; one turn at a time."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.deployment_id = ""
        self._done: list[str] = []
        self._waits = self._trouble = False

    def __enter__(self) -> "Heard":
        logging.getLogger("longshore").addHandler(self)
        return self

    def __exit__(self, *_error: object) -> None:
        logging.getLogger("longshore").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Notes a step that is done, a wait, or trouble."""
        event = getattr(record, "event", "")
        self.deployment_id = getattr(record, "deployment_id", "") or self.deployment_id
        if event == Happened.STEP_DONE:
            self._done.append(str(record.__dict__["fields"]["step"]))
        self._waits = self._waits or event == Happened.STEP_WAITS
        self._trouble = self._trouble or event == Happened.STEP_TROUBLE

    @property
    def kind(self) -> str:
        """The steps that were finished in the turn, or `look`, or why it did nothing."""
        if self._trouble:
            return "trouble"
        if self._done:
            return "+".join(self._done)
        return LOOK if self._waits else "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn as it was measured: seconds of wall and of processor time."""

    deployment_id: str
    kind: str
    wall: float
    cpu: float


def of(turns: Sequence[Turn], deployment_id: str) -> list[Turn]:
    """The turns of one deployment, in order."""
    return [turn for turn in turns if turn.deployment_id == deployment_id]
