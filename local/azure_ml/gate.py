"""The outer layers of the application: every call is recorded, may go wrong, and is checked.

`Gate` records changing calls and lets faults happen; `ArmEntry` demands what ARM demands of every
call (a bearer token, an api-version) and brings the path into the form that routes match.
"""

import asyncio
import json
import uuid
from collections import deque
from typing import Any

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.azure_ml import arm, identity
from local.azure_ml.errors import ArmError
from local.azure_ml.faults import Faults

_ARM = "/subscriptions/"
_CONTROL = "/_control/"
_CHANGING = {"PUT", "POST", "PATCH", "DELETE"}
_RECORDED = 2_000
_CUT = b'{"value": [{"id": '


class Gate:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults
        self.calls: deque[dict[str, Any]] = deque(maxlen=_RECORDED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        if scope["type"] != "http" or scope["path"].startswith(_CONTROL):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        action = self._faults.hit(method, path)
        call = {"method": method, "path": path, "status": None, "fault": action or None}
        if method in _CHANGING and path.startswith(_ARM):
            body = await _read(receive)
            receive = _replay(body, receive)
            self.calls.append(call | {"at": arm.now(), "body": _parsed(body)})
            call = self.calls[-1]
        scope["operation_effect"] = action.get("operation") or {}
        await self._perform(action, call, (scope, receive, send))

    async def _perform(
        self, action: dict[str, Any], call: dict[str, Any], asgi: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = asgi
        if action.get("delay"):
            await asyncio.sleep(float(action["delay"]))
        if action.get("hang"):
            await _disconnected(receive)
        elif action.get("drop") == "before":
            await _drop(receive, send)
        elif "status" in action and not action.get("performed"):
            call["status"] = action["status"]
            await _answer(action)(scope, receive, send)
        elif action.keys() & {"drop", "cut", "malformed", "performed"}:
            answer = _Answer(call)
            await self._app(scope, receive, answer.keep)
            await answer.spoil(action, (scope, receive, send))
        else:
            await self._app(scope, receive, _Answer(call).watch(send))


class _Answer:
    """The answer to one call, on its way out or held back."""

    def __init__(self, call: dict[str, Any]) -> None:
        self._call = call
        self._start: Message = {}
        self._body = b""

    def watch(self, send: Send) -> Send:
        """Passes the answer on and notes its status."""

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._call["status"] = message["status"]
            await send(message)

        return watching

    async def keep(self, message: Message) -> None:
        """Holds the answer back."""
        if message["type"] == "http.response.start":
            self._start = message
            self._call["status"] = message["status"]
        else:
            self._body += message.get("body", b"")

    async def spoil(self, action: dict[str, Any], asgi: tuple[Scope, Receive, Send]) -> None:
        """Answers the performed call as the action says, which is not how it was answered."""
        scope, receive, send = asgi
        if action.get("drop"):
            await _drop(receive, send)
        elif action.get("cut"):
            await send(self._start)
            half = self._body[: len(self._body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await _drop(receive, send)
        elif action.get("malformed"):
            answer = Response(_CUT, self._start["status"], media_type="application/json")
            await answer(scope, receive, send)
        else:
            await _answer(self._own() | action)(scope, receive, send)

    def _own(self) -> dict[str, Any]:
        """The answer as it would have been, in the words of an action."""
        held = {name.decode(): value.decode() for name, value in self._start["headers"]}
        held.pop("content-length", None)
        return {"status": self._start["status"], "headers": held, "body": self._body.decode()}


class ArmEntry:
    """What every ARM call has to bring; other paths pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        if scope["type"] != "http" or not scope["path"].lower().startswith(_ARM):
            await self._app(scope, receive, send)
            return
        identifier = str(uuid.uuid4())

        async def identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-ms-request-id"] = identifier
                headers["x-ms-correlation-request-id"] = identifier
            await send(message)

        refusal = _refusal(Headers(scope=scope), QueryParams(scope["query_string"]))
        if refusal:
            answer = JSONResponse(refusal.body(), refusal.status, refusal.headers)
            await answer(scope, receive, identified)
            return
        path = scope["path"]
        scope.update(asked_path=path, path=arm.canonical_path(path))
        await self._app(scope, receive, identified)


def _refusal(headers: Headers, query: QueryParams) -> ArmError | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.windows.net/common"'}
    if scheme.lower() != "bearer" or not token:
        text = "Authentication failed. The 'Authorization' header is missing."
        return ArmError(401, "AuthenticationFailed", text, headers=challenge)
    if identity.has_expired(token):
        text = "The access token expiry UTC time is earlier than the current time."
        return ArmError(401, "ExpiredAuthenticationToken", text, headers=challenge)
    if not query.get("api-version"):
        text = "The api-version query parameter (?api-version=) is required for all requests."
        return ArmError(400, "MissingApiVersionParameter", text)
    return None


def _answer(action: dict[str, Any]) -> Response:
    body = action.get("body")
    headers = action.get("headers") or {}
    if body is None or isinstance(body, str):
        return Response(body, action["status"], headers)
    return JSONResponse(body, action["status"], headers)


async def _read(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += bytes(message.get("body", b""))
        more = bool(message.get("more_body"))
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replaying() -> Message:
        return messages.pop() if messages else await receive()

    return replaying


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _drop(receive: Receive, send: Send) -> None:
    """Closes the connection without an answer.

    ASGI has no word for that; uvicorn's `send` belongs to the object that holds the transport.
    """
    cycle: Any = getattr(send, "__self__")  # noqa: B009 - not part of the type of Send
    cycle.transport.abort()
    await _disconnected(receive)
