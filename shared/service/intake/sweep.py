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
from shared.domain.errors import Changed, Missing, Newer, StoreError
from shared.domain.policy import Policy
from shared.ports import Ports, Row
from shared.service import rounds, store
from shared.service.intake import hints, rows, turn
from shared.service.store import Stored
from shared.telemetry import Happened

LONGEST = timedelta(seconds=20)  # beside the sweep of deployments
_LATE = timedelta(minutes=5)
"""After the end of its link a quarantined file without an intake is nobody's."""
_MOST_REMOVED = 500  # in one sweep


@dataclass(slots=True, kw_only=True)
class IntakeSweep:
    """What one sweep saw and did; `troubled` rows and files it could not read or bring on."""

    seen: int = 0
    rehinted: int = 0
    expired: int = 0
    cleared: int = 0
    troubled: int = 0


def sweep_intakes(ports: Ports, policy: Policy) -> IntakeSweep:
    """Looks at every unfinished intake, then at the quarantine. Raises StoreError where storage does not answer."""
    swept = IntakeSweep()
    unfinished = list(rows.list_unfinished(ports.tables))
    done = rounds.go_round(
        ports, unfinished, lambda row: _look(ports, policy, row, swept), longest=LONGEST
    )
    swept.seen, swept.troubled = done.seen, done.troubled
    _clear_quarantine(ports, policy, {row.key for row in unfinished}, swept)
    telemetry.tell(Happened.INTAKES_SWEPT, **asdict(swept))
    return swept


def _look(ports: Ports, policy: Policy, row: Row, swept: IntakeSweep) -> bool:
    """Does what one intake needs. A newer version's is left to that one."""
    try:
        stored, now = store.read_row(Intake, row), ports.clock.now()
        if rows.load_finished(ports.tables, row.partition, row.key):
            turn.clear(ports, stored)
            swept.cleared += 1
            return True
    except Newer:
        return False
    if intakes.is_expired(stored.record, now):
        swept.expired += _expire(ports, stored)
    elif intakes.is_forgotten(stored.record, policy.rehint_after, now):
        telemetry.tell(Happened.REHINTED, upload=row.key)
        swept.rehinted += hints.send(ports.queue, stored.record)
    return True


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
    refused = 0
    for each in ports.blobs.list(rows.QUARANTINE):
        name = each.key.removeprefix(rows.QUARANTINE)
        moment = ids.parse_id(name)
        if moment is None or ids.to_datetime(moment) > last:
            return  # in the order of their ids: all that follow are younger
        if name in known or swept.cleared >= _MOST_REMOVED:
            continue
        try:
            ports.blobs.remove(each.key)
        except StoreError as error:  # the file of one must not keep those of the others here
            refused, swept.troubled = refused + 1, swept.troubled + 1
            telemetry.tell(Happened.SWEEP_TROUBLE, blob=each.key, error=error)
            if refused == rounds.OUTAGE:
                raise
        else:
            refused, swept.cleared = 0, swept.cleared + 1
