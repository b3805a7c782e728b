"""All that takes a worker or a server away shares two workers."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.e2e import conftest


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with conftest.two_workers(tmp_path_factory.mktemp("pair")) as running:
        yield running
