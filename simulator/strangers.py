"""Others in the same workspace: what they make is not ours, and nobody may touch it.

They are unlucky for us: they take the very name that a deployment was going to have, just as it is
accepted, or put a deployment of their own on our endpoint. They copy our tags, name their things as we
do, and run an installation of Longshore of their own. They never come between a look and the
call that follows it: Azure ML would let us write over what they made, and nothing can prevent it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.cloud_ports import NewDeployment, NewModel
from shared.domain.errors import CloudError
from shared.domain.records import Deployment
from simulator.chance import Counted
from simulator.promises import tags as tags_of
from simulator.timeline import Broken
from simulator.workspace import Call, Workspace

TAGS = {"team": "somebody else's"}
_TAKES = 0.06
_FOREIGN = "20200101000000000000"
"""An id that was never given out here."""
THEIR_PATH = "theirs"


@dataclass(slots=True)
class Strangers:
    """They act as a deployment is accepted, or when told; the rest is what they have made, with its tags."""

    workspace: Workspace
    chance: Counted
    models: dict[str, Mapping[str, str]] = field(default_factory=dict)
    endpoints: dict[str, Mapping[str, str]] = field(default_factory=dict)
    deployments: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    anew: set[tuple[str, str, str]] = field(default_factory=set)

    def notice(self, record: Deployment, *, is_first: bool) -> None:
        """A deployment was accepted; `is_first` where it is to have an endpoint of its own."""
        with self.workspace.at_once():
            takes = [self._take_model, self._take_endpoint if is_first else self._take_deployment]
            for take in takes:
                if self.chance.fraction("strangers", take.__name__) < _TAKES:
                    take(record)

    def check(self) -> None:
        """Raises Broken where something of theirs is gone, or was changed."""
        for name, tags in self.models.items():
            _require(name, tags, self.workspace.models().get(name))
        for name, tags in self.endpoints.items():
            endpoint = self.workspace.find_endpoint(name)
            _require(name, tags, endpoint.tags if endpoint else None)
        for (endpoint_name, name), tags in self.deployments.items():
            deployment = self.workspace.find_deployment(endpoint_name, name)
            _require(name, tags, deployment.tags if deployment else None)

    def forgive(self, call: Call) -> bool:
        """Whether it is of a thing that they made anew: a call that began before cannot be stopped from meeting it."""
        return (call.model, call.endpoint, call.deployment) in self.anew

    def lose(self, call: Call, *, late: bool) -> None:
        """A call has taken effect: what it has written over is theirs no more, nor what a late one took along."""
        if late and call.name == "remove endpoint":
            for place in [each for each in self.deployments if each[0] == call.endpoint]:
                del self.deployments[place]
        if not self.forgive(call):
            return
        if call.model:
            self.models.pop(call.model, None)
        elif call.deployment:
            self.deployments.pop((call.endpoint, call.deployment), None)
        else:
            self.endpoints.pop(call.endpoint, None)

    # -------------------------------------------------------------- as something is accepted

    def _take_model(self, record: Deployment) -> None:
        self.make_model(record.azure_model_name, TAGS)

    def _take_endpoint(self, record: Deployment) -> None:
        if self.workspace.find_endpoint(record.endpoint_name) is None:
            self.make_endpoint(record.endpoint_name, TAGS)

    def _take_deployment(self, record: Deployment) -> None:
        """Only on an endpoint that is there, free, and lived on: one that is empty may just be going."""
        if not self.workspace.list_deployments(record.endpoint_name):
            return
        try:
            self.make_deployment(record.endpoint_name, record.deployment_name, TAGS)
        except CloudError:
            return

    # -------------------------------------------------------------- what looks like ours

    def copy_tags(self, record: Deployment, endpoint: str, number: int) -> None:
        """Ours, on things of their own, of which one is on an endpoint of ours."""
        tags, name = tags_of.of_deployment(record), f"foreign-{number}"
        self.make_deployment(endpoint, f"copied-{number}", tags)
        self.make_endpoint(name, TAGS)
        self.make_deployment(name, record.deployment_name, tags)
        self.make_model(f"their_own_{number}", tags)
        self.make_model(f"model_churn_{_FOREIGN[:-1]}{number}", tags)

    def install(self, number: int) -> None:
        """Another installation of Longshore in the same workspace: all it has looks like ours."""
        name, told = f"another-{number}", f"{_FOREIGN[:-2]}1{number}"
        self.make_endpoint(name, {tags_of.ENDPOINT: "e" * 32, "longshore-owner": "f" * 32})
        self.make_deployment(name, "theirs", {tags_of.DEPLOYMENT: told})
        self.make_model(f"model_churn_{told}", {tags_of.DEPLOYMENT: told})

    def make_untagged(self, endpoint: str, number: int) -> None:
        """Named as ours are, on an endpoint of ours, without any tags."""
        self.make_model(f"model_churn_{_FOREIGN[:-2]}2{number}", {})
        self.make_deployment(endpoint, f"untagged-{number}", {})

    # -------------------------------------------------------------- making

    def make_model(self, name: str, tags: Mapping[str, str]) -> None:
        """Registers one of theirs."""
        self.workspace.register_model(their_model(name, tags))
        self.models[name] = tags

    def make_endpoint(self, name: str, tags: Mapping[str, str]) -> None:
        """An endpoint of theirs. Raises CloudError."""
        self.workspace.put_endpoint(name, tags=tags, traffic={})
        self.workspace.find_endpoint(name)
        self.endpoints[name] = tags

    def make_deployment(self, endpoint: str, name: str, tags: Mapping[str, str]) -> None:
        """A deployment of theirs. Raises CloudError."""
        model = f"model-of-{endpoint}-{name}"
        self.workspace.register_model(their_model(model, TAGS))
        self.workspace.put_deployment(new_deployment(endpoint, name, model, tags))
        self.deployments[endpoint, name] = tags


def _require(name: str, theirs: Mapping[str, str], tags: Mapping[str, str] | None) -> None:
    if tags != theirs:
        raise Broken(f"{name}, which is somebody else's, was changed or removed", name.lower())


def their_model(name: str, tags: Mapping[str, str]) -> NewModel:
    """A version that Longshore has not registered."""
    return NewModel(name=name, version="1", path=THEIR_PATH, description="", tags=tags)


def new_deployment(endpoint: str, name: str, model: str, tags: Mapping[str, str]) -> NewDeployment:
    """A deployment that Longshore has not made."""
    return NewDeployment(
        name=name,
        endpoint_name=endpoint,
        model_name=model,
        model_version="1",
        instance_type="Standard_DS1_v2",
        instance_count=1,
        environment_variables={},
        tags=tags,
    )
