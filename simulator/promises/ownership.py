"""Why a thing in Azure ML may not be taken away by a reconciliation, in words of its own; empty where it may.

Only what is ours by its tags and our records may go, at the place that the record names, and what no record needs.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain import plans
from shared.domain.bookkeeping import ClaimKind
from shared.domain.records import Deployment, Status
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.timeline import BEGINNING, SECOND
from simulator.workspace import Call, Workspace


@dataclass(frozen=True, slots=True)
class Ownership:
    """Judges by everything there is, as it is now."""

    ledger: Ledger
    workspace: Workspace

    def why_deployment_stays(self, endpoint: str, name: str) -> str:
        """For a deployment."""
        found = self.workspace.find_deployment(endpoint, name)
        if found is None:
            return ""
        told = found.tags.get(tags_of.DEPLOYMENT, "")
        claim, record = self.ledger.claims.get(told), self.ledger.deployments.get(told)
        if claim is None or claim.kind is not ClaimKind.DEPLOYMENT:
            return "its tags do not lead to a deployment of ours"
        if record is None:
            return "" if self.is_own_endpoint(endpoint) else "its endpoint is not ours"
        if (record.endpoint_name.lower(), record.deployment_name) != (endpoint.lower(), name):
            return f"its tags are a copy: {told} is elsewhere"
        if not plans.is_finished(record):
            return f"work on {told} is under way"
        return f"{told} is active" if record.status is Status.ACTIVE else ""

    def why_endpoint_stays(self, name: str) -> str:
        """For an endpoint."""
        found = self.workspace.find_endpoint(name)
        if found is None:
            return ""
        claim = self.ledger.claims.get(name.lower())
        is_claimed = claim is not None and claim.tag == found.tags.get(tags_of.ENDPOINT)
        if name.lower() in self.ledger.endpoints or is_claimed:
            return "its name is on record"
        if not self.was_released(name):
            return "its tags are not those of a name that we gave up"
        if there := self.workspace.list_deployments(name):
            return f"{there[0].name} is on it"
        tag = found.tags.get(tags_of.ENDPOINT)
        used = (each for each in self.ledger.deployments.values() if each.endpoint_tag == tag)
        coming = [each.id for each in used if each.status is Status.DEPLOYING]
        return f"{coming[0]} is about to live on it" if coming else ""

    def why_model_stays(self, name: str) -> str:
        """For a model version."""
        tags = self.workspace.models().get(name)
        if tags is None:
            return ""
        told = tags.get(tags_of.DEPLOYMENT, "")
        claim, record = self.ledger.claims.get(told), self.ledger.deployments.get(told)
        if claim is None or claim.kind is not ClaimKind.DEPLOYMENT:
            return "its tags do not lead to a deployment of ours"
        if f"_{told}" not in name or not name.startswith("model_"):
            return f"its tags are a copy: the model of {told} has another name"
        if record is None or self.leaving_model(name):
            return ""
        return _why_needed(record, name)

    def leaving_model(self, name: str) -> str:
        """The model of the catalogue that is being deleted, where a version is what a failed deployment kept of it."""
        told = self.workspace.models().get(name, {}).get(tags_of.DEPLOYMENT, "")
        record = self.ledger.deployments.get(told)
        model = self.ledger.models.get(record.model_id) if record else None
        if record is None or model is None or model.leaving is None:
            return ""
        is_over = record.status is Status.FAILED and plans.is_finished(record)
        return model.id if is_over else ""

    def is_own_endpoint(self, name: str) -> bool:
        """Whether an endpoint is that of our row, or of a name that we gave up."""
        found, row = self.workspace.find_endpoint(name), self.ledger.endpoints.get(name.lower())
        if found is None or row is None:
            return found is not None and self.was_released(name)
        return dict(found.tags) == tags_of.of_endpoint(row)

    def is_there(self, call: Call) -> bool:
        """Whether a call is about something: another one may have removed it already."""
        if call.model:
            return call.model in self.workspace.models()
        if call.deployment:
            return self.workspace.find_deployment(call.endpoint, call.deployment) is not None
        return self.workspace.find_endpoint(call.endpoint) is not None

    def facts(self, endpoint: str, deployment: str, model: str) -> list[int]:
        """When the thing was made, then when what makes it ours or another's has come to be so, as it is now.

        For an endpoint also when the things on it were made. 0 stands for what is not there.
        """
        changed, workspace = self.ledger.changed_at, self.workspace
        if model:
            version = workspace.find_model(model, "1")
            told = version.tags.get(tags_of.DEPLOYMENT, "") if version else ""
            return [moment_of(version.created_at if version else None), changed.get(told, 0)]
        if deployment:
            held = workspace.find_deployment(endpoint, deployment)
            told = held.tags.get(tags_of.DEPLOYMENT, "") if held else ""
            return [moment_of(held.created_at if held else None), changed.get(told, 0)]
        found, there = workspace.find_endpoint(endpoint), workspace.list_deployments(endpoint)
        made = moment_of(found.created_at if found else None)
        on_it = [moment_of(each.created_at) for each in there]
        return [made, changed.get(endpoint.lower(), 0), *on_it]

    def was_released(self, name: str) -> bool:
        """Whether the tags of an endpoint are those of a name that we gave up."""
        found = self.workspace.find_endpoint(name)
        tags = found.tags if found else {}
        claim = self.ledger.claims.get(f"~{tags.get(tags_of.ENDPOINT, '')}")
        if claim is None or claim.kind is not ClaimKind.RELEASED:
            return False
        return (claim.claimed_for, claim.user_key) == (name.lower(), tags.get("longshore-owner"))


def _why_needed(record: Deployment, name: str) -> str:
    if not plans.is_finished(record):
        return f"work on {record.id} is under way"
    kept = record.status is not Status.DELETED and record.azure_model_version
    return f"{record.id} needs it" if kept and record.azure_model_name == name else ""


def moment_of(at: datetime | None) -> int:
    """A time in microseconds since the beginning; 0 for none."""
    return round((at - BEGINNING).total_seconds() * SECOND) if at else 0
