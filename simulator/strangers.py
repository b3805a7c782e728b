"""Others in the same workspace: what they make is not ours, and nobody may touch it.

They are unlucky for us: they take the very name that a deployment was going to have, just as it is
accepted, or put a deployment of their own on our endpoint. They never come between a look and the
call that follows it: Azure ML would let us write over what they made, and nothing can prevent it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.cloud_ports import NewDeployment, NewModel
from shared.domain.errors import CloudError
from shared.domain.records import Deployment
from simulator.chance import Counted
from simulator.cloud import Workspace
from simulator.timeline import Broken

TAGS = {"team": "somebody else's"}
_TAKES = 0.06
THEIR_PATH = "theirs"


@dataclass(slots=True)
class Strangers:
    """They act as a deployment is accepted; the rest is what they have made."""

    workspace: Workspace
    chance: Counted
    models: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    deployments: list[tuple[str, str]] = field(default_factory=list)

    def notice(self, record: Deployment, *, is_first: bool) -> None:
        """A deployment was accepted; `is_first` where it is to have an endpoint of its own."""
        pace, self.workspace.operation_seconds = self.workspace.operation_seconds, 0
        takes = [self._take_model, self._take_endpoint if is_first else self._take_deployment]
        for take in takes:
            if self.chance.fraction("strangers", take.__name__) < _TAKES:
                take(record)
        self.workspace.operation_seconds = pace

    def check(self) -> None:
        """Raises Broken where something of theirs is gone, or was changed."""
        for name in self.models:
            _require_theirs(name, self.workspace.models().get(name))
        for name in self.endpoints:
            endpoint = self.workspace.find_endpoint(name)
            _require_theirs(name, endpoint.tags if endpoint else None)
        for endpoint_name, name in self.deployments:
            deployment = self.workspace.find_deployment(endpoint_name, name)
            _require_theirs(name, deployment.tags if deployment else None)

    def _take_model(self, record: Deployment) -> None:
        name = record.azure_model_name
        self.workspace.register_model(_model(name))
        self.models.append(name)

    def _take_endpoint(self, record: Deployment) -> None:
        name = record.endpoint_name
        if self.workspace.find_endpoint(name) is None:
            self.workspace.put_endpoint(name, tags=TAGS, traffic={})
            self.endpoints.append(name)

    def _take_deployment(self, record: Deployment) -> None:
        """Only on an endpoint that is there, free, and lived on: one that is empty may just be going."""
        if not self.workspace.list_deployments(record.endpoint_name):
            return
        name = record.deployment_name
        model = _model(f"their-{record.id}")
        self.workspace.register_model(model)
        try:
            self.workspace.put_deployment(_deployment(record, model))
        except CloudError:
            return
        self.deployments.append((record.endpoint_name, name))


def _require_theirs(name: str, tags: Mapping[str, str] | None) -> None:
    if tags != TAGS:
        raise Broken(f"{name}, which is somebody else's, was changed or removed", name.lower())


def _model(name: str) -> NewModel:
    return NewModel(name=name, version="1", path=THEIR_PATH, description="", tags=TAGS)


def _deployment(record: Deployment, model: NewModel) -> NewDeployment:
    return NewDeployment(
        name=record.deployment_name,
        endpoint_name=record.endpoint_name,
        model_name=model.name,
        model_version=model.version,
        instance_type="Standard_DS1_v2",
        instance_count=1,
        environment_variables={},
        tags=TAGS,
    )
