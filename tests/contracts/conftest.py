"""The clouds that the contract is held against: in memory, and one emulator for all tests."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.azurite import Azurite
from tests.contracts import emulated
from tests.local.azure_ml import running

if TYPE_CHECKING:
    from tests.contracts.clouds import Cloud

_names = itertools.count(1)


@pytest.fixture(scope="session")
def emulator(
    azurite: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.Running]:
    with emulated.emulator(azurite, tmp_path_factory.mktemp("contract-azure-ml")) as started:
        yield started


@pytest.fixture(params=["memory", "emulator"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator["Cloud"]:
    from tests.contracts import clouds  # noqa: PLC0415 - takes seconds

    if request.param == "memory":
        yield clouds.InMemory()
        return
    emulator: running.Running = request.getfixturevalue("emulator")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "any")
    cloud = clouds.Emulated(emulator)
    yield cloud
    cloud.close()
    emulator.control("DELETE", "faults")


@pytest.fixture
def endpoint() -> str:
    """An endpoint's name that is free in the region."""
    return f"contract-{next(_names)}"
