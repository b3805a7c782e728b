"""Promises about what a reconciliation repairs, checked as it does it.

It takes away only what is ours and needed by no record at that moment; only what two runs have seen that are far enough
apart, of which no listing has failed it, and no more than it may without approval. It never says of an active deployment that
it is gone while Azure ML has it. What came to be otherwise between its last look and its call cannot be seen by it:
such late calls are counted.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.adapters.memory_clock import START
from shared.domain.reconcile.findings import DELETES, Repair
from shared.domain.reconcile.runs import Item, ItemState, Run, RunState
from shared.domain.records import Deployment, Event, Member
from shared.ports import Insert
from shared.service import store
from simulator.ledger import Ledger, Write
from simulator.promises import tags as tags_of
from simulator.promises.ownership import Ownership
from simulator.timeline import SECOND, Broken, Task
from simulator.unrest import Unrest
from simulator.workspace import Call

_REPAIRS = {
    "remove deployment": Repair.REMOVE_DEPLOYMENT,
    "put traffic": Repair.REMOVE_DEPLOYMENT,
    "remove endpoint": Repair.REMOVE_ENDPOINT,
    "remove model": Repair.REMOVE_MODEL,
}
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
    """Watches runs. `apart` is how far clocks may be apart, in microseconds; `late` are calls that nobody could stop."""

    ledger: Ledger
    ownership: Ownership
    unrest: Unrest
    apart: int
    now: Callable[[], int]
    late: list[Call] = field(default_factory=list)
    _turns: dict[str, Task] = field(default_factory=dict)
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
                case Event(name=name) as event if name in _EVENTS:
                    self._check_record(self.ledger.deployments[event.deployment_id], name, task)
        if task.kind == "reconcile" and table == store.CLAIMS and writes[0].is_removal:
            name = writes[0].row.partition
            self._require_planned(task, Repair.RELEASE_NAME, name)

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
            subject = f"{record.azure_model_name}:{record.azure_model_version}"
            self._require_planned(task, Repair.FORGET_VERSION, subject)
            return
        place = f"{record.endpoint_name}/{record.deployment_name}"
        self._require_planned(task, Repair.MARK_FAILED, place)
        found = self.ownership.workspace.find_deployment(*place.split("/"))
        if found is None or found.tags.get(tags_of.DEPLOYMENT) != record.id:
            return
        if found.created_at is None or _moment(found.created_at) < task.looked_at:
            raise Broken(f"{record.id} is marked as gone, and runs in Azure ML", record.id)

    # -------------------------------------------------------------- what is done in the cloud

    def before(self, call: Call, task: Task) -> None:
        """Raises Broken where a call that is about to take effect must not be made."""
        if call.traffic is not None:
            self._check_traffic(call, task)
            return
        if call.model:
            subject, why = f"{call.model}:1", self.ownership.why_model_stays(call.model)
        elif call.deployment:
            subject = f"{call.endpoint}/{call.deployment}"
            why = self.ownership.why_deployment_stays(call.endpoint, call.deployment)
            why = why or self._why_held(call.endpoint)
        else:
            subject, why = call.endpoint, self.ownership.why_endpoint_stays(call.endpoint)
        if why:
            self._require_late(call, task, f"{call.name} of {subject} by a run: {why}")
        if self._turns.get(task.run_id) is not task:
            self.late.append(call)  # another turn has the run by now
        else:
            self._require_planned(task, _REPAIRS[call.name], subject, self._since(call))

    def _check_traffic(self, call: Call, task: Task) -> None:
        """Only the share of what is about to be removed may go, on an endpoint of ours, with its tags as they are."""
        found = self.ownership.workspace.find_endpoint(call.endpoint)
        if (
            found is None
            or call.tags != found.tags
            or not self.ownership.is_own_endpoint(call.endpoint)
        ):
            self._require_late(call, task, f"a run routes {call.endpoint}, which is not ours")
            return
        if self._turns.get(task.run_id) is not task:
            self.late.append(call)
            return
        shares = call.traffic or {}
        gone = [name for name in found.traffic if name not in shares]
        planned = {
            each.finding.subject.partition("/")[2]
            for each in self._begun(task, Repair.REMOVE_DEPLOYMENT)
            if each.finding.subject.partition("/")[0].lower() == call.endpoint.lower()
        }
        if not planned.issuperset(gone) or sum(shares.values()) not in (0, 100):
            told = (
                f"a run routes {dict(shares)} on {call.endpoint}, where {dict(found.traffic)} was"
            )
            self._require_late(call, task, told)
        for name in gone:
            if why := self.ownership.why_deployment_stays(call.endpoint, name):
                self._require_late(call, task, f"a run takes {name} out of the traffic: {why}")

    def _why_held(self, endpoint: str) -> str:
        row = self.ledger.endpoints.get(endpoint.lower())
        held = row is not None and row.holder is not None
        return f"{endpoint} is being changed by a deployment" if held else ""

    def _require_late(self, call: Call, task: Task, broken: str) -> None:
        """Raises Broken unless what is so now has come to be since the run's last look."""
        since = task.looked_at - round(self.unrest.lag * SECOND)
        names = [call.endpoint.lower(), call.model]
        names += [each.deployment_id for each in self._members(call.endpoint)]
        names += [each.id for each in self.ledger.deployments.values() if _is_about(each, call)]
        changed = any(self.ledger.changed_at.get(name, -1) >= since for name in names)
        if not changed and not any(each >= since for each in self._made(call)):
            raise Broken(broken, call.endpoint.lower(), call.model, task.run_id)
        self.late.append(call)

    def _members(self, endpoint: str) -> Sequence[Member]:
        row = self.ledger.endpoints.get(endpoint.lower())
        return row.members if row else ()

    def _made(self, call: Call) -> list[int]:
        """When the things were made that a call meets."""
        workspace = self.ownership.workspace
        found = [workspace.find_endpoint(call.endpoint)] if call.endpoint else []
        there = workspace.list_deployments(call.endpoint) if call.endpoint else []
        made = [each.created_at for each in (*found, *there) if each and each.created_at]
        model = workspace.find_model(call.model, "1") if call.model else None
        return [_moment(each) for each in (*made, *([model.created_at] if model else [])) if each]

    def _since(self, call: Call) -> int:
        """When the thing was made that goes; 0 where it is not there."""
        workspace, at = self.ownership.workspace, None
        if call.model:
            model = workspace.find_model(call.model, "1")
            at = model.created_at if model else None
        elif call.deployment:
            deployment = workspace.find_deployment(call.endpoint, call.deployment)
            at = deployment.created_at if deployment else None
        elif (endpoint := workspace.find_endpoint(call.endpoint)) is not None:
            at = endpoint.created_at
        return _moment(at) if at else 0

    # -------------------------------------------------------------- what a run may do

    def _require_planned(self, task: Task, repair: Repair, subject: str, since: int = 0) -> None:
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

    def _begun(self, task: Task, repair: Repair) -> list[Item]:
        return [
            each
            for (run_id, _), each in self.ledger.items.items()
            if run_id == task.run_id
            and each.state is ItemState.BEGUN
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


def _is_about(record: Deployment, call: Call) -> bool:
    if call.model:
        return record.azure_model_name == call.model
    return record.endpoint_name.lower() == call.endpoint.lower()


def _moment(at: datetime) -> int:
    return round((at - START).total_seconds() * SECOND)
