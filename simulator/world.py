"""One run, put together: the real service on simulated ports, those who use it, and what is promised."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.domain.bookkeeping import Claim
from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
    Policy,
)
from shared.domain.records import Deployment
from shared.ports import WorkerPorts
from shared.service import store
from shared.service.catalogue import content
from simulator import model
from simulator.chance import Chance, Counted
from simulator.cloud import Call, SimulatedCloud, Workspace
from simulator.effects import Effects
from simulator.faults import Faults
from simulator.front import Front
from simulator.history import History
from simulator.host import Host
from simulator.inbox import Inbox
from simulator.ledger import Ledger, Write
from simulator.machines import Machine
from simulator.outages import Outages
from simulator.people import People
from simulator.promises.clouds import CloudPromises
from simulator.promises.index import check_hint
from simulator.promises.rest import Rest, check_answers, check_events
from simulator.promises.writes import WritePromises
from simulator.randoms import SimulatedRandom
from simulator.scenario import USERS, Scenario
from simulator.storage import SimulatedBlobs, SimulatedQueue, SimulatedTables
from simulator.strangers import THEIR_PATH, Strangers
from simulator.timeline import SECOND, Broken, Process, SkewedClock, Timeline, TrueClock
from simulator.timers import JOBS, Timer

WORKERS, FRONTS = 2, 2
BOUND = 4 * 3600 * SECOND
"""Everything is at rest this long after the last fault and the last request, or a promise is broken."""


class World:
    """A run of one scenario under one seed; `run` lets it happen."""

    def __init__(self, seed: int, scenario: Scenario) -> None:
        chance = Chance(seed)
        self.scenario = scenario
        self.timeline = Timeline()
        self.history = History()
        self.ledger = Ledger()
        self.faults = Faults(chance, scenario.faults, scenario.fewest_faults)
        self.outages = Outages(scenario.outages)
        self._counted = Counted(chance)
        self.policy = Policy(
            lease=scenario.lease,
            cloud_timeout=scenario.lease / 3,
            deploy_deadline=scenario.deadline,
        )
        self.effects = Effects(self.timeline, chance, self.faults, self.outages, self.history)
        apart = 2 * max(abs(each) for each in scenario.skews)
        self.write_promises = WritePromises(
            self.ledger, TrueClock(self.timeline).now, timedelta(seconds=apart)
        )
        self._answered: list[tuple[str, str, str]] = []
        self._busy_until = 0
        self._build_storage()
        self._build_cloud()
        self._build_ports()
        self._build_people()

    def run(self) -> None:
        """Goes on until everything is at rest. Raises Broken."""
        try:
            self.timeline.run()
            self._check_rest()
        finally:
            self.timeline.close()

    # -------------------------------------------------------------- building

    def _build_storage(self) -> None:
        clock = TrueClock(self.timeline)
        self._tables, self._queue = MemoryTables(), MemoryQueue(clock)
        self._blobs = MemoryBlobs()
        self.host = Host(self.timeline, self.effects, self._queue, self._counted)

    def _build_cloud(self) -> None:
        self.workspace = Workspace(
            TrueClock(self.timeline).now,
            operation_seconds=self.scenario.operation,
            cores=self.scenario.cores,
            has_path=self._has_path,
        )
        self.workspace.broken_paths = {_fragile_path(user) for user in USERS}
        self.promises = CloudPromises(self.ledger, self.workspace)
        self.strangers = Strangers(self.workspace, self._counted)

    def _has_path(self, path: str) -> bool:
        return path == THEIR_PATH or self._blobs.size(f"{path}/MLmodel") is not None

    def _build_ports(self) -> None:
        cloud = SimulatedCloud(
            self.workspace, self.effects, self._counted, self._cloud_begun, self._cloud_landed
        )
        blobs = SimulatedBlobs(self._blobs, self.effects)
        self.ports = WorkerPorts(
            clock=SkewedClock(self.timeline),
            random=SimulatedRandom(self.timeline, self._counted),
            tables=SimulatedTables(self._tables, self.effects, self.ledger, self._landed),
            queue=SimulatedQueue(self._queue, self.effects, self._sent),
            blobs=blobs,
            artifacts=blobs,
            reader=model.Reader(),
            view=cloud,
            packager=model.Packager(),
            control=cloud,
            scorer=cloud,
        )

    def _build_people(self) -> None:
        machines = [self._machine(f"front {number}", number) for number in range(1, FRONTS + 1)]
        self.people = People(
            timeline=self.timeline,
            chance=self._counted,
            front=Front(self.ports, self.policy),
            fronts=machines,
            ledger=self.ledger,
            answered=lambda *answer: self._answered.append(answer),
            mend=lambda user: self.workspace.broken_paths.discard(_fragile_path(user)),
        )
        self.effects.begun = self.people.notice
        for number, action in enumerate(self.scenario.actions):
            self.people.start(number, action)
        for number in range(1, WORKERS + 1):
            self._add_worker(number, self._machine(f"worker {number}", FRONTS + number))
        timers = self._machine("timers", FRONTS + WORKERS + 1)
        for name, (job, every) in JOBS.items():
            timer = Timer(name, timers, self.timeline, partial(job, self.ports, self.policy))
            timer.start(every, self._look_for_rest)

    def _machine(self, name: str, number: int) -> Machine:
        skews, slow = self.scenario.skews, self.scenario.slowness
        process = Process(name, skews[number % len(skews)], slow[number % len(slow)])
        return Machine(process, self.timeline, self._counted)

    def _add_worker(self, number: int, machine: Machine) -> None:
        inbox = Inbox(self.ports, self.policy)
        for lane in "ab":
            self.host.add_lane(f"worker {number}{lane}", machine, DEPLOY_JOBS, inbox.take_hint)
        self.host.add_lane(f"events {number}", machine, DEPLOY_REQUESTS, inbox.take_event)
        if number == 1:
            self.host.add_lane("poison a", machine, DEPLOY_JOBS_POISON, inbox.take_poisoned_hint)
            self.host.add_lane(
                "poison b", machine, DEPLOY_REQUESTS_POISON, inbox.take_poisoned_event
            )

    # -------------------------------------------------------------- what is watched

    def _landed(self, table: str, writes: Sequence[Write]) -> None:
        actor = self.timeline.current
        self.write_promises.before(table, writes, actor.task)
        for write in writes:
            record = write.record
            if isinstance(record, Deployment) and record.id not in self.ledger.deployments:
                is_first = record.endpoint_name.lower() not in self.ledger.endpoints
                self.strangers.notice(record, is_first=is_first)
            if table == store.RECORDS and (write.is_tombstone or actor.task.kind == "sweep"):
                self.ledger.barred.add(write.row.key)
            if isinstance(record, Claim) and (actor.is_late or self._is_barred(record)):
                self.ledger.late_claims.add(record.name)

    def _is_barred(self, claim: Claim) -> bool:
        """Whether the acceptance that claims a name can no longer commit."""
        return store.tombstone_row("", claim.claimed_for).key in self.ledger.barred

    def _sent(self, queue: str, about: Collection[str]) -> None:
        if queue == DEPLOY_JOBS:
            check_hint(self.ledger, about)
        self.host.notice(queue)

    def _cloud_begun(self, call: Call) -> None:
        self.promises.before(call, self.timeline.current.task)

    def _cloud_landed(self, _call: Call) -> None:
        self.promises.after(self.timeline.current.task)

    # -------------------------------------------------------------- the end

    def _look_for_rest(self) -> None:
        """Ends the run once nothing is left to do. Raises Broken where that takes too long."""
        now = self.timeline.now
        if self.people.busy or now <= self.outages.last_end:
            self._busy_until = now
        elif self.host.is_idle() and not self.ledger.inflight:
            self.timeline.end()
        elif now > max(self._busy_until, self.faults.last_at) + BOUND:
            self._give_up_waiting()

    def _give_up_waiting(self) -> None:
        """Ends the run where only what late calls have touched cannot end; else raises Broken."""
        touched = {call.endpoint.lower() for call in self.promises.late}
        left = sorted(
            each.deployment_id
            for each in self.ledger.inflight.values()
            if each.endpoint_name.lower() not in touched
        )
        if left or not touched:
            raise Broken(f"not at rest after {BOUND // SECOND} s: {', '.join(left)}", *left)
        self.timeline.end()

    def _check_rest(self) -> None:
        Rest(self.ledger, self.workspace, self._tables, self.promises.late).check()
        self.strangers.check()
        check_answers(self.ledger, self._answered)
        check_events(self.ledger, self.people.sent)


def _fragile_path(user: str) -> str:
    digest = model.package_digest(model.content(user, fragile=True))
    return content.package_folder(digest)
