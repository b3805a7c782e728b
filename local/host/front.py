"""The HTTP face of the host: an ASGI app that matches routes and runs HTTP functions.

It does what the real host does: a body is handed over whole and bounded, a wrong method is 404,
too many requests are 429, a failed function is an empty 500. Keys and authorization levels are
not enforced, as Core Tools does not on a developer's machine.
"""

import asyncio
import logging
from collections.abc import Sequence

from local.host.admin import Admin
from local.host.functions import Function, HttpTrigger
from local.host.host_json import HttpOptions
from local.host.http_messages import Receive, Scope, Send, answer, read_body, to_answer, to_request
from local.host.invocation import InvocationError, Invoker

_LOG = logging.getLogger("local.host.front")
_CLOSE = [(b"connection", b"close")]
_JSON = [(b"content-type", b"application/json")]


class Front:
    """The ASGI application that the web server runs."""

    def __init__(
        self, functions: Sequence[Function], invoker: Invoker, options: HttpOptions, admin: Admin
    ) -> None:
        self.stopping = False
        """Once true, functions are refused with 503."""
        self._routes = [
            (function, function.trigger)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._invoker = invoker
        self._admin = admin
        self._most = _limit(options.max_outstanding_requests)
        self._slots = asyncio.Semaphore(_limit(options.max_concurrent_requests))
        self._outstanding = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path: str = scope["path"]
        if path.startswith("/admin/"):
            body = await read_body(receive) or b""
            await answer(send, *self._admin.answer(scope["method"], path, body), _JSON)
        elif (match := self._match(scope["method"], path[1:])) is None:
            await answer(send, 404)
        elif self.stopping:
            await answer(send, 503, headers=_CLOSE)
        elif self._outstanding >= self._most:
            await answer(send, 429)
        else:
            await self._serve(*match, scope, receive, send)

    def _match(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        for function, trigger in self._routes:
            if trigger.methods and method not in trigger.methods:
                continue
            values = trigger.route.match(path)
            if values is not None:
                return function, values
        return None

    async def _serve(
        self,
        function: Function,
        values: dict[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._outstanding += 1
        try:
            body = await read_body(receive)
            if body is None:
                await answer(send, 413, headers=_CLOSE)
                return
            async with self._slots:
                returned = await self._invoker.invoke(function, to_request(scope, values, body))
            status, headers, payload = to_answer(returned)
        except InvocationError:
            status, headers, payload = 500, [], b""
        except (TypeError, ValueError):
            _LOG.exception("%s returned what HTTP cannot carry", function.name)
            status, headers, payload = 500, [], b""
        finally:
            self._outstanding -= 1
        await answer(send, status, payload, headers)


def _limit(configured: int) -> int:
    return 2**31 if configured < 0 else configured
