"""What runs by the clock: the sweep every minute, and what comes every night, which is every few minutes here."""

from collections.abc import Callable
from functools import partial

from shared.domain.errors import CloudError, StoreError
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area
from shared.reconcile_ports import ReconcilePorts
from shared.service import usage
from shared.service.claims import Mint
from shared.service.reconcile import begin
from shared.service.reconcile.begin import ARTIFACTS, NIGHTLY
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


class Timers:
    """All of them, on one machine; `nightly` are those that begin runs of the reconciliation."""

    def __init__(
        self, ports: ReconcilePorts, policy: Policy, machine: Machine, timeline: Timeline
    ) -> None:
        def build(name: str, work: Callable[[], object]) -> Timer:
            return Timer(name, machine, timeline, work)

        def begin(name: str, areas: tuple[Area, ...]) -> Timer:
            return build(name, partial(begin_nightly, ports, machine, policy, areas))

        self._sweep = build("sweep", partial(sweep_all, ports, policy))
        self._usage = build("usage timer", partial(usage.record_usage, ports, policy))
        self.nightly = begin("artifacts timer", ARTIFACTS), begin("reconcile timer", NIGHTLY)

    def start(self, every: float, then: Callable[[], None]) -> None:
        """A night is so many seconds long; `then` is called after each tick that is part of the end."""
        collection, nightly = self.nightly
        self._sweep.start(SWEEP_EVERY, then)
        self._usage.start(every * 0.8, lambda: None)
        collection.start(every * 0.9, then)
        nightly.start(every, then)
