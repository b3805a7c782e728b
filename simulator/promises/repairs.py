"""Promises about what a reconciliation repairs, checked as it does it.

It repairs only what two runs have seen that are far enough apart, of which no listing has failed it, and takes away no more
than it may without approval. It never says of an active deployment that it is gone while Azure ML has it. What it does in
Azure ML is looked at by `clearing` too.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.domain.reconcile.findings import DELETES, Repair
from shared.domain.reconcile.runs import Item, ItemState, Run, RunState
from shared.domain.records import Deployment, Event
from shared.ports import Insert
from shared.service import store
from simulator.ledger import Ledger, Write
from simulator.promises import tags as tags_of
from simulator.promises.ownership import moment_of
from simulator.timeline import SECOND, Broken, Task
from simulator.unrest import Unrest
from simulator.workspace import Workspace

_EVENTS = {"gone_from_cloud": Repair.MARK_FAILED, "registry_entry_gone": Repair.FORGET_VERSION}
_PRECISION = 2 * SECOND


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding that a run has kept, and when that run began to look."""

    run_id: str
    began: int
    kept: int


@dataclass(slots=True, kw_only=True)
class RepairPromises:
    """Watches runs. `apart` is how far clocks may be apart, in microseconds."""

    ledger: Ledger
    workspace: Workspace
    unrest: Unrest
    apart: int
    now: Callable[[], int]
    _turns: dict[str, Task] = field(default_factory=dict)
    _ended: dict[tuple[str, int], int] = field(default_factory=dict)
    _began: dict[str, int] = field(default_factory=dict)
    _unknown: dict[str, set[str]] = field(default_factory=dict)
    _sighted: dict[str, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    _done: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    # -------------------------------------------------------------- what is written

    def wrote(self, table: str, writes: Sequence[Write], task: Task) -> None:
        """Raises Broken where a transaction of a run that is landing breaks a promise."""
        for write in writes:
            match write.record:
                case Run() as run:
                    self._follow(run, task)
                case Item() as item if isinstance(write.operation, Insert):
                    seen = Sighting(item.run_id, self._began.get(item.run_id, 0), self.now())
                    self._sighted[item.finding.key].append(seen)
                case Item() as item if item.state in (ItemState.REPAIRED, ItemState.SKIPPED):
                    self._ended[item.run_id, item.number] = self.now()
                case Event(name=name) as event if name in _EVENTS:
                    self._check_record(self.ledger.deployments[event.deployment_id], name, task)
        name = writes[0].row.partition
        is_release = table == store.CLAIMS and writes[0].is_removal and not name.startswith("~")
        if task.kind == "reconcile" and is_release and self.has_run(task):
            self.require_planned(task, Repair.RELEASE_NAME, name)

    def _follow(self, run: Run, task: Task) -> None:
        before = self.ledger.runs.get(run.id)
        if before is None:
            return
        if run.attempts > before.attempts:
            self._turns[run.id] = task
        if run.state is RunState.OBSERVING and run.lease == before.lease:
            self._began[run.id] = self.now()
        if before.state is RunState.OBSERVING and run.state is not RunState.OBSERVING:
            self._unknown[run.id] = set(task.unknown)

    def _check_record(self, record: Deployment, event: str, task: Task) -> None:
        if event == "registry_entry_gone":
            self._check_forgotten(record, task)
            return
        place = f"{record.endpoint_name}/{record.deployment_name}"
        if self.has_run(task):
            self.require_planned(task, Repair.MARK_FAILED, place)
        found = self.workspace.find_deployment(*place.split("/"))
        if found is None or found.tags.get(tags_of.DEPLOYMENT) != record.id:
            return
        if moment_of(found.created_at) < task.looked_at:
            raise Broken(f"{record.id} is marked as gone, and runs in Azure ML", record.id)

    def _check_forgotten(self, record: Deployment, task: Task) -> None:
        """A retry that is refused forgets the version, too, on its own look at it."""
        name, version = record.azure_model_name, record.azure_model_version
        if self.has_run(task):
            self.require_planned(task, Repair.FORGET_VERSION, f"{name}:{version}")
        found = self.workspace.find_model(name, version)
        if found is not None and moment_of(found.created_at) < task.looked_at:
            raise Broken(f"{record.id} forgets {name}, which is registered", record.id)

    # -------------------------------------------------------------- what a run may do

    def require_begun(self, task: Task, repair: Repair, subject: str) -> None:
        """Raises Broken where a repair that gives something back is not on record as begun."""
        begun = (each.finding.subject.lower() for each in self._begun(task, repair))
        if subject.lower() not in begun:
            raise Broken(f"{repair} of {subject}, which is not on record as begun", task.run_id)

    def require_planned(self, task: Task, repair: Repair, subject: str, since: int = 0) -> None:
        """Raises Broken where a repair is not begun, of what was not looked at, not seen twice, or beyond the cap."""
        begun = self._begun(task, repair)
        items = [each for each in begun if each.finding.subject.lower() == subject.lower()]
        if not items:
            raise Broken(f"{repair} of {subject}, which is not on record as begun", task.run_id)
        area = items[0].finding.rule.area
        if area in self._unknown.get(task.run_id, ()):
            raise Broken(f"{repair} of {subject}, whose listing has failed this run", task.run_id)
        if not any(self._is_seen_twice(each, since) for each in items):
            raise Broken(f"{repair} of {subject}, which was not seen by two runs", task.run_id)
        run = self.ledger.runs[task.run_id]
        done = self._done[task.run_id, area]
        if repair in DELETES:
            done.add(f"{repair} {subject.lower()}")
        if len(done) > self._cap(run, area) and not run.approved_by:
            raise Broken(f"a run takes away {len(done)} of {area} without approval", task.run_id)

    def has_run(self, task: Task) -> bool:
        """Whether a turn still has the run that it leased."""
        return self._turns.get(task.run_id) is task

    def begun_on(self, task: Task, endpoint: str) -> set[str]:
        """The deployments of an endpoint whose removal is on record as begun."""
        items = self._begun(task, Repair.REMOVE_DEPLOYMENT)
        places = (each.finding.subject.partition("/") for each in items)
        return {name for on, _, name in places if on.lower() == endpoint.lower()}

    def _begun(self, task: Task, repair: Repair) -> list[Item]:
        """Those begun, also where a turn that had lost the run has ended one since this turn's last look."""
        return [
            each
            for (run_id, number), each in self.ledger.items.items()
            if run_id == task.run_id
            and (
                each.state is ItemState.BEGUN
                or self._ended.get((run_id, number), -1) >= task.looked_at
            )
            and each.finding.rule.repair is repair
        ]

    def _is_seen_twice(self, item: Item, since: int) -> bool:
        """Whether another run has kept the same finding, long enough before, when the thing was there already."""
        sightings = self._sighted[item.finding.key]
        last = max((each.kept for each in sightings if each.run_id == item.run_id), default=0)
        gap = round(self.unrest.gap * SECOND) - self.apart - _PRECISION
        return any(
            each.run_id != item.run_id and last - each.began >= gap and since <= each.kept
            for each in sightings
        )

    def _cap(self, run: Run, area: str) -> int:
        return max(self.unrest.cap, run.seen.get(area, 0) // 5)
