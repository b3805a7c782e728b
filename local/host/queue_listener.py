"""Feeds a queue's messages to a function, by the rules of the Functions queue extension.

A message runs while its dequeue count allows it, its lease is renewed at half, success deletes
it, failure shows it again after `visibilityTimeout`, and the last failure moves it to
`<queue>-poison`. Polling backs off to `maxPollingInterval`; an output binding on this host wakes
it. Sources: azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from azure.core.exceptions import AzureError
from azure.functions.queue import QueueMessage

from local.host.functions import Function
from local.host.host_json import QueueOptions
from local.host.invocation import InvocationError, Invoker
from local.host.listener import Trouble, is_set
from local.host.queue_store import Message, QueueStore

POISON = "-poison"
MAX_QUEUE_NAME = 63
FIRST_PAUSE = 0.1  # seconds; also the step that grows

_LOG = logging.getLogger("local.host.queue")
_T = TypeVar("_T")


class QueueListener:
    """Runs one queue function; see `listener.Listener`."""

    def __init__(
        self,
        function: Function,
        invoker: Invoker,
        *,
        store: QueueStore,
        poison: QueueStore | None,
        options: QueueOptions,
        lease: int,
    ) -> None:
        self._function = function
        self._invoker = invoker
        self._store = store
        self._poison = poison
        self._options = options
        self._lease = lease
        self._threads = ThreadPoolExecutor(8, thread_name_prefix=f"queue-{store.name}")
        self._trouble = Trouble(_LOG, f"queue {store.name}")
        self._running: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._stopping = False
        self._empty_polls = 0

    async def run(self) -> None:
        """See `Listener`."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                messages = await self._receive()
                for message in messages:
                    task = tasks.create_task(self._take(message))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                if messages:
                    self._empty_polls = 0
                    await self._wait_for_room()
                else:
                    await self._pause()

    def stop(self) -> None:
        """See `Listener`."""
        self._stopping = True
        self._awake.set()

    def wake(self) -> None:
        """Looks at the queue now: something was just put into it."""
        self._awake.set()

    async def invoke(self, text: str) -> None:
        """See `Listener`; `text` becomes the message's body."""
        by_hand = Message(id="", text=text, body=text.encode(), receipt="", dequeue_count=1)
        await self._invoker.invoke(self._function, _to_trigger_value(by_hand))

    async def _receive(self) -> list[Message]:
        self._awake.clear()
        try:
            messages = await self._blocking(
                self._store.receive, self._options.batch_size, self._lease
            )
        except AzureError as error:
            self._trouble.goes_on(error)
            return []
        self._trouble.is_over()
        return messages or []

    async def _wait_for_room(self) -> None:
        while len(self._running) > self._options.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self) -> None:
        pause = pause_seconds(self._empty_polls, self._options.max_polling_interval)
        self._empty_polls += 1
        if not self._stopping:
            await is_set(self._awake, within=pause)

    async def _take(self, message: Message) -> None:
        """One delivery of a message from receipt to deletion, release or poison."""
        try:
            if self._stopping:
                await self._blocking(self._store.renew, message, 0)
            elif message.body is None:
                _LOG.error("message %s of %s is not base64", message.id, self._store.name)
                await self._move_to_poison(message)
            elif message.dequeue_count > self._options.max_dequeue_count:
                await self._move_to_poison(message)
            else:
                await self._finish(message, succeeded=await self._run(message))
        except AzureError as error:
            _LOG.warning(
                "message %s of %s comes back after its lease: %s",
                message.id,
                self._store.name,
                _first_line(error),
            )

    async def _run(self, message: Message) -> bool:
        ended = asyncio.Event()
        renewal = asyncio.create_task(self._keep(message, ended))
        try:
            await self._invoker.invoke(self._function, _to_trigger_value(message))
        except InvocationError:
            return False
        else:
            return True
        finally:
            ended.set()
            await renewal  # a renewal on its way changes the receipt that deleting needs

    async def _keep(self, message: Message, ended: asyncio.Event) -> None:
        """Renews the lease at half of it until `ended`."""
        while not await is_set(ended, within=self._lease / 2):
            try:
                if not await self._blocking(self._store.renew, message, self._lease):
                    _LOG.warning("message %s of %s was lost", message.id, self._store.name)
                    return
            except AzureError as error:
                _LOG.warning("message %s was not renewed: %s", message.id, _first_line(error))

    async def _finish(self, message: Message, *, succeeded: bool) -> None:
        if succeeded:
            if not await self._blocking(self._store.delete, message):
                _LOG.warning("message %s of %s ran, but was lost", message.id, self._store.name)
        elif self._poison is None:
            _LOG.warning("message %s stays invisible for its lease: no poison queue", message.id)
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._move_to_poison(message)
        else:
            await self._blocking(self._store.renew, message, self._options.visibility_timeout)

    async def _move_to_poison(self, message: Message) -> None:
        """Copies the text alone, under a new id, then deletes: a crash between leaves both."""
        if self._poison is None:
            return
        _LOG.error(
            "message %s moves from %s to %s", message.id, self._store.name, self._poison.name
        )
        await self._blocking(self._poison.send_text, message.text)
        await self._blocking(self._store.delete, message)

    async def _blocking(self, call: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def pause_seconds(empty_polls: int, longest: float) -> float:
    """How long to wait after so many empty looks: 100 ms, then doubling, a little at random."""
    if not empty_polls:
        return FIRST_PAUSE
    grown = 2.0 ** min(empty_polls - 1, 30) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return min(FIRST_PAUSE * (1 + grown), longest)


def has_poison_queue(queue: str) -> bool:
    """Poison queues, and queues whose poison queue's name would be too long, have none."""
    return not queue.endswith(POISON) and len(queue + POISON) <= MAX_QUEUE_NAME


def _to_trigger_value(message: Message) -> QueueMessage:
    return QueueMessage(
        id=message.id,
        body=message.body,
        dequeue_count=message.dequeue_count,
        expiration_time=message.expires,
        insertion_time=message.inserted,
        time_next_visible=message.next_visible,
        pop_receipt=message.receipt,
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
