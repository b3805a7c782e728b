"""The promise of the index: whatever is not finished is in it, and it is there before."""

from collections.abc import Collection, Sequence

from shared.domain import plans
from shared.domain.records import Deployment
from shared.service import store
from simulator.ledger import Ledger, Write
from simulator.timeline import Broken


def check_index(ledger: Ledger, table: str, writes: Sequence[Write]) -> None:
    """Raises Broken where unfinished work is, or comes to be, out of the index."""
    if table == store.INFLIGHT:
        _check_entries(ledger, writes)
        return
    for write in writes:
        record = write.record
        if isinstance(record, Deployment) and not plans.is_finished(record):
            entry = ledger.inflight.get(record.id)
            lost = record.id in ledger.unindexed
            if not lost and (entry is None or entry.generation < record.generation):
                raise Broken(
                    f"{record.id} is unfinished, and not in the index of what is", record.id
                )


def check_hint(ledger: Ledger, about: Collection[str]) -> None:
    """Raises Broken where a hint points to what is not on record (yet): it would be taken for nothing."""
    if missing := [each for each in about if each not in ledger.deployments]:
        raise Broken(f"a hint was sent for {missing[0]}, which is not on record", *about)


def _check_entries(ledger: Ledger, writes: Sequence[Write]) -> None:
    for write in writes:
        record = ledger.deployments.get(write.row.key)
        if write.is_removal and record is not None and not plans.is_finished(record):
            raise Broken(f"{record.id} was taken off the index before it was finished", record.id)
