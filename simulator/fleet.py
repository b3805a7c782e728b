"""The machines of a run: what their processes do with the messages of each queue."""

from dataclasses import dataclass

from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
    RECONCILE_JOBS,
    RECONCILE_JOBS_POISON,
)
from simulator.chance import Counted
from simulator.host import Host
from simulator.inbox import Inbox
from simulator.machines import Machine
from simulator.scenario import Scenario
from simulator.timeline import Process, Timeline

WORKERS, FRONTS = 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Each machine has a clock and a pace of its own."""

    scenario: Scenario
    timeline: Timeline
    chance: Counted
    host: Host

    def fronts(self) -> list[Machine]:
        """Those that people talk to."""
        return [self._machine(f"front {number}", number) for number in range(1, FRONTS + 1)]

    def timers(self) -> Machine:
        """That of the timers."""
        return self._machine("timers", FRONTS + WORKERS + 1)

    def start_workers(self, inbox: Inbox) -> None:
        """Those that work on messages."""
        for number in range(1, WORKERS + 1):
            self._start(number, self._machine(f"worker {number}", FRONTS + number), inbox)

    def _machine(self, name: str, number: int) -> Machine:
        skews, slow = self.scenario.skews, self.scenario.slowness
        process = Process(name, skews[number % len(skews)], slow[number % len(slow)])
        return Machine(process, self.timeline, self.chance)

    def _start(self, number: int, machine: Machine, inbox: Inbox) -> None:
        for lane in "ab":
            self.host.add_lane(f"worker {number}{lane}", machine, DEPLOY_JOBS, inbox.take_hint)
        self.host.add_lane(f"events {number}", machine, DEPLOY_REQUESTS, inbox.take_event)
        self.host.add_lane(f"runs {number}", machine, RECONCILE_JOBS, inbox.take_run_hint)
        poison = {
            DEPLOY_JOBS_POISON: inbox.take_poisoned_hint,
            DEPLOY_REQUESTS_POISON: inbox.take_poisoned_event,
            RECONCILE_JOBS_POISON: inbox.take_poisoned_run_hint,
        }
        for lane, (queue, take) in zip("abc", poison.items(), strict=True):
            if number == 1:
                self.host.add_lane(f"poison {lane}", machine, queue, take)
