"""Promises about a model that its owner deletes: nothing goes that a deployment needs, and no deployment is left without it."""

from dataclasses import dataclass

from shared.domain import plans
from shared.domain.records import Deployment, Status
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.timeline import Broken, Task
from simulator.workspace import Call, Workspace


@dataclass(frozen=True, slots=True)
class WithdrawalPromises:
    """Watches what requests change in Azure ML, and what goes from the catalogue."""

    ledger: Ledger
    workspace: Workspace

    def before(self, call: Call, task: Task) -> None:
        """Raises Broken unless it removes what a failed deployment had kept of a model that is being deleted.

        What has come to be otherwise since the last look cannot be seen.
        """
        tags = self.workspace.models().get(call.model)
        if call.name == "remove model" and tags is None:
            return  # somebody else was faster
        if call.name != "remove model" or not tags:
            raise Broken(f"a request made the call {call.name} of {call.endpoint or call.model}")
        record = self.ledger.deployments.get(tags.get(tags_of.DEPLOYMENT, ""))
        if record is None or record.user_key != task.user_key:
            raise Broken(f"a request removes the model {call.model}, which is not its user's")
        changed = self.ledger.changed_at
        known_since = max(changed.get(record.id, 0), changed.get(record.model_id, 0))
        if not _is_given_up(self.ledger, record) and known_since < task.looked_at:
            raise Broken(f"a request removes what {record.id} needs", record.id)

    def left(self, model_id: str) -> None:
        """Raises Broken where a model has gone of which a deployment is active."""
        for record in self.ledger.deployments.values():
            if record.model_id == model_id and record.status is Status.ACTIVE:
                raise Broken(f"the model of {record.id} goes, which is active", record.id)

    def check_rest(self) -> None:
        """Raises Broken where a deletion is not done with, or a deployment is not told that its model is gone."""
        if leaving := [each.id for each in self.ledger.models.values() if each.leaving]:
            raise Broken(f"at rest, and half deleted: {leaving}", *leaving)
        for record in self.ledger.deployments.values():
            has_model = record.model_id in self.ledger.models
            if record.model_deleted and has_model and record.status is Status.ACTIVE:
                raise Broken(f"{record.id} is told that its model is gone", record.id)
            if not has_model and not record.model_deleted:
                raise Broken(f"{record.id} is not told that its model is gone", record.id)
            if not has_model and record.status is Status.ACTIVE:
                raise Broken(f"{record.id} is active, and its model is deleted", record.id)


def _is_given_up(ledger: Ledger, record: Deployment) -> bool:
    model = ledger.models.get(record.model_id)
    is_leaving = model is None or model.leaving is not None
    return is_leaving and record.status is Status.FAILED and plans.is_finished(record)
