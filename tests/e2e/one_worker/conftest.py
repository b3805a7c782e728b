"""All that needs no cloud of its own shares this one."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.e2e import conftest


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with conftest.one_worker(tmp_path_factory.mktemp("cloud")) as running:
        yield running
