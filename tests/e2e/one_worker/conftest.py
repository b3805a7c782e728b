"""All that needs no cloud of its own shares this one."""

from collections.abc import Iterator

import pytest

from local import processes
from local.cloud import LocalCloud
from tests.e2e import conftest

SOURCES = "team-models"


@pytest.fixture(scope="package")
def tracking_port() -> int:
    """Where the cloud looks for a tracking server, whether one is there or not."""
    return processes.free_port()


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory, tracking_port: int) -> Iterator[LocalCloud]:
    sources = {
        "SOURCE_CONTAINERS": SOURCES,
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{tracking_port}",
    }
    with conftest.one_worker(tmp_path_factory.mktemp("cloud"), **sources) as running:
        yield running
