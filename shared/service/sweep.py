"""Finds what has lost its hint or its worker, and sends a new hint.

It reads the index of unfinished work only, so a million finished records cost it nothing. A sweep may
come late, twice, or while another goes on: all it does is conditional, or a hint more.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from shared import telemetry
from shared.domain import leases, plans
from shared.domain.bookkeeping import Inflight
from shared.domain.errors import Changed, Missing, Newer
from shared.domain.policy import Policy
from shared.domain.records import Deployment
from shared.ports import Ports, Row
from shared.service import hints, rounds, settle, store
from shared.service.store import Stored
from shared.telemetry import Happened

LONGEST = timedelta(seconds=45)  # the next one comes a minute after this one began


@dataclass(slots=True, kw_only=True)
class Sweep:
    """What one sweep saw and did; `troubled` rows it could not read or bring on, `left` to the next."""

    seen: int = 0
    rehinted: int = 0
    tombstoned: int = 0
    troubled: int = 0
    left: int = 0


def sweep(ports: Ports, policy: Policy) -> Sweep:
    """Looks at everything unfinished that is due. Raises StoreError where storage does not answer."""
    swept = Sweep()
    rows = list(store.inflight_rows(ports.tables))
    done = rounds.go_round(
        ports, rows, lambda row: _look(ports, policy, row, swept), longest=LONGEST
    )
    swept.seen, swept.troubled, swept.left = done.seen, done.troubled, done.left
    telemetry.tell(Happened.SWEPT, **asdict(swept))
    return swept


def is_forgotten(record: Deployment, policy: Policy, now: datetime) -> bool:
    """Whether no turn works on the record although it has been due for a while."""
    late = record.work.due_at + timedelta(seconds=policy.rehint_after)
    return late <= now and not leases.is_leased(record, now)


def _look(ports: Ports, policy: Policy, row: Row, swept: Sweep) -> bool:
    """Does what one entry needs; False where it is not due. A newer version's is left to that one."""
    try:
        entry, now = store.read_row(Inflight, row), ports.clock.now()
        if entry.record.not_before > now:
            return False
        found = store.load_deployment(ports.tables, row.partition, row.key)
    except Newer:
        swept.rehinted += hints.send_hint(ports.queue, row.partition, row.key)
        raise
    if found is None:
        swept.tombstoned += _is_overdue(entry, policy, now) and settle.bury(ports, entry)
    elif plans.is_finished(found.record):
        _settle(ports, policy, entry, found, now)
    elif is_forgotten(found.record, policy, now):
        swept.rehinted += _rehint(ports, entry, found.record, now)
    return True


def _rehint(ports: Ports, entry: Stored[Inflight], record: Deployment, now: datetime) -> bool:
    """Sends a hint and notes when to look again; hints to a line that is long must not lengthen it."""
    telemetry.tell(Happened.REHINTED, record.id, step=record.work.step)
    if not hints.send_hint(ports.queue, record.user_key, record.id):
        return False
    looked = replace(entry.record, not_before=leases.next_look(record, now))
    row = store.inflight_row(looked, entry.row.etag)
    with suppress(Changed, Missing):  # another acceptance has begun, or all is finished
        store.save(ports.tables, ports.random, store.INFLIGHT, row)
    return True


def _settle(
    ports: Ports,
    policy: Policy,
    entry: Stored[Inflight],
    found: Stored[Deployment],
    now: datetime,
) -> None:
    if not settle.is_ahead(entry.record, found.record):
        settle.settle_inflight(ports, entry.record.user_key, found.record.id)
    elif _is_overdue(entry, policy, now):
        settle.call_off(ports, entry, found)


def _is_overdue(entry: Stored[Inflight], policy: Policy, now: datetime) -> bool:
    """Whether an acceptance has had its time to commit."""
    return now - entry.record.since >= timedelta(seconds=policy.admission_grace)
