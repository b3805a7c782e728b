"""What `shared.ports.Queue` promises, held by memory and by Queue Storage on Azurite alike."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from azure.storage.queue import QueueClient

from local import processes
from local.azurite import Azurite
from shared.adapters import azure_queue, memory_queue, storage_account
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.errors import Missing
from shared.ports import Queue


@dataclass(frozen=True)
class Bench:
    """A queue under test, and how to see what arrived in it."""

    queue: Queue
    arrived: Callable[[str], list[str]]
    pass_time: Callable[[int], None]


@pytest.fixture(params=["memory", "azurite"])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "memory":
        clock = VirtualClock()
        queue = memory_queue.MemoryQueue(clock)
        return Bench(queue, lambda name: _all_of_memory(queue, name), clock.advance)
    azurite: Azurite = request.getfixturevalue("azurite")
    account = storage_account.from_connection_string(azurite.connection_string)
    connection = azurite.connection_string
    return Bench(
        azure_queue.AzureQueue(account),
        lambda name: _all_of_azurite(connection, name),
        lambda _: None,
    )


def _all_of_memory(queue: memory_queue.MemoryQueue, name: str) -> list[str]:
    return [message.text for message in iter(lambda: queue.receive(name, lease=60), None)]


def _all_of_azurite(connection: str, name: str) -> list[str]:
    with QueueClient.from_connection_string(connection, name) as client:
        raw = [message.content for message in client.receive_messages(visibility_timeout=60)]
    return [base64.b64decode(text, validate=True).decode() for text in raw]


@pytest.fixture
def name() -> str:
    return "q-" + SystemRandom().nonce()


def test_a_message_arrives_as_sent_and_makes_its_queue(bench: Bench, name: str) -> None:
    for text in ('{"id": "ü€😀"}', "<xml/>", "\x00 control", "x" * limits.MAX_MESSAGE_BYTES):
        bench.queue.send(name, text)
        assert bench.arrived(name) == [text]


def test_messages_arrive_in_the_order_sent(bench: Bench, name: str) -> None:
    for number in range(5):
        bench.queue.send(name, str(number))
    assert bench.arrived(name) == ["0", "1", "2", "3", "4"]


def test_a_delayed_message_arrives_later(bench: Bench, name: str) -> None:
    bench.queue.send(name, "later", delay=2)
    bench.queue.send(name, "now")
    assert bench.arrived(name) == ["now"]
    bench.pass_time(2)
    arrived = processes.wait_until(lambda: bench.arrived(name), seconds=10, what="the message")
    assert arrived == ["later"]


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("x" * (limits.MAX_MESSAGE_BYTES + 1), 0),
        ("ü" * (limits.MAX_MESSAGE_BYTES // 2 + 1), 0),
        ("x", -1),
        ("x", limits.MAX_DELAY_SECONDS + 1),
    ],
)
def test_what_queue_storage_refuses_is_refused(
    bench: Bench, name: str, text: str, delay: int
) -> None:
    with pytest.raises(ValueError, match="message"):
        bench.queue.send(name, text, delay=delay)


@pytest.mark.parametrize("bad", ["ab", "Capital", "two--dashes", "-x-x", "x" * 64, "a_b"])
def test_a_queue_with_an_impossible_name_is_refused(bench: Bench, bad: str) -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        bench.queue.send(bad, "x")


def test_the_longest_delay_is_taken(bench: Bench, name: str) -> None:
    bench.queue.send(name, "in a week", delay=limits.MAX_DELAY_SECONDS)
    assert bench.arrived(name) == []


# What follows is memory's own: how a worker takes messages, for the simulator.


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def memory(clock: VirtualClock) -> memory_queue.MemoryQueue:
    return memory_queue.MemoryQueue(clock)


def test_a_received_message_is_hidden_until_its_lease_ends(
    memory: memory_queue.MemoryQueue, clock: VirtualClock
) -> None:
    memory.send("jobs", "x")
    first = memory.receive("jobs", lease=30)
    assert first
    clock.advance(29)
    assert memory.receive("jobs", lease=30) is None
    clock.advance(1)
    second = memory.receive("jobs", lease=30)
    assert second
    assert (first.dequeue_count, second.dequeue_count) == (1, 2)


def test_only_the_last_receiver_may_delete(
    memory: memory_queue.MemoryQueue, clock: VirtualClock
) -> None:
    memory.send("jobs", "x")
    first = memory.receive("jobs", lease=30)
    clock.advance(30)
    second = memory.receive("jobs", lease=30)
    assert first
    assert second
    with pytest.raises(Missing):
        memory.delete("jobs", first)
    memory.delete("jobs", second)
    with pytest.raises(Missing):
        memory.delete("jobs", second)
    clock.advance(60)
    assert memory.receive("jobs", lease=30) is None


def test_a_late_receiver_deletes_where_nobody_else_came(
    memory: memory_queue.MemoryQueue, clock: VirtualClock
) -> None:
    memory.send("jobs", "x")
    first = memory.receive("jobs", lease=30)
    clock.advance(300)
    assert first
    memory.delete("jobs", first)
    assert memory.next_visible("jobs") is None


def test_a_message_lives_seven_days(memory: memory_queue.MemoryQueue, clock: VirtualClock) -> None:
    memory.send("jobs", "x")
    clock.advance(7 * 24 * 3600 - 1)
    assert memory.receive("jobs", lease=0)
    clock.advance(1)
    assert memory.receive("jobs", lease=0) is None


def test_the_time_of_the_next_message_is_known(
    memory: memory_queue.MemoryQueue, clock: VirtualClock
) -> None:
    seen: list[datetime | None] = [memory.next_visible("jobs")]
    memory.send("jobs", "later", delay=60)
    seen.append(memory.next_visible("jobs"))
    start = clock.now()
    clock.advance(60)
    assert seen == [None, clock.now()]
    assert memory.receive("jobs", lease=1)
    assert clock.now() > start
