"""Keeps the index of unfinished work: what begins comes on it, what is finished or never came to be goes.

An acceptance writes its index entry first and commits after. So an entry may be ahead of the record
by a generation: it goes only once that commit can no longer land.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared import telemetry
from shared.domain import plans
from shared.domain.bookkeeping import Inflight, index_entry
from shared.domain.errors import Changed, Exists, Missing
from shared.domain.records import Deployment, Status
from shared.ports import Insert, Ports, Replace
from shared.service import claims, store
from shared.service.store import Stored
from shared.telemetry import Happened


def announce(ports: Ports, record: Deployment, seconds: float) -> Stored[Inflight]:
    """Puts an acceptance on the index before its commit, also where an entry is there from before.

    The sweep need not look at it for so many seconds. Raises Exists or Changed where another
    acceptance of the same deployment was faster.
    """
    now = record.work.step_since
    entry = index_entry(record, since=now, not_before=now + timedelta(seconds=seconds))
    found = None
    if record.generation > 1:
        found = store.load_inflight(ports.tables, record.user_key, record.id)
    if found and found.record.generation > entry.generation:
        raise Changed(f"a later change of {record.id} is on the index")
    row = store.inflight_row(entry, found.row.etag if found else "")
    operation = Replace(row) if found else Insert(row)
    etags = store.commit(ports.tables, ports.random, store.INFLIGHT, [operation])
    return Stored(entry, replace(row, etag=etags[0]))


def settle_inflight(ports: Ports, user_key: str, deployment_id: str) -> None:
    """Removes the inflight row where the record is finished.

    The row is read before the record: an acceptance (of a delete, say) writes the row again before
    it commits, so a removal that missed it meets another version and does nothing; one that has seen
    it sees that it is ahead of the record.
    """
    entry = store.load_inflight(ports.tables, user_key, deployment_id)
    if entry is None:
        return
    stored = store.load_deployment(ports.tables, user_key, deployment_id)
    if stored is None or not plans.is_finished(stored.record):
        return
    if is_ahead(entry.record, stored.record):
        return
    if stored.record.status is not Status.ACTIVE:  # a retry that came too late may have claimed it
        claims.release_endpoint_name(
            ports.tables,
            ports.random,
            entry.record.endpoint_name,
            user_key,
            at=ports.clock.now(),
        )
    store.remove(ports.tables, store.INFLIGHT, entry.row)


def is_ahead(entry: Inflight, record: Deployment) -> bool:
    """Whether the entry is of an acceptance that has not committed (yet)."""
    return entry.generation > record.generation


def bury(ports: Ports, entry: Stored[Inflight]) -> bool:
    """Ends an admission that did not commit; False where it has landed after all.

    First its key is taken, so that it can no longer land, then its endpoint's name is freed, and
    only then the row goes: a burial that breaks off is taken up by the next sweep.
    """
    inflight = entry.record
    tombstone = store.tombstone_row(inflight.user_key, inflight.deployment_id)
    with suppress(Exists):  # an earlier burial, or the admission has just landed
        store.insert(ports.tables, ports.random, store.RECORDS, tombstone)
    if store.load_deployment(ports.tables, inflight.user_key, inflight.deployment_id):
        return False
    claims.release_endpoint_name(
        ports.tables,
        ports.random,
        inflight.endpoint_name,
        inflight.user_key,
        at=ports.clock.now(),
    )
    telemetry.tell(Happened.TOMBSTONED, inflight.deployment_id)
    return store.remove(ports.tables, store.INFLIGHT, entry.row)


def call_off(ports: Ports, entry: Stored[Inflight], stored: Stored[Deployment]) -> bool:
    """Ends a change of a finished record that did not commit: a new version of the record bars it.

    Then the endpoint's name goes that a retry may have claimed, and only then the row, as in `bury`.
    An unfinished record needs the row: it goes when that is finished.
    """
    if not plans.is_finished(stored.record):
        return False
    row = store.deployment_row(stored.record, stored.row.etag)
    try:
        store.save(ports.tables, ports.random, store.RECORDS, row)
    except (Changed, Missing):
        return False  # it has landed, or something else has: the next sweep sees which
    claims.release_endpoint_name(
        ports.tables,
        ports.random,
        entry.record.endpoint_name,
        entry.record.user_key,
        at=ports.clock.now(),
        barred=entry.row.etag,
    )
    return store.remove(ports.tables, store.INFLIGHT, entry.row)
