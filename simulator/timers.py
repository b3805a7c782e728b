"""What runs by the clock: the sweep every minute, and the nightly run of the reconciliation, every few minutes here."""

from collections.abc import Callable

from shared.domain.errors import CloudError, StoreError
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area
from shared.reconcile_ports import ReconcilePorts
from shared.service.claims import Mint
from shared.service.reconcile import begin
from shared.service.sweep import sweep
from simulator.faults import Surprise
from simulator.machines import Machine
from simulator.timeline import Actor, Died, Task, Timeline

SWEEP_EVERY = 60.0


def sweep_all(ports: ReconcilePorts, policy: Policy) -> None:
    """The sweep, without that of files on their way in: there are none here."""
    try:
        sweep(ports, policy)
    finally:
        begin.remind(ports, policy)


def begin_nightly(
    ports: ReconcilePorts, machine: Machine, policy: Policy, areas: tuple[Area, ...]
) -> None:
    """Begins a run, or wishes for it where another is under way."""
    mint = machine.mint(Mint(ports.tables, ports.clock, ports.random, policy))
    begin.begin_nightly(ports, mint, policy, areas)


class Timer:
    """Does a job again and again, until it is stopped; a tick that fails is made up for by the next."""

    def __init__(
        self, name: str, machine: Machine, timeline: Timeline, work: Callable[[], object]
    ) -> None:
        self._name, self._machine, self._timeline, self._work = name, machine, timeline, work
        self.ticks = 0
        self.stopped = False

    def start(self, every: float, then: Callable[[], None]) -> None:
        """Ticks from now on; `then` is called after each."""
        actor = Actor(self._name, task=Task(self._name))
        self._timeline.start(actor, lambda: self._run(actor, every, then), after=every)

    def _run(self, actor: Actor, every: float, then: Callable[[], None]) -> None:
        while not self.stopped:
            try:
                self._machine.enter(actor)
                self._work()
            except (Died, StoreError, CloudError, Surprise):
                self._timeline.require_running()
            actor.process = None
            self.ticks += 1
            then()
            self._timeline.sleep(every)
