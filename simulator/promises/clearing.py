"""Promises about what a reconciliation changes in Azure ML, checked as it does it.

It takes away only what is ours and needed by no record at that moment. What came to be otherwise between its last look and
its call cannot be seen by it: such late calls are counted, and so are those of a turn that has lost its run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.domain.reconcile.findings import Repair
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.promises.ownership import Ownership
from simulator.promises.repairs import RepairPromises
from simulator.timeline import SECOND, Broken, Task
from simulator.unrest import Unrest
from simulator.workspace import Call

_REPAIRS = {
    "remove deployment": Repair.REMOVE_DEPLOYMENT,
    "remove endpoint": Repair.REMOVE_ENDPOINT,
    "remove model": Repair.REMOVE_MODEL,
}


@dataclass(slots=True, kw_only=True)
class ClearingPromises:
    """Watches calls. `late` are those that nobody could stop."""

    ledger: Ledger
    ownership: Ownership
    repairs: RepairPromises
    unrest: Unrest
    late: list[Call] = field(default_factory=list)

    def before(self, call: Call, task: Task) -> None:
        """Raises Broken where a call that is about to take effect must not be made."""
        if call.name == "put tags":
            self._check_tags(call, task)
        elif call.traffic is None:
            self._check_removal(call, task)
        else:
            self._check_traffic(call, task)

    def _check_removal(self, call: Call, task: Task) -> None:
        own, name = self.ownership, call.endpoint
        if call.model:
            subject, why = f"{call.model}:1", own.why_model_stays(call.model)
        elif call.deployment:
            subject = f"{name}/{call.deployment}"
            why = own.why_deployment_stays(name, call.deployment)
        else:
            subject, why = name, own.why_endpoint_stays(name)
        facts = own.facts(name, call.deployment, call.model)
        told = f"{call.name} of {subject} by a run"
        if why:
            self._require_late(call, task, f"{told}: {why}", facts)
        elif call.deployment and self._is_held(name):
            held_since = [self.ledger.changed_at.get(name.lower(), 0)]
            self._require_late(call, task, f"{told}, while a deployment changes it", held_since)
        if self._is_late(call, task) or not own.is_there(call):
            return
        repair = _REPAIRS[call.name]
        if call.model and (model_id := own.leaving_model(call.model)):
            repair, subject = Repair.FINISH_DELETION, model_id
        if facts[0] >= task.looked_at:  # what it had looked at is gone, and this came to be since
            self.repairs.require_begun(task, repair, subject)
            self.late.append(call)
            return
        self.repairs.require_planned(task, repair, subject, facts[0])

    def _check_traffic(self, call: Call, task: Task) -> None:
        """Only the share of what is about to be removed may go, on an endpoint of ours, with its tags as they are."""
        own, name = self.ownership, call.endpoint
        found, facts = own.workspace.find_endpoint(name), own.facts(name, "", "")
        if found is None and self._is_late(call, task):  # it makes the endpoint again, empty
            return
        if found is None or call.tags != found.tags or not own.is_own_endpoint(name):
            self._require_late(call, task, f"a run routes {name}, which is not ours", facts)
            return
        if self._is_late(call, task):
            return
        shares = call.traffic or {}
        gone = [each for each in found.traffic if each not in shares]
        planned = self.repairs.begun_on(task, name)
        if not planned.issuperset(gone) or sum(shares.values()) not in (0, 100):
            told = f"a run routes {dict(shares)} on {name}, where {dict(found.traffic)} was"
            self._require_late(call, task, told, facts)
        for each in gone:
            if why := own.why_deployment_stays(name, each):
                told = f"a run takes {each} out of the traffic: {why}"
                self._require_late(call, task, told, own.facts(name, each, ""))

    def _check_tags(self, call: Call, task: Task) -> None:
        """Only those of its row, on an endpoint that has some of an earlier time, and the traffic stays as it is."""
        if self._is_late(call, task):
            return
        own, name = self.ownership, call.endpoint
        found, row = own.workspace.find_endpoint(name), self.ledger.endpoints.get(name.lower())
        facts = own.facts(name, "", "")
        right = row is not None and call.tags == tags_of.of_endpoint(row)
        same = found is not None and dict(call.traffic or {}) == dict(found.traffic)
        if not (right and same and own.was_released(name)):
            self._require_late(call, task, f"a run tags {name} as {dict(call.tags or {})}", facts)
        elif self._is_held(name):
            held_since = [self.ledger.changed_at.get(name.lower(), 0)]
            self._require_late(call, task, f"a run tags {name} while it is held", held_since)
        self.repairs.require_begun(task, Repair.RETAG, name)

    def _is_held(self, endpoint: str) -> bool:
        row = self.ledger.endpoints.get(endpoint.lower())
        return row is not None and row.holder is not None

    def _is_late(self, call: Call, task: Task) -> bool:
        """Whether another turn has the run by now."""
        if self.repairs.has_run(task):
            return False
        self.late.append(call)
        return True

    def _require_late(self, call: Call, task: Task, broken: str, facts: Sequence[int]) -> None:
        """Raises Broken unless one of the facts that make it so has come to be since the run's last look.

        What is on an endpoint is known from a listing only, which may lag.
        """
        is_listed = call.traffic is None and not (call.deployment or call.model)
        since = task.looked_at - (round(self.unrest.lag * SECOND) if is_listed else 0)
        if not any(each >= since for each in facts):
            raise Broken(broken, call.endpoint.lower(), call.model, task.run_id)
        self.late.append(call)
