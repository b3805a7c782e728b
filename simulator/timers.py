"""What runs by the clock: the sweep every minute, and the reconciliation.

`reconcile` is the place for the real one; until there is one, it only reads the listings that it
will compare.
"""

from collections.abc import Callable

from shared.domain.errors import CloudError, StoreError
from shared.domain.policy import Policy
from shared.ports import WorkerPorts
from shared.service import listing, store
from shared.service.sweep import sweep
from simulator.faults import Surprise
from simulator.machines import Machine
from simulator.timeline import Actor, Died, Task, Timeline

SWEEP_EVERY, RECONCILE_EVERY = 60.0, 1200.0
Job = Callable[[WorkerPorts, Policy], object]


def reconcile(ports: WorkerPorts, _policy: Policy) -> None:
    """Reads what there is, of every user with unfinished work."""
    for entry in list(store.list_inflight(ports.tables))[:3]:
        list(listing.list_deployments(ports.tables, entry.record.user_key))
        ports.view.list_deployments(entry.record.endpoint_name)


JOBS: dict[str, tuple[Job, float]] = {
    "sweep": (sweep, SWEEP_EVERY),
    "reconcile": (reconcile, RECONCILE_EVERY),
}


class Timer:
    """Does a job again and again; a tick that fails is made up for by the next."""

    def __init__(
        self, name: str, machine: Machine, timeline: Timeline, work: Callable[[], object]
    ) -> None:
        self._name, self._machine, self._timeline, self._work = name, machine, timeline, work
        self.ticks = 0

    def start(self, every: float, then: Callable[[], None]) -> None:
        """Ticks from now on; `then` is called after each."""
        actor = Actor(self._name, task=Task(self._name))
        self._timeline.start(actor, lambda: self._run(actor, every, then), after=every)

    def _run(self, actor: Actor, every: float, then: Callable[[], None]) -> None:
        while True:
            try:
                self._machine.enter(actor)
                self._work()
            except (Died, StoreError, CloudError, Surprise):
                self._timeline.require_running()
            actor.process = None
            then()
            self._timeline.sleep(every)
