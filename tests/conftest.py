"""What every folder of tests may use: an Azurite, and an order that lets several files run at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local import azurite as storage
from tests import s3_server

WAITING = ("e2e", "local")
"""Folders whose tests mostly wait for processes."""
TOGETHER = ("adapters", "contracts", "e2e/one_worker", "e2e/two_workers", "local/azure_ml")
"""Folders whose files share what takes seconds to start: an emulator, or a whole cloud."""


def pytest_configure() -> None:
    """What an example takes says more of the machine, and of what else runs on it, than of the code."""
    settings.register_profile(
        "longshore", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("longshore")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where files run at once, those that take longest come first, so that none is left for the end."""
    if not hasattr(config, "workerinput"):
        return  # one after another: in the order of their names
    tests = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(tests).parts[0] not in WAITING)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Gives each process a file at a time, or a folder whose files share an emulator."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - only where it is in use

    class ByFileOrFolder(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            folder = file.removeprefix("tests/").rpartition("/")[0]
            return folder if folder in TOGETHER else file

    return ByFileOrFolder(config, log)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage.Azurite]:
    """An Azurite in memory, shared by the run: give queues, tables and containers own names."""
    log: Path = tmp_path_factory.mktemp("azurite") / "azurite.log"
    with storage.start(log=log) as running:
        yield running


@pytest.fixture(scope="session")
def s3_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3_server.Server]:
    """S3 as a process, shared by the run: give buckets own names."""
    with s3_server.running(tmp_path_factory.mktemp("s3") / "s3.log") as started:
        yield started


@pytest.fixture
def s3(s3_running: s3_server.Server, monkeypatch: pytest.MonkeyPatch) -> s3_server.Server:
    """The same, with credentials where boto3 looks for them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    return s3_running
