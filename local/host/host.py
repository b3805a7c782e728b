"""One host instance: its functions behind one port, from the first listener to the last drain.

Built by `__main__`. The storage SDKs are imported only if a function served here needs them:
they cost half a second that an HTTP-only instance does not pay.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from local.host.admin import Admin
from local.host.front import Front
from local.host.functions import Function, QueueTrigger, TimerTrigger
from local.host.host_json import HostJson
from local.host.invocation import Invoker, SendOutputs, pool_size
from local.host.listener import Listener
from local.host.settings import Settings

KEEP_ALIVE_SECONDS = 120  # Kestrel's
_GRACE_AFTER_TIMEOUT = 1  # to give the message back

_LOG = logging.getLogger("local.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything one instance is made of, checked."""

    folder: Path
    functions: Sequence[Function]
    settings: Settings
    host: HostJson
    lease: int
    """Seconds a message being worked on stays invisible; the real host's are 600."""
    grace: int
    """Seconds that running invocations get when the host is told to stop."""
    storage: str
    """The connection string of AzureWebJobsStorage; empty where no timer needs it."""

    @property
    def host_id(self) -> str:
        """What instances of one app have in common, and other apps have not."""
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()
        return self.settings.values.get("AzureFunctionsWebHost__hostid", f"local-{digest[:16]}")


class Host:
    """Serves a plan on a bound socket until it is told to stop."""

    def __init__(self, plan: Plan, bound: socket.socket) -> None:
        self._plan = plan
        self._socket = bound
        self._url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self._stop = asyncio.Event()
        self._grace = plan.grace
        self._invoker = Invoker(
            self._outputs(), pool_size(plan.settings.values), plan.host.function_timeout
        )
        self._listeners = {
            function.name: listener
            for function in plan.functions
            if (listener := self._listener(function)) is not None
        }
        self._admin = Admin(plan.host_id, self._listeners, self._invoker)
        self._front = Front(plan.functions, self._invoker, plan.host.http, self._admin)

    async def serve(self) -> bool:
        """Runs until SIGTERM or SIGINT; True if every invocation came to its end.

        A second signal ends the process at once. An error of the host's own ends it, too.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        server = _Server(self._front, self._url, self._plan.grace)
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(each.run()) for each in self._listeners.values()]
            tasks.create_task(server.serve(sockets=[self._socket]))
            tasks.create_task(self._stop_after_timeout())
            await self._stop.wait()
            await self._drain(listening)
            server.should_exit = True
            self._invoker.timed_out.set()
        if self._invoker.cut_off:
            names = ", ".join(self._invoker.cut_off)
            _LOG.error("cut off after %d s: %s", self._grace, names)
        return not self._invoker.cut_off

    async def _stop_after_timeout(self) -> None:
        """As the real host ends the worker process of a function that takes too long, with all in it."""
        await self._invoker.timed_out.wait()
        if not self._stop.is_set():
            self._grace = _GRACE_AFTER_TIMEOUT
            self._stop.set()

    async def _drain(self, listening: Sequence[asyncio.Task[None]]) -> None:
        self._front.stopping = True
        for listener in self._listeners.values():
            listener.stop()
        if running := [*listening, *self._admin.tasks]:
            _, unfinished = await asyncio.wait(running, timeout=self._grace)
            for task in unfinished:
                task.cancel()

    def _on_signal(self) -> None:
        if self._stop.is_set():
            os._exit(1)
        _LOG.info("stopping")
        self._stop.set()

    def _outputs(self) -> SendOutputs | None:
        if not any(function.outputs for function in self._plan.functions):
            return None
        from local.host.queue_outputs import QueueOutputs  # noqa: PLC0415 - see the module's top

        options = self._plan.host.queues
        return QueueOutputs(self._plan.functions, is_base64=options.base64, wake=self._wake).send

    def _wake(self, queue: str) -> None:
        """A message went into `queue`: this host's own listeners look at once."""
        for function in self._plan.functions:
            if isinstance(function.trigger, QueueTrigger) and function.trigger.queue == queue:
                self._listeners[function.name].wake()

    def _listener(self, function: Function) -> Listener | None:
        match function.trigger:
            case QueueTrigger() as trigger:
                return self._queue_listener(function, trigger)
            case TimerTrigger() as trigger:
                return self._timer_listener(function, trigger)
        return None

    def _queue_listener(self, function: Function, trigger: QueueTrigger) -> Listener:
        from local.host import queue_listener  # noqa: PLC0415 - see the module's top
        from local.host.queue_store import QueueStore  # noqa: PLC0415 - see the module's top

        options = self._plan.host.queues
        poison = None
        if queue_listener.has_poison_queue(trigger.queue):
            poison = QueueStore(
                trigger.connection, trigger.queue + queue_listener.POISON, is_base64=options.base64
            )
        return queue_listener.QueueListener(
            function,
            self._invoker,
            store=QueueStore(trigger.connection, trigger.queue, is_base64=options.base64),
            poison=poison,
            options=options,
            lease=self._plan.lease,
        )

    def _timer_listener(self, function: Function, trigger: TimerTrigger) -> Listener:
        from local.host.timer_listener import TimerListener  # noqa: PLC0415 - see the module's top
        from local.host.timer_store import TimerStore  # noqa: PLC0415 - see the module's top

        store = TimerStore(
            self._plan.storage,
            host_id=self._plan.host_id,
            function=function.name,
            holder=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._url}/{self._plan.host_id}")),
        )
        return TimerListener(function, trigger, self._invoker, store)


class _Server(uvicorn.Server):
    """Uvicorn, which says when it is ready and leaves the signals to the host."""

    def __init__(self, front: Front, url: str, grace: int) -> None:
        self._url = url
        super().__init__(
            uvicorn.Config(
                front,
                interface="asgi3",
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=grace,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"host ready: {self._url}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
