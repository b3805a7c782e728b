"""Promises about Azure ML, checked before and after each change there.

A changing call is made by a turn that holds its record and the endpoint, under names and tags that
are on record. The one exception: a turn that stood still just before its call, and lost its record
meanwhile, cannot be stopped from making it. Such a late call is kept in `late`; what it leaves behind
is for the reconciliation. Nothing excuses touching what is not ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.records import Deployment, Endpoint, Holder
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.promises.ownership import Ownership
from simulator.strangers import Strangers
from simulator.timeline import Broken, Task
from simulator.workspace import Call, Workspace


@dataclass(slots=True)
class CloudPromises:
    """Watches a workspace; `late` are the changes of turns that had lost their record."""

    ledger: Ledger
    workspace: Workspace
    strangers: Strangers
    late: list[Call] = field(default_factory=list)

    def before(self, call: Call, task: Task) -> None:
        """Raises Broken where a call that is about to take effect must not be made."""
        record = self.ledger.deployments.get(task.deployment_id)
        has_lost = record is not None and self.ledger.turns.get(record.id) is not task
        if not (has_lost and self.strangers.forgive(call)):
            self._require_ours(call)
        if record is None or task.kind != "turn":
            raise Broken(f"{call.name} was called by {task.kind}, without a record")
        if self.ledger.turns.get(record.id) is not task or record.generation != task.generation:
            self.late.append(call)
            return
        if call.model:
            self._check_model(call, record)
        else:
            self._check_place(call, record)

    def after(self, task: Task) -> None:
        """Raises Broken where one record has come to have two of something."""
        copies = self._copies(task.deployment_id)
        if any(len(names) > 1 for names in copies):
            raise Broken(f"{task.deployment_id} has two of one kind: {copies}", task.deployment_id)

    def _require_ours(self, call: Call) -> None:
        tags = self._tags(call)
        if tags is not None and not tags_of.are_ours(tags):
            raise Broken(
                f"{call.name} of {call.endpoint or call.model}, which is not ours",
                call.endpoint.lower(),
            )

    def _tags(self, call: Call) -> Mapping[str, str] | None:
        """The tags of what a call changes; None where there is nothing yet."""
        if call.model:
            return self.workspace.models().get(call.model)
        if call.deployment:
            found = self.workspace.find_deployment(call.endpoint, call.deployment)
            return found.tags if found else None
        endpoint = self.workspace.find_endpoint(call.endpoint)
        return endpoint.tags if endpoint else None

    def _check_model(self, call: Call, record: Deployment) -> None:
        if call.model != record.azure_model_name:
            raise Broken(f"the model {call.model} is not what {record.id} has on record", record.id)
        tags = call.tags if call.tags is not None else self._tags(call)
        if tags is not None and dict(tags) != tags_of.of_deployment(record):
            raise Broken(
                f"the tags of the model {call.model} are not those of {record.id}", record.id
            )

    def _check_place(self, call: Call, record: Deployment) -> None:
        """The endpoint is on record, the deployment is on it, and holds it.

        What a late call has left may be taken away after all that is over.
        """
        about = (record.id, record.endpoint_name.lower())
        row = self.ledger.endpoints.get(call.endpoint.lower())
        if call.name == "remove deployment" and not _is_member(record, row):
            self._check_tags(call, record)
            return
        if call.name == "put traffic" and not _is_member(record, row):
            self._check_left(call, record)
            return
        if row is None or row.tag != record.endpoint_tag:
            raise Broken(f"{call.name} of {call.endpoint}, which is not on record", *about)
        if row.holder != Holder(deployment_id=record.id, generation=record.generation):
            raise Broken(f"{call.name} by {record.id}, which does not hold {row.name}", *about)
        if call.deployment:
            self._check_deployment(call, record, row)
        else:
            self._check_endpoint(call, record, row)

    def _check_left(self, call: Call, record: Deployment) -> None:
        """Of what had left its endpoint only its own share may go; where others are there, as their row says."""
        found, row = (
            self.workspace.find_endpoint(call.endpoint),
            self.ledger.endpoints.get(call.endpoint.lower()),
        )
        tags = {tags_of.ENDPOINT: record.endpoint_tag, "longshore-owner": record.user_key}
        if found is None or dict(found.tags) != tags or dict(call.tags or {}) != tags:
            raise Broken(f"{call.name} of {call.endpoint}, which is not on record", record.id)
        shares = row.traffic if row and row.tag == record.endpoint_tag else found.traffic
        gone = {name for name, share in shares.items() if share} - set(call.traffic or {})
        if gone - {record.deployment_name}:
            raise Broken(f"{call.name} takes {sorted(gone)} from {call.endpoint}", record.id)

    def _check_deployment(self, call: Call, record: Deployment, row: Endpoint) -> None:
        if not _is_member(record, row):
            raise Broken(f"{call.name} by {record.id}, which is not on {row.name}", record.id)
        if call.deployment != record.deployment_name:
            raise Broken(
                f"{call.name} of {call.deployment}, not the name of {record.id}", record.id
            )
        self._check_tags(call, record)

    def _check_tags(self, call: Call, record: Deployment) -> None:
        for tags in (call.tags, self._tags(call)):
            if tags is not None and dict(tags) != tags_of.of_deployment(record):
                raise Broken(f"{call.name}: the tags are not those of {record.id}", record.id)

    def _check_endpoint(self, call: Call, record: Deployment, row: Endpoint) -> None:
        """What a late call has put on it after the last look is written over by the next, which sends all tags."""
        late = [
            dict(each.tags) for each in self.late if each.tags and each.endpoint == call.endpoint
        ]
        wanted, there = tags_of.of_endpoint(row), self._tags(call)
        sent_others = call.tags is not None and dict(call.tags) != wanted
        before = Ownership(self.ledger, self.workspace).was_released(call.endpoint)
        if sent_others or not (there is None or before or dict(there) in (wanted, *late)):
            raise Broken(f"{call.name}: the tags are not those of {row.name}", record.id)
        if call.traffic is None and self._made_in_time(call.endpoint):
            raise Broken(f"{row.name} is removed with deployments on it", record.id)
        if sum((call.traffic or {}).values()) not in (0, 100):
            raise Broken(f"{row.name} is routed {dict(call.traffic or {})}", record.id)

    def _made_in_time(self, endpoint_name: str) -> list[str]:
        """The deployments on an endpoint but for those of late calls, which may land after the last look."""
        late = {
            call.deployment
            for call in self.late
            if call.name == "put deployment" and call.endpoint == endpoint_name
        }
        there = {each.name for each in self.workspace.list_deployments(endpoint_name)}
        return sorted(there - late)

    def _copies(self, deployment_id: str) -> tuple[list[str], list[str]]:
        """The models and the deployments in the cloud that carry the tag of one record."""

        def is_its(tags: Mapping[str, str]) -> bool:
            return tags.get(tags_of.DEPLOYMENT) == deployment_id

        theirs = self.strangers
        models = [
            name
            for name, tags in self.workspace.models().items()
            if is_its(tags) and name not in theirs.models
        ]
        deployments = [
            f"{endpoint.name}/{each.name}"
            for endpoint in self.workspace.endpoints()
            for each in self.workspace.list_deployments(endpoint.name)
            if is_its(each.tags) and (endpoint.name, each.name) not in theirs.deployments
        ]
        return models, deployments


def _is_member(record: Deployment, row: Endpoint | None) -> bool:
    """Whether the deployment is on the endpoint, and the endpoint the one it was accepted for."""
    return (
        row is not None
        and row.tag == record.endpoint_tag
        and any(each.deployment_id == record.id for each in row.members)
    )
