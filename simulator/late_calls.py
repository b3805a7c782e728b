"""Calls of workers that died long ago, or stood still: they land in Azure ML when all that they were for is over."""

from dataclasses import dataclass, field

from shared.domain.records import Deployment, Status
from simulator.promises import tags as tags_of
from simulator.sights import Sights, pick
from simulator.strangers import TAGS, new_deployment, their_model
from simulator.workspace import Workspace


@dataclass(slots=True)
class LateCalls:
    """Each says whether there was something to do; `left` is what they have made, by kind and place."""

    workspace: Workspace
    sights: Sights
    left: list[tuple[str, str, str]] = field(default_factory=list)

    def land_deployment(self, which: float) -> bool:
        """A deployment of a record that is over, on its endpoint, where that is still there."""
        record = pick(self.sights.landable(), which)
        return record is not None and self._land(record)

    def land_endpoint(self, number: int, which: float) -> bool:
        """An endpoint whose name was given up, at times with a deployment on it that has traffic."""
        record = pick(self.sights.given_up(), which)
        if record is None:
            return False
        tags = {tags_of.ENDPOINT: record.endpoint_tag, "longshore-owner": record.user_key}
        name = record.endpoint_name
        self.workspace.put_endpoint(name, tags=tags, traffic={})
        self.left.append(("endpoint", name, ""))
        landed = number % 2 == 1 and self._land(record)
        if not landed:
            return True
        self.workspace.find_endpoint(name)
        self.workspace.put_endpoint(name, tags=tags, traffic={record.deployment_name: 100})
        return True

    def land_tags(self, which: float) -> bool:
        """An endpoint that is lived on has the tags again that its name had before."""
        found = pick(self.sights.tagged_before(), which)
        if found is None:
            return False
        record, before = found
        endpoint = self.workspace.find_endpoint(record.endpoint_name)
        if endpoint is None:
            return False
        tags = {tags_of.ENDPOINT: before.tag, "longshore-owner": before.user_key}
        self.workspace.put_endpoint(endpoint.name, tags=tags, traffic=endpoint.traffic)
        return True

    def land_model(self, which: float) -> bool:
        """A version of a record that was deleted."""
        gone = [each for each in self.sights.over() if each.status is Status.DELETED]
        there = self.workspace.models()
        record = pick([each for each in gone if each.azure_model_name not in there], which)
        if record is None:
            return False
        model = their_model(record.azure_model_name, tags_of.of_deployment(record))
        self.workspace.register_model(model)
        self.left.append(("model", record.azure_model_name, ""))
        return True

    def _land(self, record: Deployment) -> bool:
        name, tags = record.deployment_name, tags_of.of_deployment(record)
        model = f"model-of-{record.endpoint_name}-{name}"
        self.workspace.register_model(their_model(model, TAGS))
        self.workspace.find_endpoint(record.endpoint_name)
        self.workspace.put_deployment(new_deployment(record.endpoint_name, name, model, tags))
        self.left.append(("deployment", record.endpoint_name, name))
        return True
