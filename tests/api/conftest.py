"""The API over the in-memory ports and the real model reader, called as ASGI."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.api.serving import Server


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A loop that lives as long as the test."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def server(runner: asyncio.Runner) -> Server:
    """A server without any data."""
    return Server(runner)
