"""Promises about rows that are kept for a time: none goes before it is over, and at rest none is left."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain import ids, plans
from shared.domain.records import Status
from shared.service import store
from shared.service.queues.dead_letters import DEAD_LETTERS
from shared.service.reconcile.rows import RUNS
from shared.service.usage import USAGE
from simulator.ledger import Ledger, Write
from simulator.old_rows import OldRows
from simulator.timeline import Broken, Task
from simulator.unrest import Unrest


@dataclass(frozen=True, slots=True)
class OldPromises:
    """Watches what is removed. Where histories are forgotten at once, those of what is over may go."""

    ledger: Ledger
    old: OldRows
    unrest: Unrest

    def wrote(self, table: str, writes: Sequence[Write], task: Task) -> None:
        """Raises Broken where a row goes that is not old."""
        if not all(each.is_removal for each in writes):
            return  # it is replaced by another, as a deployment that is deleted
        for write in writes:
            row = write.row
            if (table, row.partition, row.key) in self.old.planted:
                continue
            if _is_kept(table, row.partition, row.key, task) and not self._is_of_old(row.key):
                raise Broken(f"{task.kind} removes {row.key} of {row.partition}, which is not old")

    def check_rest(self) -> None:
        """Raises Broken where an old row is still there."""
        if left := self.old.left():
            raise Broken(f"rows are still there that were kept for their time: {left}")

    def _is_of_old(self, key: str) -> bool:
        """Whether it is an event of a deployment that was torn down, where those are not kept."""
        if not (self.unrest.forgets and key.startswith(store.EVENT)):
            return False
        told = key.removeprefix(store.EVENT).partition("-")[0]
        return any(
            ids.newest_first(each.id) == told
            and each.status is Status.DELETED
            and plans.is_finished(each)
            for each in self.ledger.deployments.values()
        )


def _is_kept(table: str, partition: str, key: str, task: Task) -> bool:
    """Whether it is a row that is kept for a time; what is bound to something else goes with that."""
    if table == store.CLAIMS:
        return partition.startswith("~")
    if table == RUNS:
        return key[0].isdigit()
    if table == store.RECORDS:
        is_keyed = key.startswith(store.REQUEST) and task.kind == "reconcile"
        return is_keyed or key.startswith((store.LIVE, store.DELETED, store.EVENT))
    return table in (DEAD_LETTERS, USAGE)
