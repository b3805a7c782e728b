"""One Azure ML emulator for the tests of this folder, and the identity it gives out."""

import itertools
from collections.abc import Iterator

import pytest

from local import processes
from local.azurite import Azurite
from shared.adapters.arm_rest import Workspace
from tests import tracking_server
from tests.contracts import emulated
from tests.local.azure_ml import running

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def started_emulator(
    azurite: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.Running]:
    with emulated.emulator(azurite, tmp_path_factory.mktemp("adapters-azure-ml")) as started:
        yield started


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a tracking server that serves its own artifacts; give models own names."""
    folder = tmp_path_factory.mktemp("mlflow")
    with tracking_server.running(folder, processes.free_port()) as url:
        yield url


@pytest.fixture
def emulator(
    started_emulator: running.Running, monkeypatch: pytest.MonkeyPatch
) -> Iterator[running.Running]:
    """The emulator without faults, its calls forgotten, as the identity endpoint of the process."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{started_emulator.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "any")
    started_emulator.control("DELETE", "calls")
    yield started_emulator
    started_emulator.control("DELETE", "faults")


@pytest.fixture
def workspace(emulator: running.Running) -> Workspace:
    """A workspace nobody else uses."""
    return Workspace(
        base_url=emulator.url,
        subscription=f"00000000-0000-0000-0000-{next(_numbers):012}",
        resource_group="rg",
        name="adapters",
    )


@pytest.fixture
def endpoint() -> str:
    """An endpoint's name that is free in the region."""
    return f"adapters-{next(_numbers)}"
