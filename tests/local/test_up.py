"""`make up`: one command runs the whole cloud, and leaves nothing behind but its state."""

import json
import os
import pickle
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.queue import QueueClient
from sklearn.linear_model import LogisticRegression

from local import azurite, processes
from local.up import PARTS, SETTABLE, read_settings
from shared.settings import Settings, setting_name
from tests.local.running_command import Command, command_line, require_gone, running


class Folder:
    """A project folder to run `make up` in, on five free ports in a row."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        self.port = free_ports_in_a_row(len(PARTS))
        self._stack = stack
        self._runs = 0

    def up(self, port: int | str | None = None, **settings: str) -> Command:
        self._runs += 1
        return self._stack.enter_context(
            running(
                "local.up",
                "--folder",
                str(self.path / ".local"),
                log=self.path / f"up-{self._runs}.log",
                env={"LONGSHORE_PORT": str(self.port if port is None else port), **settings},
            )
        )

    def post_model(self, content: bytes) -> object:
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/models",
            files={"file": ("m.pkl", content)},
            data={"model_name": "kept"},
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, path: str, *, port: int = 0) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port or self.port}{path}", timeout=30, trust_env=False)


def free_ports_in_a_row(count: int) -> int:
    def first_of_row() -> int | None:
        first = processes.free_port()
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                return None
        return first

    return processes.wait_until(first_of_row, seconds=10, what=f"{count} free ports in a row")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with ExitStack() as stack:
        yield Folder(tmp_path, stack)


def test_it_says_ready_when_all_answers_and_sigterm_leaves_no_process(folder: Folder) -> None:
    up = folder.up()
    said = up.wait_for("ready:")

    assert said.splitlines()[-1] == f"ready: http://127.0.0.1:{folder.port}"
    assert folder.get("/health").status_code == 200
    assert folder.get("/deployments/stats").json()["total_deployments"] == 0
    assert folder.get("/_control/resources", port=folder.port + 1).json()["empty"]

    started = up.descendants()
    assert len(started) >= 4
    assert up.end(signal.SIGTERM) == 0
    require_gone(started)


def test_a_producer_can_send_as_soon_as_it_is_ready(folder: Folder) -> None:
    said = folder.up().wait_for("ready:")
    ports = {name: folder.port + 2 + place for place, name in enumerate(azurite.SERVICES)}
    event: dict[str, Any] = {"specversion": "1.0", "type": "trained", "source": "/p", "id": "1"}
    event["data"] = {"user_id": "local", "model_id": "model-1-1763486943100000"}

    assert azurite.connection_string(ports) in said
    with QueueClient.from_connection_string(
        azurite.connection_string(ports), "deploy-requests"
    ) as queue:
        queue.send_message(json.dumps(event))

    found = processes.wait_until(
        lambda: answered(folder.get("/requests?source=/p&id=1")), seconds=30, what="an answer"
    )
    assert found["problem"]["code"] == "model_not_found"


def answered(answer: httpx.Response) -> dict[str, Any]:
    """What became of a producer's request; empty before anything has."""
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found


def test_ctrl_c_keeps_the_state_for_the_next_run(folder: Folder) -> None:
    first = folder.up()
    first.wait_for("ready:")
    content = pickle.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    stored = folder.post_model(content)
    assert first.end(signal.SIGINT) == 0

    folder.up().wait_for("ready:")

    [kept] = folder.get("/models?check=true").json()["models"]
    assert kept == stored


def test_sigkill_of_it_leaves_no_process(folder: Folder) -> None:
    up = folder.up()
    up.wait_for("ready:")
    started = up.descendants()

    up.end(signal.SIGKILL)

    require_gone(started)


def test_a_second_run_in_the_same_folder_is_refused(folder: Folder) -> None:
    first = folder.up()
    first.wait_for("starting")

    second = folder.up()

    assert second.process.wait(20) == 2
    assert f"another `make up` of this folder runs (process {first.process.pid})" in second.said()


def test_taken_ports_are_named_with_what_wants_them(folder: Folder) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", folder.port + 1))
        other.listen()

        up = folder.up()

        assert up.process.wait(20) == 2
    assert f"port {folder.port + 1} (Azure ML emulator) cannot be used" in up.said()


def test_a_wrong_setting_is_told_at_once_and_nothing_is_started(folder: Folder) -> None:
    up = folder.up(UPLOAD_LINK_SECONDS="1")

    assert up.process.wait(20) == 2
    assert "UPLOAD_LINK_SECONDS: must be greater than or equal to 60" in up.said()
    assert "the environment of `make up`" in up.said()
    assert not (folder.path / ".local" / "logs").exists()


@pytest.mark.parametrize("port", ["http", "0", "65535", "-1"])
def test_a_port_that_cannot_be_is_refused(folder: Folder, port: str) -> None:
    up = folder.up(port)

    assert up.process.wait(20) == 2
    assert f"LONGSHORE_PORT must be a port from 1 to 65531, and is '{port}'" in up.said()


def test_it_ends_and_says_why_when_storage_is_gone(folder: Folder) -> None:
    up = folder.up()
    up.wait_for("ready:")
    (storage,) = (pid for pid in up.descendants() if "azurite.js" in command_line(pid))

    os.kill(storage, signal.SIGKILL)

    assert up.process.wait(30) == 1
    assert "Azurite ended with exit code -9" in up.said()


def test_settings_of_the_app_come_from_the_environment_but_not_those_of_the_local_cloud() -> None:
    env = {"ALLOW_RESET": "true", "SOURCE_BUCKETS": "", "AzureWebJobsStorage": "x", "PATH": "/bin"}
    assert read_settings(env) == {"ALLOW_RESET": "true"}
    secrets = {"AWS_PROFILE": "p", "AWS_SECRET_ACCESS_KEY": "s", "MLFLOW_TRACKING_TOKEN": "t"}
    assert read_settings(env | secrets) == {"ALLOW_RESET": "true"} | secrets
    assert set(SETTABLE) <= {setting_name(name) for name in Settings.model_fields}
