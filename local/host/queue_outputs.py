"""Queue output bindings: what a function put out becomes messages, with the real host's quirks.

Called by `invocation` after a function returned; a message on a queue that this host listens to
wakes its listener at once.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func

from local.host.functions import Function
from local.host.queue_store import QueueStore


class QueueOutputs:
    """Writes the queue outputs of functions."""

    def __init__(
        self, functions: Sequence[Function], *, is_base64: bool, wake: Callable[[str], None]
    ) -> None:
        self._stores = {
            (output.connection, output.queue): QueueStore(
                output.connection, output.queue, is_base64=is_base64
            )
            for function in functions
            for output in function.outputs
        }
        self._wake = wake
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="queue-output")

    async def send(self, function: Function, values: Mapping[str, object]) -> None:
        """Sends every output that was set, in the order of the bindings; raises what stops it."""
        loop = asyncio.get_running_loop()
        for output in function.outputs:
            value = values.get(output.parameter)
            for body in [] if value is None else to_bodies(value, output.python_type):
                store = self._stores[output.connection, output.queue]
                await loop.run_in_executor(self._threads, store.send, body)
                self._wake(output.queue)


def to_bodies(value: object, python_type: Any) -> list[bytes]:
    """The messages that one output value becomes.

    The host reads a text as JSON if it can: an array becomes one message an item, an object is
    written anew, indented (azure-functions-host, FunctionBinding.ReadAsEnumerable). Raises
    TypeError for what the worker refuses, and for func.QueueMessage, whose form in the host is
    not known here.
    """
    converter: Any = func.get_binding_registry().get("queue")
    try:
        datum = converter.encode(value, expected_type=python_type)
    except NotImplementedError:
        raise TypeError(f"a queue output cannot be a {type(value).__name__}") from None
    if datum.type == "bytes":
        return [datum.value]
    items = _items(datum.value)
    if datum.type == "json" and any(isinstance(item, dict) for item in items):
        raise TypeError("the local host does not know func.QueueMessage as output; put out a str")
    return [_to_text(item).encode() for item in items]


def _items(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return [text]
    if isinstance(value, list):
        return value
    return [value if isinstance(value, dict) else text]


def _to_text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, indent=2, ensure_ascii=False)
