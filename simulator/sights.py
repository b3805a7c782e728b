"""What there is to do something to: records and what the workspace has of them, as nobody in the service sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.domain import plans
from shared.domain.bookkeeping import Claim, ClaimKind, Inflight
from shared.domain.records import Deployment, Status
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.strangers import Strangers
from simulator.workspace import Workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sights:
    """See the module."""

    ledger: Ledger
    workspace: Workspace
    strangers: Strangers

    def standing(self) -> list[Deployment]:
        """What is active, with nothing under way, and runs in Azure ML."""
        active = (each for each in self._finished() if each.status is Status.ACTIVE)
        return [each for each in active if self._tags_of(each) == tags_of.of_deployment(each)]

    def droppable(self) -> list[Deployment]:
        """Those of the standing on whose endpoint nothing is under way, and nobody else lives."""
        theirs = {name.lower() for name, _ in self.strangers.deployments}
        return [
            each
            for each in self.standing()
            if self._is_idle(each) and each.endpoint_name.lower() not in theirs
        ]

    def over(self) -> list[Deployment]:
        """What has failed or was deleted, and is torn down."""
        return [each for each in self._finished() if each.status is not Status.ACTIVE]

    def landable(self) -> list[Deployment]:
        """Those over whose endpoint is there, with their name free on it."""
        return [each for each in self.over() if self._may_land(each)]

    def given_up(self) -> list[Deployment]:
        """Those over whose endpoint is gone, and its name given up."""
        return [each for each in self.over() if self._is_given_up(each)]

    def tagged_before(self) -> list[tuple[Deployment, Claim]]:
        """Those of the droppable whose endpoint's name was given up before, and how it was claimed then."""
        given_up = [each for each in self.ledger.claims.values() if each.kind is ClaimKind.RELEASED]
        return [
            (record, claim)
            for record in self.droppable()
            for claim in given_up
            if claim.claimed_for == record.endpoint_name.lower() and self._is_own_endpoint(record)
        ]

    def kept_models(self) -> list[Deployment]:
        """Those that have failed with a version of theirs in the registry."""
        models = self.workspace.models()
        return [
            each
            for each in self.over()
            if each.status is Status.FAILED
            and models.get(each.azure_model_name) == tags_of.of_deployment(each)
        ]

    def unfinished(self) -> list[Inflight]:
        """Entries of unfinished work that has begun."""
        entries = self.ledger.inflight.values()
        return [each for each in entries if self._is_under_way(each)]

    def is_missed(self, deployment_id: str) -> bool:
        """Whether an active deployment is gone from its endpoint, which is there."""
        record = self.ledger.deployments[deployment_id]
        if record.status is not Status.ACTIVE or self._tags_of(record) is not None:
            return False
        return self._is_own_endpoint(record)

    def is_left(self, _kind: str, name: str, deployment: str) -> bool:
        """Whether what a late call has left is still there, and ours."""
        if _kind == "model":
            return tags_of.DEPLOYMENT in self.workspace.models().get(name, {})
        if _kind == "endpoint":
            found = self.workspace.find_endpoint(name)
            there = self.workspace.list_deployments(name)
            return found is not None and name.lower() not in self.ledger.endpoints and not there
        held = self.workspace.find_deployment(name, deployment)
        return held is not None and tags_of.DEPLOYMENT in held.tags

    def _finished(self) -> list[Deployment]:
        return [each for each in self.ledger.deployments.values() if plans.is_finished(each)]

    def _tags_of(self, record: Deployment) -> dict[str, str] | None:
        found = self.workspace.find_deployment(record.endpoint_name, record.deployment_name)
        return dict(found.tags) if found else None

    def _is_idle(self, record: Deployment) -> bool:
        row = self.ledger.endpoints.get(record.endpoint_name.lower())
        members = (
            [self.ledger.deployments[each.deployment_id] for each in row.members] if row else []
        )
        return row is not None and row.holder is None and all(map(plans.is_finished, members))

    def _may_land(self, record: Deployment) -> bool:
        return self._is_own_endpoint(record) and self._tags_of(record) is None

    def _is_own_endpoint(self, record: Deployment) -> bool:
        found = self.workspace.find_endpoint(record.endpoint_name)
        return found is not None and found.tags.get(tags_of.ENDPOINT) == record.endpoint_tag

    def _is_given_up(self, record: Deployment) -> bool:
        name = record.endpoint_name.lower()
        if name in self.ledger.endpoints or self.workspace.find_endpoint(name) is not None:
            return False
        claim = self.ledger.claims.get(f"~{record.endpoint_tag}")
        return claim is not None and claim.kind is ClaimKind.RELEASED

    def _is_under_way(self, entry: Inflight) -> bool:
        record = self.ledger.deployments.get(entry.deployment_id)
        if record is None or plans.is_finished(record):
            return False
        return entry.generation == record.generation


def pick(some: Sequence[T], which: float) -> T | None:
    """One of them, chosen by a number from 0 to below 1; None where there is none."""
    return some[int(which * len(some))] if some else None
