"""Runs one function once: arguments in, the user's code, outputs out; counts what is running.

The triggers (`front`, `queue_listener`, `timer_listener`, `admin`) call it with a ready trigger
value. Async functions run on the host's loop, others in a pool of threads, as in the worker.
"""

import asyncio
import functools
import logging
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import azure.functions as func

from local.host.functions import Function, HttpTrigger

_T = TypeVar("_T")
_LOG = logging.getLogger("local.host.invocation")

SendOutputs = Callable[[Function, Mapping[str, object]], Awaitable[None]]
"""Writes what a function put out; raises when it cannot, which fails the invocation."""


class InvocationError(Exception):
    """The function or one of its outputs failed; the log has the reason."""


class Out(func.Out[_T], Generic[_T]):
    """An output parameter: the last value set is put out."""

    _value: _T | None = None

    def set(self, val: _T) -> None:
        """Sets the value to put out after the function returns."""
        self._value = val

    def get(self) -> _T | None:  # type: ignore[override]  # nothing set is None, as in the worker
        """The value set, if any."""
        return self._value


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The W3C trace of an invocation; the local host starts none."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a function gets as its parameter `context`."""

    invocation_id: str
    function_name: str
    function_directory: str
    thread_local_storage: threading.local
    trace_context: TraceContext
    retry_context: None = None


class Invoker:
    """Runs functions and knows how many are running."""

    def __init__(
        self, send_outputs: SendOutputs | None, threads: int, timeout: float | None = None
    ) -> None:
        self.timed_out = asyncio.Event()
        """Set when a function has taken longer than `timeout` seconds: its thread cannot be ended alone."""
        self.running: Counter[str] = Counter()
        """Invocations under way, by function."""
        self.cut_off: list[str] = []
        """Functions that the host's end left unfinished."""
        self._send_outputs = send_outputs
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._local = threading.local()

    async def invoke(self, function: Function, trigger_value: object) -> object:
        """Runs the function to its end, outputs included, and returns what it returned.

        Raises InvocationError, logged, for whatever the function or its outputs raise.
        """
        start = time.perf_counter()
        self.running[function.name] += 1
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                result = await self._run(function, trigger_value)
        except asyncio.CancelledError:
            self.cut_off.append(function.name)
            raise
        except Exception as error:
            if limit.expired():
                self._cut_off(function)
            else:
                _LOG.exception("%s failed after %.0f ms", function.name, _milliseconds(start))
            raise InvocationError(function.name) from error
        finally:
            self.running[function.name] -= 1
        level = logging.DEBUG if isinstance(function.trigger, HttpTrigger) else logging.INFO
        _LOG.log(level, "%s succeeded after %.0f ms", function.name, _milliseconds(start))
        return result

    def _cut_off(self, function: Function) -> None:
        _LOG.error("%s took longer than functionTimeout, %g s", function.name, self._timeout)
        self.cut_off.append(function.name)
        self.timed_out.set()

    async def _run(self, function: Function, trigger_value: object) -> object:
        arguments: dict[str, Any] = {function.trigger.parameter: trigger_value}
        for output in function.outputs:
            if output.parameter != "$return":
                arguments[output.parameter] = Out()
        if function.wants_context:
            arguments["context"] = self._context(function)
        if function.is_async:
            result = await function.run(**arguments)
        else:
            call = functools.partial(function.run, **arguments)
            result = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        if result is not None and not function.may_return:
            raise TypeError(f"{function.name} has no $return binding and returned a value")
        if self._send_outputs and function.outputs:
            values = {name: each.get() for name, each in arguments.items() if type(each) is Out}
            await self._send_outputs(function, {**values, "$return": result})
        return result

    def _context(self, function: Function) -> Context:
        invocation_id = str(uuid.uuid4())
        self._local.invocation_id = invocation_id
        return Context(
            invocation_id, function.name, str(function.folder), self._local, TraceContext()
        )


def pool_size(settings: Mapping[str, str]) -> int:
    """How many functions that are not async may run at once, as the worker decides it."""
    wanted = settings.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else min(32, (os.cpu_count() or 1) + 4)


def _milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1000
