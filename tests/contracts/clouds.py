"""Azure ML as the contract sees it, twice: in memory, and the emulator behind the real adapters."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import pytest

from local import processes
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_control import AzureMlControl
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.adapters.http_scorer import HttpScorer
from shared.adapters.memory_cloud import MemoryCloud
from shared.cloud_ports import (
    CloudControl,
    CloudDeployment,
    CloudEndpoint,
    CloudView,
    NewDeployment,
    NewModel,
    Scorer,
)
from shared.domain.errors import CloudError, Trouble
from tests.contracts.emulated import BROKEN_PATH, GOOD_PATH
from tests.local.azure_ml import running

ROWS = {"input_data": {"columns": ["a"], "index": [0, 1], "data": [[1.0], [2.0]]}}

TAGS = {"longshore-endpoint": "nonce", "longshore-owner": "ana"}

_RUNNING = ("Creating", "Updating", "Deleting")
_T = TypeVar("_T")
_names = itertools.count(1)


class Cloud(Protocol):
    """What a test of the contract works with."""

    view: CloudView
    control: CloudControl
    scorer: Scorer

    def now(self) -> datetime:
        """What time it is for the cloud."""
        ...

    def holding(self) -> contextlib.AbstractContextManager[None]:
        """Operations begun meanwhile do not end before the `with` block does."""
        ...

    def fail_next(self, code: str, message: str, state: str = "Failed") -> None:
        """The next operation ends in this state with this error."""
        ...

    def until(self, check: Callable[[], _T | None]) -> _T:
        """Waits until `check` gives something true, and gives that."""
        ...


@dataclass
class InMemory:
    """The twin, on a clock that goes on when somebody waits."""

    time: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    twin: MemoryCloud = field(init=False)

    def __post_init__(self) -> None:
        self.twin = MemoryCloud(
            lambda: self.time,
            operation_seconds=1,
            cores=24,
            has_path=lambda path: path in (GOOD_PATH, BROKEN_PATH),
        )
        self.twin.broken_paths.add(BROKEN_PATH)
        self.view: CloudView = self.twin
        self.control: CloudControl = self.twin
        self.scorer: Scorer = self.twin

    def now(self) -> datetime:
        return self.time

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        self.twin.operation_seconds = 3600
        yield
        self.twin.operation_seconds = 1
        self.time += timedelta(seconds=3600)

    def fail_next(self, code: str, message: str, state: str = "Failed") -> None:
        self.twin.fail_next(code, message, state=state)

    def until(self, check: Callable[[], _T | None]) -> _T:
        for _ in range(10):
            if answer := check():
                return answer
            self.time += timedelta(seconds=1)
        raise TimeoutError("ten seconds of the virtual clock have passed")


class Emulated:
    """A workspace of its own in an emulator that many tests share."""

    def __init__(self, emulator: running.Running) -> None:
        self._emulator = emulator
        self.workspace = Workspace(
            base_url=emulator.url,
            subscription=f"00000000-0000-0000-0000-{next(_names):012}",
            resource_group="rg",
            name="contract",
        )
        self._view = AzureMlView(self.workspace, Credential(), timeout=20)
        self._control = AzureMlControl(self.workspace, Credential(), timeout=20)
        self.view: CloudView = self._view
        self.control: CloudControl = self._control
        self.scorer: Scorer = HttpScorer(timeout=20)

    def now(self) -> datetime:
        return datetime.now(UTC)

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        with self._emulator.holding(self.workspace.subscription):
            yield

    def fail_next(self, code: str, message: str, state: str = "Failed") -> None:
        failure = {"operation": {"end": state, "fail": {"code": code, "message": message}}}
        self._emulator.fault("*", f"{self.workspace.subscription}/.*/onlineEndpoints/", failure)

    def until(self, check: Callable[[], _T | None]) -> _T:
        return processes.wait_until(check, seconds=30, what="the emulator")

    def close(self) -> None:
        self._view.close()
        self._control.close()


def new_deployment(endpoint_name: str, name: str = "blue", **other: Any) -> NewDeployment:
    """A deployment of `good:1` on one small instance."""
    values: dict[str, Any] = {
        "model_name": "good",
        "model_version": "1",
        "instance_type": "Standard_DS1_v2",
        "instance_count": 1,
        "environment_variables": {"COLOUR": name},
        "tags": {"longshore-deployment": "1", "longshore-digest": "d"},
    }
    return NewDeployment(name=name, endpoint_name=endpoint_name, **values | other)


def new_model(
    name: str = "good",
    path: str = GOOD_PATH,
    version: str = "1",
    tags: dict[str, str] | None = None,
) -> NewModel:
    return NewModel(name=name, version=version, path=path, description="d", tags=tags or {"t": "1"})


def settled_endpoint(cloud: Cloud, name: str) -> CloudEndpoint:
    def ended() -> CloudEndpoint | None:
        found = cloud.view.find_endpoint(name)
        return found if found and found.state not in _RUNNING else None

    return cloud.until(ended)


def settled_deployment(cloud: Cloud, endpoint: str, name: str = "blue") -> CloudDeployment:
    def ended() -> CloudDeployment | None:
        found = cloud.view.find_deployment(endpoint, name)
        return found if found and found.state not in _RUNNING else None

    return cloud.until(ended)


def create_endpoint(cloud: Cloud, name: str) -> None:
    cloud.control.put_endpoint(name, tags=TAGS, traffic={})
    assert settled_endpoint(cloud, name).state == "Succeeded"


def serve(cloud: Cloud, endpoint: str, *names: str) -> None:
    """An endpoint with deployments of the good model, without traffic."""
    cloud.control.register_model(new_model())
    create_endpoint(cloud, endpoint)
    for name in names:
        cloud.control.put_deployment(new_deployment(endpoint, name))
        assert settled_deployment(cloud, endpoint, name).state == "Succeeded"


def refusal(caught: pytest.ExceptionInfo[CloudError]) -> tuple[Trouble, str]:
    return caught.value.trouble, caught.value.code
