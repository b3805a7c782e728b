"""One turn's hold of one run: its lease, and what is written of it. Where a write lost, the turn stops (`LeaseLost`)."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared import telemetry
from shared.domain.errors import Changed, Exists, LeaseLost, Missing, StoreError
from shared.domain.policy import Policy
from shared.domain.reconcile.runs import Item, Run, RunState, is_over
from shared.domain.records import Lease
from shared.ports import Operation, Replace
from shared.reconcile_ports import ReconcilePorts
from shared.service import store
from shared.service.reconcile import hints, rows
from shared.service.store import Stored
from shared.telemetry import Happened

_PAGES = 4  # tries of a page take a third of a lease each, and may wait half of one in between


class RunTurn:
    """The effects of a turn; what is decided is in `shared.domain.reconcile`, the order in `run`."""

    def __init__(self, ports: ReconcilePorts, policy: Policy, stored: Stored[Run]) -> None:
        self.ports = ports
        self.policy = policy
        self.run = stored.record
        self._etag = stored.row.etag
        self._owner = ports.random.nonce()
        self._end = ports.clock.now() + timedelta(seconds=policy.turn)

    def take_lease(self) -> None:
        """Leases the run, and counts a turn that has not ended yet. Raises LeaseLost where another was faster."""
        self.save(attempts=self.run.attempts + 1, lease=self.lease_for(self.run.state))

    def keep(self) -> None:
        """Called all the time: renews the lease where less than two thirds of it are left. Raises LeaseLost."""
        lease, now = self.run.lease, self.ports.clock.now()
        left = (lease.until - now).total_seconds() if lease else 0.0
        if left < self._length(self.run.state) * 2 / 3:
            self.save(lease=self.lease_for(self.run.state))

    def made_way(self) -> None:
        """Called where something has come to its end: turns that die without that are counted from here. Raises LeaseLost."""
        if self.run.attempts > 1:
            self.save(attempts=1)

    def is_long(self) -> bool:
        """Whether the turn has taken its time; another one goes on."""
        return self.ports.clock.now() > self._end

    def save(self, **changes: object) -> None:
        """Writes the run with some fields changed; one that ends is the current one no more. Raises LeaseLost."""
        run: Run = replace(self.run, **changes)  # type: ignore[arg-type]  # fields by name
        operations: list[Operation] = [Replace(rows.run_row(run, self._etag))]
        if is_over(run):
            operations += rows.end(self.ports.tables, run.id)
        try:
            etags = store.commit(self.ports.tables, self.ports.random, rows.RUNS, operations)
        except (Changed, Missing, Exists) as error:
            raise LeaseLost(f"run {run.id} was changed by another") from error
        self.run, self._etag = run, etags[0]

    def pause(self, seconds: float) -> None:
        """Frees the run for a turn to come after so many seconds."""
        due_at = self.ports.clock.now() + timedelta(seconds=seconds)
        self.save(lease=None, attempts=0, due_at=due_at)
        hints.send(self.ports.queue, self.run.id, delay=seconds)

    def save_item(self, stored: Stored[Item], **changes: object) -> Stored[Item]:
        """Writes a finding of the run with some fields changed. Raises LeaseLost."""
        self.keep()
        item: Item = replace(stored.record, at=self.ports.clock.now(), **changes)  # type: ignore[arg-type]  # fields by name
        row = rows.item_row(item, stored.row.etag)
        try:
            etag = store.save(self.ports.tables, self.ports.random, rows.FINDINGS, row)
        except (Changed, Missing) as error:
            raise LeaseLost(f"finding {item.number} was changed by another") from error
        return Stored(item, replace(row, etag=etag))

    def crashed(self, error: Exception) -> None:
        """Notes an error that nobody expected, and frees the run for the next turn."""
        telemetry.tell(Happened.RECONCILE_CRASHED, run=self.run.id, error=error)
        with suppress(LeaseLost, StoreError):
            self.save(lease=None, trouble=f"{type(error).__name__} in a turn: see the log")

    def lease_for(self, state: RunState) -> Lease:
        """The right to go on from now on. A listing asks for a page again and again before it gives up, and calls nobody."""
        until = self.ports.clock.now() + timedelta(seconds=self._length(state))
        return Lease(owner=self._owner, until=until)

    def _length(self, state: RunState) -> float:
        return self.policy.lease * (1 if state is RunState.REPAIRING else _PAGES)
