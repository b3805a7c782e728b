"""When a queue is looked at: sooner after a message, later while empty, at once when woken."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from azure.core.exceptions import AzureError

from local.host import queue_listener
from local.host.functions import Function
from local.host.host_json import QueueOptions
from local.host.invocation import Invoker
from local.host.queue_store import Message, QueueStore

OPTIONS = QueueOptions(
    batch_size=1,
    new_batch_threshold=0,
    max_dequeue_count=1,
    max_polling_interval=3600,
    visibility_timeout=0,
    base64=True,
)


class Poisoned:
    """A queue with one message that has been received once too often; its deletion fails at first."""

    name = "jobs"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.deleted = 0
        self._left = 2
        self.stop: Callable[[], None] = lambda: None

    def receive(self, _count: int, _lease: int) -> list[Message]:
        if self.deleted or not self._left:
            self.stop()
            return []
        return [Message(id="1", text="cursed", body=b"cursed", receipt="r", dequeue_count=2)]

    def delete(self, _message: Message) -> bool:
        self._left -= 1
        if self._left:
            raise AzureError("no answer")
        self.deleted += 1
        return True

    def send_text(self, text: str) -> None:
        self.sent.append(text)


def test_a_message_whose_deletion_fails_is_on_the_poison_queue_twice() -> None:
    queue = Poisoned()

    async def bury() -> None:
        listener = queue_listener.QueueListener(
            cast("Function", None),
            Invoker(None, 1),
            store=cast("QueueStore", queue),
            poison=cast("QueueStore", queue),
            options=OPTIONS,
            lease=1,
        )
        queue.stop = listener.stop
        await listener.run()

    asyncio.run(asyncio.wait_for(bury(), 5))

    assert (queue.sent, queue.deleted) == (["cursed", "cursed"], 1)


class EmptyQueue:
    name = "empty"

    def __init__(self) -> None:
        self.looks = 0

    def receive(self, _count: int, _lease: int) -> list[Message]:
        self.looks += 1
        return []


def test_pauses_double_from_100_ms_to_the_longest() -> None:
    pauses = [queue_listener.pause_seconds(number, 60) for number in range(14)]

    assert pauses[0] == 0.1
    for number, pause in enumerate(pauses[1:9], start=1):
        steps = 2 ** (number - 1)
        assert 0.1 + 0.08 * steps <= pause <= 0.1 + 0.12 * steps
    assert pauses[-1] == 60


def test_waking_a_listener_ends_its_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_listener, "pause_seconds", lambda *_: 3600)
    queue = EmptyQueue()

    async def look_twice() -> None:
        listener = queue_listener.QueueListener(
            cast("Function", None),
            Invoker(None, 1),
            store=cast("QueueStore", queue),
            poison=None,
            options=OPTIONS,
            lease=1,
        )
        running = asyncio.create_task(listener.run())
        while queue.looks < 1:
            await asyncio.sleep(0.01)
        listener.wake()
        while queue.looks < 2:
            await asyncio.sleep(0.01)
        listener.stop()
        await running

    asyncio.run(asyncio.wait_for(look_twice(), 5))

    assert queue.looks == 2


@pytest.mark.parametrize(
    ("queue", "expected"),
    [("jobs", True), ("jobs-poison", False), ("j" * 56, True), ("j" * 57, False)],
)
def test_a_queue_has_a_poison_queue_unless_it_is_one_or_its_name_is_too_long(
    queue: str, expected: bool
) -> None:
    assert queue_listener.has_poison_queue(queue) is expected
