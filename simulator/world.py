"""One run, put together: the real service on simulated ports, those who use it, and what is promised."""

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_join import MemoryJoins
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.domain.policy import (
    Policy,
)
from shared.reconcile_ports import ReconcilePorts
from shared.service.catalogue import content
from simulator import model
from simulator.chance import Chance, Counted
from simulator.cloud import SimulatedCloud
from simulator.effects import Effects
from simulator.ending import Ending
from simulator.faults import Faults
from simulator.files import Files
from simulator.fleet import Fleet
from simulator.front import Front
from simulator.hands import Hands
from simulator.history import History
from simulator.host import Host
from simulator.inbox import Inbox
from simulator.late_calls import LateCalls
from simulator.ledger import Ledger
from simulator.listings import Listings
from simulator.moments import Moments
from simulator.old_rows import OldRows
from simulator.operators import Operator
from simulator.outages import Outages
from simulator.people import People
from simulator.promises.rest import Rest, check_answers, check_events
from simulator.randoms import SimulatedRandom
from simulator.scenario import USERS, Scenario
from simulator.sights import Sights
from simulator.storage import SimulatedBlobs, SimulatedQueue, SimulatedTables
from simulator.strangers import THEIR_PATH, Strangers
from simulator.timeline import SkewedClock, Timeline, TrueClock
from simulator.timers import SWEEP_EVERY, Timers
from simulator.unrest import numbers_of
from simulator.watching import watch_over
from simulator.workspace import Workspace


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
        apart = 2 * max(abs(each) for each in scenario.skews)
        self.policy = Policy(
            lease=scenario.lease,
            cloud_timeout=scenario.lease / 3,
            deploy_deadline=scenario.deadline,
            **numbers_of(scenario.unrest),
        )
        self.effects = Effects(self.timeline, chance, self.faults, self.outages, self.history)
        self._apart = apart
        self._answered: list[tuple[str, str, str]] = []
        self._build_storage()
        self._build_cloud()
        self._build_ports()
        self._build_people()
        self._build_machines()

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
        self._blobs = MemoryBlobs(clock.now)
        self.host = Host(self.timeline, self.effects, self._queue, self._counted)
        self.fleet = Fleet(
            scenario=self.scenario, timeline=self.timeline, chance=self._counted, host=self.host
        )
        self.listings = Listings(self.timeline, self._counted, self.scenario.unrest)
        self.files = Files(self._blobs, self.ledger)

    def _build_cloud(self) -> None:
        self.workspace = Workspace(
            TrueClock(self.timeline).now,
            operation_seconds=self.scenario.operation,
            cores=self.scenario.cores,
            has_path=self._has_path,
        )
        self.workspace.broken_paths = {_fragile_path(user) for user in USERS}
        self.strangers = Strangers(self.workspace, self._counted)
        self.old = OldRows(self._tables, self.ledger, self.workspace, TrueClock(self.timeline).now)
        self.watch = watch_over(
            timeline=self.timeline,
            host=self.host,
            strangers=self.strangers,
            files=self.files,
            old=self.old,
            unrest=self.scenario.unrest,
            apart=self._apart,
        )

    def _has_path(self, path: str) -> bool:
        return path == THEIR_PATH or self._blobs.size(f"{path}/MLmodel") is not None

    def _build_ports(self) -> None:
        cloud = SimulatedCloud(
            self.workspace,
            self.effects,
            self._counted,
            self.listings,
            self.watch.begun,
            self.watch.changed,
        )
        blobs = SimulatedBlobs(
            self._blobs,
            self.effects,
            self.listings,
            self.watch.going,
        )
        self.ports = ReconcilePorts(
            clock=SkewedClock(self.timeline),
            random=SimulatedRandom(self.timeline, self._counted),
            tables=SimulatedTables(
                self._tables, self.effects, self.ledger, self.listings, self.watch.landed
            ),
            queue=SimulatedQueue(self._queue, self.effects, self.watch.sent),
            blobs=blobs,
            artifacts=blobs,
            reader=model.Reader(),
            view=cloud,
            packager=model.Packager(),
            control=cloud,
            scorer=cloud,
            joins=MemoryJoins(),
        )

    def _build_people(self) -> None:
        moments = Moments(self.timeline)
        self.effects.begun = moments.notice
        machines = self.fleet.fronts()
        self.people = People(
            timeline=self.timeline,
            chance=self._counted,
            front=Front(self.ports, self.policy),
            fronts=machines,
            ledger=self.ledger,
            moments=moments,
            answered=lambda *answer: self._answered.append(answer),
            mend=lambda user: self.workspace.broken_paths.discard(_fragile_path(user)),
        )
        self.operator = Operator(
            timeline=self.timeline,
            ports=self.ports,
            policy=self.policy,
            machine=machines[0],
            ledger=self.ledger,
        )
        sights = Sights(self.ledger, self.workspace, self.strangers)
        self.hands = Hands(
            timeline=self.timeline,
            moments=moments,
            ledger=self.ledger,
            tables=self._tables,
            workspace=self.workspace,
            strangers=self.strangers,
            sights=sights,
            files=self.files,
            late=LateCalls(self.workspace, sights),
            old=self.old,
        )
        for number, action in enumerate(self.scenario.actions):
            self.people.start(number, action)
        for number, ask in enumerate(self.scenario.unrest.asks):
            self.operator.start(number, ask)
        for number, deed in enumerate(self.scenario.unrest.deeds):
            self.hands.start(number, deed)

    def _build_machines(self) -> None:
        self.fleet.start_workers(Inbox(self.ports, self.policy))
        timers = Timers(self.ports, self.policy, self.fleet.timers(), self.timeline)
        unrest = self.scenario.unrest
        self.ending = Ending(
            timeline=self.timeline,
            ledger=self.ledger,
            faults=self.faults,
            listings=self.listings,
            outages=self.outages,
            host=self.host,
            nightly=timers.nightly,
            operator=self.operator,
            is_busy=self._is_busy,
            touched=self._touched,
            between=unrest.gap + unrest.grace + self._apart + SWEEP_EVERY,
            strained=self._apart > 0 or max(self.scenario.slowness) > 1,
        )
        timers.start(unrest.every, self.ending.look)

    # -------------------------------------------------------------- the end

    def _is_busy(self) -> bool:
        return bool(self.people.busy or self.hands.busy or self.operator.busy)

    def _touched(self) -> set[str]:
        late = (*self.watch.clouds.late, *self.watch.clearing.late)
        return {call.endpoint.lower() for call in late}

    def _check_rest(self) -> None:
        rerouted = self._touched() | self.ledger.by_hand
        restores = self.scenario.unrest.restores
        Rest(self.ledger, self.workspace, self._tables, self.strangers, rerouted, restores).check()
        self.strangers.check()
        self.watch.files.check_rest()
        self.watch.old.check_rest()
        self.watch.withdrawals.check_rest()
        self.watch.usage.check_rest(self._tables, self.timeline.now)
        check_answers(self.ledger, self._answered)
        check_events(self.ledger, self.people.sent)


def _fragile_path(user: str) -> str:
    digest = model.package_digest(model.content(user, "", fragile=True))
    return content.package_folder(digest)
