"""How a run of the simulator ends: all is done, faults stop, and the reconciliation runs until nothing is left to repair."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.domain.reconcile.repair import Decision
from shared.domain.reconcile.runs import ItemState, is_over
from shared.service.reconcile.begin import begin_nightly
from shared.service.usage import record_usage
from simulator.faults import Faults
from simulator.host import Host
from simulator.ledger import Ledger
from simulator.listings import Listings
from simulator.operators import Operator
from simulator.outages import Outages
from simulator.timeline import SECOND, Actor, Broken, Task, Timeline
from simulator.timers import SWEEP_EVERY, Timer
from simulator.unrest import AREAS

BOUND = 4 * 3600 * SECOND
"""Everything is at rest this long after the last fault and the last request, or a promise is broken."""
NIGHTS = 2
"""Runs that may still meet faults once nobody asks for anything."""
LAST_NIGHTS = 6
"""Runs without faults, at most: one may put lost work on the index again, which fails, and leaves an endpoint that the next but one
takes away. As few as `NIGHTS` where a run leaves nothing to the next."""
_TO_COME = (Decision.YOUNG, Decision.SEEN_ONCE, Decision.UNKNOWN_AGE)
_LOOK_EVERY, _TICKS = 30.0, 3


@dataclass(slots=True, kw_only=True)
class Ending:
    """Looks, after each tick of a timer, whether it is time. `between` are seconds from one of the last runs to the next.

    `strained`: clocks are apart, or machines slow.
    """

    timeline: Timeline
    ledger: Ledger
    faults: Faults
    listings: Listings
    outages: Outages
    host: Host
    nightly: tuple[Timer, ...]
    operator: Operator
    is_busy: Callable[[], bool]
    touched: Callable[[], set[str]]
    between: float
    strained: bool
    _busy_until: int = 0
    _ticks: int = 0
    _begun: list[Actor] = field(default_factory=list)

    def look(self) -> None:
        """Lets the end begin once nothing is left to do. Raises Broken where that takes too long."""
        now = self.timeline.now
        if self.is_busy() or now <= self.outages.last_end:
            self._busy_until, self._ticks = now, self._count()
        elif self._begun:
            return
        elif self.is_at_rest() and self._count() - self._ticks >= NIGHTS * len(self.nightly):
            actor = Actor("olga at last", task=Task("operator"))
            self._begun.append(actor)
            self.timeline.start(actor, self._end)
        elif now > max(self._busy_until, self.faults.last_at) + BOUND:
            self._give_up_waiting()

    def is_at_rest(self) -> bool:
        """Whether nobody works on anything, and nothing waits to be worked on."""
        return self.host.is_idle() and not self.ledger.inflight

    def _count(self) -> int:
        return sum(each.ticks for each in self.nightly)

    def _end(self) -> None:
        for timer in self.nightly:
            timer.stopped = True
        self.faults.stop()
        self.listings.stop()
        self._wait_for_rest()
        whole = 0
        for _ in range(LAST_NIGHTS):
            whole += self._reconcile()
            self.timeline.sleep(self.between)
            if whole >= NIGHTS and not self._leaves_something():
                break
        self._measure()
        if whole < NIGHTS:
            raise Broken("runs without faults broke off", max(self.ledger.runs))
        self.timeline.end()

    def _leaves_something(self) -> bool:
        """Whether the last run has changed something, or saw what it may not repair yet."""
        last = max(self.ledger.runs)
        items = [each for each in self.ledger.items.values() if each.run_id == last]
        return any(each.state is not ItemState.NONE or each.decision in _TO_COME for each in items)

    def _reconcile(self) -> bool:
        """One run; whether it came to its end. Where clocks are far apart, slow turns lose it to each other."""
        before = set(self.ledger.runs)
        for _ in range(_TICKS):
            self._begin()
            self._wait_for_rest()
            if set(self.ledger.runs) - before:
                break
            self.timeline.sleep(SWEEP_EVERY)  # another one was wished for, which the sweep begins
        else:
            raise Broken("no run could be begun at rest")
        self.operator.approve(0)
        self._wait_for_rest()
        broke_off = any(self.ledger.runs[each].trouble for each in set(self.ledger.runs) - before)
        if broke_off and not self.strained:
            raise Broken("a run without faults broke off", max(self.ledger.runs))
        return not broke_off

    def _measure(self) -> None:
        self.operator.machine.enter(self.timeline.current)
        record_usage(self.operator.ports, self.operator.policy)
        self.timeline.current.process = None

    def _begin(self) -> None:
        self.operator.machine.enter(self.timeline.current)
        begin_nightly(self.operator.ports, self.operator.new_mint(), self.operator.policy, AREAS)
        self.timeline.current.process = None

    def _wait_for_rest(self) -> None:
        until = self.timeline.now + BOUND
        while not (self.is_at_rest() and all(map(is_over, self.ledger.runs.values()))):
            self.timeline.sleep(_LOOK_EVERY)
            if self.timeline.now > until:
                self._give_up_waiting()
                return

    def _give_up_waiting(self) -> None:
        """Ends the run where only what late calls have touched cannot end; else raises Broken."""
        touched = self.touched()
        left = sorted(
            each.deployment_id
            for each in self.ledger.inflight.values()
            if each.endpoint_name.lower() not in touched
        )
        runs = [each.id for each in self.ledger.runs.values() if not is_over(each)]
        if left or not touched:
            about = ", ".join((*left, *runs))
            raise Broken(f"not at rest after {BOUND // SECOND} s: {about}", *left, *runs)
        self.timeline.end()
