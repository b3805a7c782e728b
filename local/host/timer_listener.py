"""Runs a function on its schedule: one host at a time, never overlapping, missed runs made up.

The rules of the Functions timer extension: the next run is reckoned after the last has ended, a
failure is not tried again, several missed runs become one that is past due, and a schedule that
was changed meanwhile is not past due.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from azure.core.exceptions import AzureError
from azure.functions.timer import TimerRequest

from local.host.functions import Function, TimerTrigger
from local.host.invocation import InvocationError, Invoker
from local.host.listener import Trouble, is_set
from local.host.timer_store import LEASE_SECONDS, Status, TimerStore

ACQUIRE_AGAIN_SECONDS = 2

_LOG = logging.getLogger("local.host.timer")
_T = TypeVar("_T")


class TimerListener:
    """Runs one timer function; see `listener.Listener`."""

    def __init__(
        self, function: Function, trigger: TimerTrigger, invoker: Invoker, store: TimerStore
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._invoker = invoker
        self._store = store
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=f"timer-{function.name}")
        self._trouble = Trouble(_LOG, f"the storage of timer {function.name}")
        self._stopping = False
        self._idle = asyncio.Event()
        """Set when no run may start: the host stops, or the lock is lost."""

    async def run(self) -> None:
        """See `Listener`."""
        while not self._stopping:
            try:
                held = await self._acquire()
                self._trouble.is_over()
                if held:
                    await self._hold_and_tick()
                    continue
            except AzureError as error:
                self._trouble.goes_on(error)
            await is_set(self._idle, within=ACQUIRE_AGAIN_SECONDS)

    def stop(self) -> None:
        """See `Listener`."""
        self._stopping = True
        self._idle.set()

    def wake(self) -> None:
        """See `Listener`; a timer goes by the clock alone."""

    async def invoke(self, text: str) -> None:  # noqa: ARG002 - a timer takes no input
        """See `Listener`."""
        await self._invoker.invoke(self._function, TimerRequest(past_due=False))

    async def _acquire(self) -> bool:
        return await self._blocking(self._store.acquire)

    async def _hold_and_tick(self) -> None:
        """Runs until the host stops or the lock is lost."""
        ended = asyncio.Event()
        renewal = asyncio.create_task(self._keep(ended))
        try:
            await self._tick()
        finally:
            ended.set()
            await renewal
            if not self._stopping:
                self._idle.clear()
        await self._blocking(self._store.release)

    async def _keep(self, ended: asyncio.Event) -> None:
        """Renews the lock at half its time; without it no further run starts."""
        while not await is_set(ended, within=LEASE_SECONDS / 2):
            try:
                held = await self._acquire()
            except AzureError as error:
                _LOG.warning("%s: the lock was not renewed: %s", self._function.name, error)
                held = False
            if not held:
                self._idle.set()
                return

    async def _tick(self) -> None:
        last = await self._make_up()
        while not self._idle.is_set():
            due = self._trigger.schedule.after(max(_now(), last))
            if await self._is_idle_before(due):
                return
            await self._run(due, past_due=False)
            last = due

    async def _is_idle_before(self, due: dt.datetime) -> bool:
        while (left := (due - _now()).total_seconds()) > 0:
            if await is_set(self._idle, within=left):
                return True
        return self._idle.is_set()

    async def _make_up(self) -> dt.datetime:
        """The run that is owed at the start, if any; returns when the schedule goes on from."""
        now = _now()
        status = await self._status()
        if status and self._is_owed(status, now):
            await self._run(now, past_due=True)
        elif self._trigger.run_on_startup:
            await self._run(now, past_due=False)
        elif self._trigger.monitored and not (status and self._fits(status)):
            await self._save(Status(None, self._trigger.schedule.after(now), now))
        return now

    def _is_owed(self, status: Status, now: dt.datetime) -> bool:
        return self._fits(status) and now > status.next

    def _fits(self, status: Status) -> bool:
        """Whether the status was written under the schedule of today."""
        return status.next == self._trigger.schedule.after(status.last or status.updated)

    async def _run(self, due: dt.datetime, *, past_due: bool) -> None:
        status = await self._status()
        request = TimerRequest(
            past_due=past_due,
            schedule={"AdjustForDST": True},
            schedule_status=dict(status.to_json()) if status else None,
        )
        try:
            await self._invoker.invoke(self._function, request)
        except InvocationError:
            _LOG.info("%s is not tried again before it is due", self._function.name)
        if self._trigger.monitored:
            await self._save(Status(due, self._trigger.schedule.after(due), due))

    async def _status(self) -> Status | None:
        return await self._blocking(self._store.load) if self._trigger.monitored else None

    async def _save(self, status: Status) -> None:
        await self._blocking(self._store.save, status)

    async def _blocking(self, call: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
