"""Real hosts on real Azurite: each test starts its own, on queues and timers of its own."""

import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local import azurite as storage, processes
from local.host.process import RunningHost, start

APPS = Path(__file__).parent / "apps"
WAIT_SECONDS = 60


@dataclass
class Bench:
    """What a test starts hosts with, and what their functions wrote down."""

    folder: Path
    connection: str
    stack: ExitStack
    jobs: str = field(default_factory=lambda: f"jobs-{uuid.uuid4().hex[:12]}")
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, app: str, *options: str) -> RunningHost:
        """A host of one of the apps; stopped at the end of the test."""
        env = {
            "AzureWebJobsStorage": self.connection,
            "AzureFunctionsWebHost__hostid": self.jobs,
            "JOBS": self.jobs,
            "NOTES": str(self.folder / "notes"),
            "GO": str(self.folder / "go"),
            **self.settings,
        }
        port = () if "--port" in options else ("--port", "0")
        running = start(
            APPS / app, env=env, log=self.folder / "host.log", options=[*port, *options]
        )
        return self.stack.enter_context(running)

    def notes(self, function: str | None = None) -> list[dict[str, Any]]:
        """What the functions wrote down so far, all or one's."""
        path = self.folder / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        notes = [json.loads(line) for line in lines]
        return [note for note in notes if function in {None, note["function"]}]

    def wait_for(self, function: str, count: int = 1) -> list[dict[str, Any]]:
        """Waits until a function has written down `count` lines, and returns them."""
        return processes.wait_until(
            lambda: found if len(found := self.notes(function)) >= count else None,
            seconds=WAIT_SECONDS,
            what=f"{count} x {function} in {self.folder / 'notes'}",
        )

    def queue(self, suffix: str = "", *, raw: bool = False) -> QueueClient:
        """One of the test's queues, created if need be; `raw` sends text as it is."""
        policy = None if raw else TextBase64EncodePolicy()
        queue = QueueClient.from_connection_string(
            self.connection,
            self.jobs + suffix,
            message_encode_policy=policy,
            message_decode_policy=None,
        )
        self.stack.callback(queue.close)
        with suppress(ResourceExistsError):
            queue.create_queue()
        return queue

    def log(self) -> str:
        """What the hosts of this test logged and printed."""
        return (self.folder / "host.log").read_text()


@pytest.fixture
def bench(azurite: storage.Azurite, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(tmp_path, azurite.connection_string, stack)
