"""The tests of the house use the API's in-memory server too."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.api.serving import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without any data."""
    with asyncio.Runner() as running:
        yield Server(running)
