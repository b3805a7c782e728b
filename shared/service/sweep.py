"""Finds what has lost its hint or its worker, and sends a new hint.

It reads the index of unfinished work only, so a million finished records cost it nothing.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import telemetry
from shared.domain import leases, plans
from shared.domain.errors import Changed, Missing
from shared.domain.policy import Policy
from shared.domain.records import Deployment, Inflight
from shared.ports import Ports
from shared.service import hints, settle, store
from shared.service.store import Stored
from shared.telemetry import Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one sweep saw and did."""

    seen: int = 0
    rehinted: int = 0
    tombstoned: int = 0


def sweep(ports: Ports, policy: Policy) -> Sweep:
    """Looks at everything unfinished once. Raises StoreError where storage does not answer."""
    seen = rehinted = tombstoned = 0
    for entry in store.list_inflight(ports.tables):
        seen += 1
        now = ports.clock.now()
        if entry.record.not_before > now:
            continue
        found = store.load_deployment(
            ports.tables, entry.record.user_key, entry.record.deployment_id
        )
        if found is None:
            tombstoned += _is_overdue(entry, policy, now) and settle.bury(ports, entry)
        elif plans.is_finished(found.record):
            _settle(ports, policy, entry, found, now)
        elif is_forgotten(found.record, policy, now):
            rehinted += _rehint(ports, entry, found.record, now)
    telemetry.tell(Happened.SWEPT, seen=seen, rehinted=rehinted, tombstoned=tombstoned)
    return Sweep(seen=seen, rehinted=rehinted, tombstoned=tombstoned)


def is_forgotten(record: Deployment, policy: Policy, now: datetime) -> bool:
    """Whether no turn works on the record although it has been due for a while."""
    late = record.work.due_at + timedelta(seconds=policy.rehint_after)
    return late <= now and not leases.is_leased(record, now)


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
        settle.settle_inflight(ports, found.record.user_key, found.record.id)
    elif _is_overdue(entry, policy, now):
        settle.call_off(ports, entry, found)


def _is_overdue(entry: Stored[Inflight], policy: Policy, now: datetime) -> bool:
    """Whether an acceptance has had its time to commit."""
    return now - entry.record.since >= timedelta(seconds=policy.admission_grace)
