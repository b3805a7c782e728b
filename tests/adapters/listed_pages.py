"""A listing of Azure ML whose pages are planned one by one, and the view that reads it without waiting."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.domain.errors import CloudError
from tests.local.azure_ml import running

TIMEOUT = 0.8
LONG = ("onlineEndpoints", "models", "models/m/versions")
"""The listings that may have many pages, by their paths below the workspace."""


class Listing:
    """`show` and `meet` plan what the next requests get, each in its turn; `read` lists."""

    def __init__(self, emulator: running.Running, workspace: Workspace, path: str) -> None:
        self._emulator, self._path = emulator, path
        self._url = f"{emulator.url}{workspace.id}/{path}?api-version=1"
        self.pauses: list[float] = []
        self.view = AzureMlView(workspace, Credential(), timeout=TIMEOUT, pause=self.pauses.append)
        self._lists: dict[str, Callable[[], Iterable[object]]] = {
            "onlineEndpoints": self.view.list_endpoints,
            "models": self.view.list_models,
            "models/m/versions": lambda: self.view.list_versions("m"),
            "onlineEndpoints/e/deployments": lambda: self.view.list_deployments("e"),
        }

    def read(self) -> Iterator[str]:
        """The names of endpoints, models and deployments, and the numbers of versions."""
        for each in self._lists[self._path]():
            yield str(getattr(each, "version", getattr(each, "name", each)))

    def link(self, number: int) -> str:
        """An address of a page."""
        return f"{self._url}&$skip={number}"

    def show(self, *names: str, link: object = None, late: float = 0) -> None:
        """A page with these entries that leads on to `link`, so many seconds late."""
        value = [{"name": name, "properties": {}} for name in names]
        self.meet({"status": 200, "body": {"value": value, "nextLink": link}, "delay": late})

    def meet(self, action: dict[str, Any], times: int = 1) -> None:
        """So many requests for a page, or all further ones (0), meet this."""
        self._emulator.fault("GET", f"/{self._path}$", action, times=times)

    def asked(self) -> int:
        """How many requests there were for pages: the first plan sees them all."""
        return int(self._emulator.control("GET", "faults")["faults"][0]["seen"])


@contextlib.contextmanager
def listing(emulator: running.Running, workspace: Workspace, path: str) -> Iterator[Listing]:
    """A listing below a workspace; the token is there, so that a test's time is the call's own."""
    made = Listing(emulator, workspace, path)
    made.view.find_endpoint("none")
    yield made
    made.view.close()


def refused(read: Callable[[], Iterable[object]]) -> CloudError:
    """The error that a listing ends with."""
    with pytest.raises(CloudError) as caught:
        list(read())
    return caught.value
