"""Takes off the index of unfinished work what is finished, and what never came to be.

An acceptance writes its index entry first and commits after. So an entry may be ahead of the record
by a generation: it goes only once that commit can no longer land.
"""

from contextlib import suppress

from shared import telemetry
from shared.domain import plans
from shared.domain.errors import Changed, Exists, Missing
from shared.domain.records import Deployment, Inflight
from shared.ports import Ports
from shared.service import claims, store
from shared.service.store import Stored
from shared.telemetry import Happened


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
    if not is_ahead(entry.record, stored.record):
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
    claims.release_endpoint_name(ports.tables, inflight.endpoint_name, inflight.user_key)
    telemetry.tell(Happened.TOMBSTONED, inflight.deployment_id)
    return store.remove(ports.tables, store.INFLIGHT, entry.row)


def call_off(ports: Ports, entry: Stored[Inflight], stored: Stored[Deployment]) -> bool:
    """Ends a change of a finished record that did not commit: a new version of the record bars it."""
    row = store.deployment_row(stored.record, stored.row.etag)
    try:
        store.save(ports.tables, ports.random, store.RECORDS, row)
    except (Changed, Missing):
        return False  # it has landed, or something else has: the next sweep sees which
    return store.remove(ports.tables, store.INFLIGHT, entry.row)
