"""The service on a virtual clock, with the real adapters of Azure ML and Blob Storage below it."""

from dataclasses import replace
from typing import Any

from local import processes
from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_ml_control import AzureMlControl
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.adapters.http_scorer import HttpScorer
from shared.domain.policy import Policy
from shared.domain.records import Deployment
from tests.local.azure_ml import running
from tests.service.world import World

_CHANGING = ("Creating", "Updating", "Deleting")


class Deploying:
    """A world whose cloud is the emulator; its clock stands while an operation runs there."""

    def __init__(
        self, emulator: running.Running, workspace: Workspace, azurite: Azurite, timeout: float
    ) -> None:
        self.emulator = emulator
        self.workspace = workspace
        self._view = AzureMlView(workspace, Credential(), timeout=timeout)
        self._control = AzureMlControl(workspace, Credential(), timeout=timeout)
        account = storage_account.from_connection_string(azurite.connection_string)
        self.world = World(policy=Policy())
        self.world.ports = replace(
            self.world.ports,
            blobs=AzureBlobs(account, running.CONTAINER),
            view=self._view,
            control=self._control,
            scorer=HttpScorer(timeout=10),
        )

    def fault(self, method: str, path: str, action: dict[str, Any], **more: Any) -> None:
        """Trouble with calls of this workspace whose path below it matches."""
        place = f"{self.workspace.subscription}/.*/adapters/{path}"
        self.emulator.fault(method, place, action, **more)

    def deploy(self, endpoint: str, **fields: Any) -> Deployment:
        """A deployment that has come to its end, good or bad."""
        record = self.world.deploy(self.world.upload(), endpoint_name=endpoint, **fields)
        self.settle()
        return self.world.read(record)

    def settle(self) -> None:
        """Goes on until nothing is unfinished."""
        while not self.world.is_quiet():
            if self.world.deliver():
                processes.wait_until(self._is_idle, seconds=20, what="the end of operations")
            else:
                self.world._advance()

    def sent(self, method: str, ending: str) -> int:
        """How many such changes came through to the emulator."""
        calls = self.emulator.control("GET", "calls")["calls"]
        return sum(
            call["method"] == method and call["path"].endswith(ending)
            for call in calls
            if self.workspace.subscription in call["path"]
        )

    def left(self) -> dict[str, list[str]]:
        """The names of what there is in the workspace."""
        found = self.emulator.control("GET", "resources")
        return {
            kind: [held["name"] for held in found[kind] if self.workspace.id in held["id"]]
            for kind in ("models", "endpoints", "deployments")
        }

    def traffic(self, endpoint: str) -> dict[str, int]:
        """What the emulator routes."""
        found = self._view.find_endpoint(endpoint)
        assert found is not None
        return dict(found.traffic)

    def close(self) -> None:
        """Deletes what is live, without faults, and closes the clients."""
        self.emulator.control("DELETE", "faults")
        for record in reversed(self.world.deployments()):
            self.world.delete(record)
            self.settle()
        self._view.close()
        self._control.close()

    def _is_idle(self) -> bool:
        found = self.emulator.control("GET", "resources")
        return all(
            held["state"] not in _CHANGING for held in found["endpoints"] + found["deployments"]
        )
