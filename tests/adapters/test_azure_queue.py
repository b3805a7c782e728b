"""Queue Storage where the line loses or refuses answers."""

import pytest
from azure.storage.queue import QueueClient

from local.azurite import Azurite
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.system import SystemRandom
from shared.domain.errors import StoreError, Unavailable
from tests.adapters import storage_faults as faults
from tests.adapters.storage_faults import Fault, Faulty


@pytest.fixture
def faulty(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return faults.connect(azurite, monkeypatch)


@pytest.fixture
def queue(faulty: Faulty) -> AzureQueue:
    return AzureQueue(faulty.account)


@pytest.fixture
def name(queue: AzureQueue) -> str:
    name = "q-" + SystemRandom().nonce()
    queue.send(name, "first")
    return name


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.no_connection, faults.answer(503)])
def test_a_send_is_repeated(faulty: Faulty, queue: AzureQueue, name: str, fault: Fault) -> None:
    with faulty.meeting(fault) as sent:
        queue.send(name, "x")
    assert sent == ["POST"] * 2


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.no_connection, faults.answer(503)])
def test_a_send_gives_up_after_a_second_try(
    faulty: Faulty, queue: AzureQueue, name: str, fault: Fault
) -> None:
    with (
        faulty.meeting(fault, fault),
        pytest.raises(Unavailable, match=f"sending to {name}"),
    ):
        queue.send(name, "x")
    assert len(faulty.waits) == 1
    assert max(faulty.waits) <= 0.4


@pytest.mark.parametrize(
    "fault",
    [faults.garbled(b""), faults.garbled(b"<html>"), faults.garbled(b"<a/>", "application/xml")],
)
def test_a_send_answered_with_nonsense_is_unavailable(
    faulty: Faulty, queue: AzureQueue, name: str, fault: Fault
) -> None:
    with faulty.meeting(fault), pytest.raises(Unavailable):
        queue.send(name, "x")


def test_a_refused_send_is_not_mistaken_for_an_outage(
    faulty: Faulty, queue: AzureQueue, name: str
) -> None:
    fault = faults.answer(403, x_ms_error_code="AuthorizationFailure")
    with faulty.meeting(fault), pytest.raises(StoreError, match="403") as caught:
        queue.send(name, "x")
    assert type(caught.value) is StoreError


def test_a_queue_removed_meanwhile_is_made_again(
    azurite: Azurite, faulty: Faulty, queue: AzureQueue, name: str
) -> None:
    with QueueClient.from_connection_string(azurite.connection_string, name) as client:
        client.delete_queue()
        with faulty.meeting() as sent:
            queue.send(name, "again")
        assert sent == ["POST", "PUT", "POST"]
        assert len(client.peek_messages(5)) == 1
