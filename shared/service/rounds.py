"""Looks at many rows one after the other: what is wrong with one is told in the log, and the others have their turn.

A round ends in time for the next one, and each begins at another place, so that no row is always last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared import telemetry
from shared.domain.errors import StoreError, UnreadableRow
from shared.ports import Ports, Row
from shared.service import store
from shared.telemetry import Happened

OUTAGE = 3  # rows one after the other for which storage, or the cloud, did not answer


@dataclass(slots=True, kw_only=True)
class Round:
    """How many rows were looked at, how many could not be read or brought on, and how many are left to the next."""

    seen: int = 0
    troubled: int = 0
    left: int = 0


def _is_of_storage(error: Exception) -> bool:
    return isinstance(error, StoreError)


def go_round(
    ports: Ports,
    rows: Sequence[Row],
    look: Callable[[Row], bool],
    *,
    longest: timedelta,
    is_outage: Callable[[Exception], bool] = _is_of_storage,
) -> Round:
    """Calls `look` with each row; it says whether it asked what may be out. Raises in an outage what told it."""
    done, end = Round(), ports.clock.now() + longest
    first, refused = int(ports.random.jitter() * len(rows)), 0
    for row in (*rows[first:], *rows[:first]):
        if ports.clock.now() > end:
            done.left = len(rows) - done.seen
            break
        done.seen += 1
        try:
            if look(row):
                refused = 0
        except Exception as error:  # whatever is wrong with one row
            done.troubled += 1
            _tell(row, error)
            refused += is_outage(error)
            if refused == OUTAGE:
                raise
    return done


def _tell(row: Row, error: Exception) -> None:
    if isinstance(error, UnreadableRow):
        store.tell_unreadable(error)
    else:
        telemetry.tell(Happened.SWEEP_TROUBLE, row=f"{row.partition}/{row.key}", error=error)
