"""The whole product, running: the real host, Azurite and the emulator, with short leases.

Each file has a cloud of its own, or each folder: it ends with it, as idle hosts would take their share of the machine.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from local.cloud import LocalCloud, Options
from tests.e2e.user import User

SHORT = {
    "LEASE_SECONDS": "3",
    "CLOUD_TIMEOUT_SECONDS": "1",
    "REHINT_AFTER_SECONDS": "1",
    "SWEEP_SCHEDULE": "*/2 * * * * *",
}
EVERY_CALL_SLOW = {"delay": 0.3}  # seconds: so that a kill falls into the step and not past it


def one_worker(folder: Path, **settings: str) -> LocalCloud:
    """A cloud that is gone when it ends: fast to start."""
    return LocalCloud(
        Options(
            folder=folder,
            in_memory=True,
            operation_seconds=0.5,
            message_lease=5,
            settings={**SHORT, **settings},
        )
    )


def two_workers(folder: Path) -> LocalCloud:
    """A cloud whose storage is on disk: any part of it can be taken away."""
    return LocalCloud(
        Options(folder=folder, workers=2, operation_seconds=0.5, message_lease=5, settings=SHORT)
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with one_worker(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with two_workers(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
def pair_user(pair: LocalCloud) -> Iterator[User]:
    with closing(User(pair.base_url)) as one:
        yield one


@pytest.fixture
def pair_faults(pair: LocalCloud) -> Iterator["Faults"]:
    asked = Faults(pair.azure_ml_url)
    yield asked
    asked.clear()


@pytest.fixture
def user(cloud: LocalCloud) -> Iterator[User]:
    with closing(User(cloud.base_url)) as one:
        yield one


@pytest.fixture
def faults(cloud: LocalCloud) -> Iterator["Faults"]:
    asked = Faults(cloud.azure_ml_url)
    yield asked
    asked.clear()


class Faults:
    """Trouble in the emulated cloud, ended with the test."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_control/faults"

    def add(self, method: str, path: str, action: Mapping[str, object], *, times: int = 1) -> None:
        rule = {"match": {"method": method, "path": path}, "action": action, "times": times}
        httpx.post(self._url, json=rule).raise_for_status()

    def clear(self) -> None:
        httpx.delete(self._url).raise_for_status()
