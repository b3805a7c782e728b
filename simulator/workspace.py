"""The workspace in the cloud: the in-memory twin, with what only the simulation may see of it and do to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from shared.adapters.memory_cloud import MemoryCloud
from shared.cloud_ports import CloudEndpoint, NewDeployment


@dataclass(frozen=True, slots=True)
class Call:
    """A change of the cloud as it was asked for; unused parts are empty."""

    name: str
    endpoint: str = ""
    deployment: str = ""
    model: str = ""
    tags: Mapping[str, str] | None = None
    traffic: Mapping[str, int] | None = None


class Workspace(MemoryCloud):
    """The workspace in the cloud, seen from above: everything that is in it, whosever it is."""

    def models(self) -> dict[str, Mapping[str, str]]:
        """The tags of every model version, by its name."""
        return {name: model.tags for (name, _), model in self._models.items()}

    def endpoints(self) -> list[CloudEndpoint]:
        """Every endpoint."""
        self._settle()
        return [each.shown() for each in self._endpoints.values()]

    def given(self, endpoint: str, name: str) -> NewDeployment | None:
        """A deployment as it was asked for."""
        held = self._find(endpoint, name)
        return held.given if held else None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is asked for in here is done by the next look."""
        pace, self.operation_seconds = self.operation_seconds, 0.0
        try:
            yield
        finally:
            self.operation_seconds = pace
            self._settle()
