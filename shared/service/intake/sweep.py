"""Finds files on their way in that nobody confirmed, or that have lost their hint or their worker.

Like the sweep of deployments it may come late, twice, or while another goes on. It also removes what lies in
quarantine without an intake: a link lives on for a while after its file was read.
"""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from shared import telemetry
from shared.domain import ids
from shared.domain.catalogue import intakes
from shared.domain.catalogue.intakes import Intake
from shared.domain.errors import Changed, Missing, Newer, StoreError, UnreadableRow
from shared.domain.policy import Policy
from shared.ports import Ports, Row
from shared.service import store
from shared.service.intake import hints, rows, turn
from shared.service.store import Stored
from shared.telemetry import Happened

LONGEST = timedelta(seconds=20)  # beside the sweep of deployments
_LATE = timedelta(minutes=5)
"""After the end of its link a quarantined file without an intake is nobody's."""
_MOST_REMOVED = 500  # in one sweep


@dataclass(slots=True, kw_only=True)
class IntakeSweep:
    """What one sweep saw and did; `troubled` rows it could not read or bring on."""

    seen: int = 0
    rehinted: int = 0
    expired: int = 0
    cleared: int = 0
    troubled: int = 0


def sweep_intakes(ports: Ports, policy: Policy) -> IntakeSweep:
    """Looks at every unfinished intake, then at the quarantine. Raises StoreError where storage does not answer."""
    swept, end = IntakeSweep(), ports.clock.now() + LONGEST
    known: set[str] = set()
    for row in rows.list_unfinished(ports.tables):
        known.add(row.key)
        if ports.clock.now() > end:
            continue
        swept.seen += 1
        try:
            _look(ports, policy, row, swept)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one row, the others have their turn
            swept.troubled += 1
            _tell(row, error)
    _clear_quarantine(ports, policy, known, swept)
    telemetry.tell(Happened.INTAKES_SWEPT, **asdict(swept))
    return swept


def _look(ports: Ports, policy: Policy, row: Row, swept: IntakeSweep) -> None:
    try:
        stored, now = store.read_row(Intake, row), ports.clock.now()
        if rows.load_finished(ports.tables, row.partition, row.key):
            turn.clear(ports, stored)
            swept.cleared += 1
            return
    except Newer:
        return  # its own version sees to it
    if intakes.is_expired(stored.record, now):
        swept.expired += _expire(ports, stored)
    elif intakes.is_forgotten(stored.record, policy.rehint_after, now):
        telemetry.tell(Happened.REHINTED, upload=row.key)
        swept.rehinted += hints.send(ports.queue, stored.record)


def _expire(ports: Ports, stored: Stored[Intake]) -> bool:
    """Ends one that nobody confirmed; False where somebody just has."""
    try:  # from here on a confirmation that comes too late meets another version
        etag = store.save(ports.tables, ports.random, rows.INTAKES, stored.row)
    except (Changed, Missing):
        return False
    held = Stored(stored.record, replace(stored.row, etag=etag))
    turn.finish(ports, held, intakes.expired(stored.record))
    return True


def _clear_quarantine(ports: Ports, policy: Policy, known: set[str], swept: IntakeSweep) -> None:
    last = ports.clock.now() - timedelta(seconds=policy.upload_link) - _LATE
    for key in ports.blobs.keys(rows.QUARANTINE):
        name = key.removeprefix(rows.QUARANTINE)
        moment = ids.parse_id(name)
        if moment is None or ids.to_datetime(moment) > last:
            return  # in the order of their ids: all that follow are younger
        if name not in known and swept.cleared < _MOST_REMOVED:
            ports.blobs.remove(key)
            swept.cleared += 1


def _tell(row: Row, error: Exception) -> None:
    if isinstance(error, UnreadableRow):
        store.tell_unreadable(error)
    else:
        telemetry.tell(Happened.SWEEP_TROUBLE, upload=row.key, error=error)
