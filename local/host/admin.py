"""The host's own routes, /admin/*: its state, draining it, running a function by hand.

Called by `front` before any function's route. Like the functions, they ask for no key.
"""

import asyncio
import json
import time
from collections.abc import Mapping

from local.host.invocation import InvocationError, Invoker
from local.host.listener import Listener

_FUNCTION = "/admin/functions/"
_Answer = tuple[int, bytes]


class Admin:
    """Answers /admin/*."""

    def __init__(self, host_id: str, listeners: Mapping[str, Listener], invoker: Invoker) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        """Functions being run by hand."""
        self._host_id = host_id
        self._listeners = listeners
        self._invoker = invoker
        self._started = time.monotonic()
        self._draining = False

    def answer(self, method: str, path: str, body: bytes) -> _Answer:
        """Status and JSON body; 404 for what is not known."""
        match method, path.rstrip("/"):
            case "GET", "/admin/host/status":
                return 200, _json({"id": self._host_id, "state": "Running"} | self._uptime())
            case "POST", "/admin/host/drain":
                self._draining = True
                for listener in self._listeners.values():
                    listener.stop()
                return 202, self._drain_state()
            case "GET", "/admin/host/drain/status":
                return 200, self._drain_state()
            case "POST", function if function.startswith(_FUNCTION):
                return self._run(function.removeprefix(_FUNCTION), body)
        return 404, _json({"error": f"no {method} {path}"})

    def _run(self, name: str, body: bytes) -> _Answer:
        """Starts a function that is not HTTP; `{"input": text}` is its message."""
        listener = self._listeners.get(name)
        if listener is None:
            known = ", ".join(self._listeners) or "none"
            return 404, _json(
                {"error": f"no queue or timer function {name} here; there are: {known}"}
            )
        try:
            given = json.loads(body or b"{}")
        except ValueError as error:
            return 400, _json({"error": f"the body is not JSON: {error}"})
        text = given.get("input", "") if isinstance(given, dict) else None
        if not isinstance(text, str):
            return 400, _json({"error": 'the body must be {"input": "text"}'})
        task = asyncio.create_task(_invoke(listener, text))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return 202, b""

    def _uptime(self) -> dict[str, object]:
        return {"processUptime": round((time.monotonic() - self._started) * 1000)}

    def _drain_state(self) -> bytes:
        running = self._invoker.running.total()
        state = "Disabled" if not self._draining else "InProgress" if running else "Completed"
        return _json({"state": state, "outstandingInvocations": running})


async def _invoke(listener: Listener, text: str) -> None:
    try:
        await listener.invoke(text)
    except InvocationError:
        return  # logged where it failed; nobody waits for the result


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
