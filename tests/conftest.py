"""What every folder of tests may use: one Azurite for the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import azurite as storage


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage.Azurite]:
    """An Azurite in memory, shared by the run: give queues, tables and containers own names."""
    log: Path = tmp_path_factory.mktemp("azurite") / "azurite.log"
    with storage.start(log=log) as running:
        yield running
