"""Azurite is installed once, starts, answers, keeps its state and goes away."""

import socket
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local import azurite as storage


def queue_named_kept(running: storage.Azurite) -> QueueClient:
    return QueueClient.from_connection_string(running.connection_string, "kept")


def test_all_three_services_answer_through_the_connection_string(
    azurite: storage.Azurite,
) -> None:
    text = azurite.connection_string

    with BlobServiceClient.from_connection_string(text) as blobs:
        assert [c.name for c in blobs.list_containers() if c.name == "absent"] == []
    with QueueServiceClient.from_connection_string(text) as queues:
        assert [q.name for q in queues.list_queues() if q.name == "absent"] == []
    with TableServiceClient.from_connection_string(text) as tables:
        assert [t.name for t in tables.list_tables() if t.name == "absent"] == []


def test_state_in_a_folder_outlives_a_restart_on_the_same_ports(tmp_path: Path) -> None:
    folder, log = tmp_path / "state", tmp_path / "azurite.log"
    with storage.start(folder=folder, log=log) as first:
        queue_named_kept(first).create_queue()
        queue_named_kept(first).send_message("still here")

    with storage.start(folder=folder, log=log, ports=first.ports) as second:
        messages = list(queue_named_kept(second).receive_messages())

    assert second.ports == first.ports
    assert [message.content for message in messages] == ["still here"]
    assert second.process.returncode is not None


def test_a_taken_port_is_told_with_azurites_own_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(RuntimeError, match="EADDRINUSE"):
            storage.start(ports={"queue": port}, log=tmp_path / "azurite.log")


def test_a_second_install_finds_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage.install()
    monkeypatch.setattr(storage, "_npm", lambda *_: pytest.fail("npm was run again"))

    storage.install()


def test_a_failed_install_says_what_npm_said_and_leaves_no_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text("not JSON")
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(storage, "HERE", tmp_path)
    monkeypatch.setattr(storage, "INSTALLED", tmp_path / "installed")

    with pytest.raises(storage.InstallError, match="EJSONPARSE"):
        storage.install()

    assert not (tmp_path / "installed" / "installed").exists()
