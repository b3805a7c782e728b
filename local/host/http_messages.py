"""HTTP as the real host hands it to a function and takes it back: ASGI on one side,
`azure.functions` on the other. Used by `front` for every request, so it copies nothing twice.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func
from azure.functions.http import HttpRequest

MAX_BODY_BYTES = 100 * 1024 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_FRAMING = frozenset({"transfer-encoding", "connection"})  # the server's own business


async def read_body(receive: Receive) -> bytes | None:
    """The whole body, or None once it is larger than MAX_BODY_BYTES."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body") and len(body) <= MAX_BODY_BYTES:
        return body
    chunks, size = [body], len(body)
    while message.get("more_body") and size <= MAX_BODY_BYTES:
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    return b"".join(chunks) if size <= MAX_BODY_BYTES else None


def to_request(scope: Scope, route_values: dict[str, str], body: bytes) -> HttpRequest:
    """What a function gets: repeated headers and query values are joined by commas, empty ones
    are dropped.
    """
    headers = _join(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    query: str = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{headers.get('host', '')}{scope['raw_path'].decode('latin-1')}"
    return HttpRequest(
        scope["method"],
        f"{url}?{query}" if query else url,
        headers=headers,
        params=_join(parse_qsl(query)) if query else {},
        route_params=route_values,
        body_type="bytes",
        body=body,
    )


def to_answer(returned: object) -> tuple[int, Headers, bytes]:
    """Status, headers and body of what a function returned.

    Of a repeated header the last one counts, but every Set-Cookie is kept. Raises TypeError for
    anything but `func.HttpResponse` and str, and ValueError for a header that HTTP cannot carry.
    """
    if isinstance(returned, str):
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], returned.encode()
    if not isinstance(returned, func.HttpResponse):
        raise TypeError(
            f"an HTTP function must return func.HttpResponse or str, not {type(returned).__name__}"
        )
    cookies: Headers = []
    headers: dict[str, str] = {}
    for name, value in returned.headers.items():
        lower = name.lower()
        if lower == "set-cookie":
            cookies.append((b"set-cookie", value.encode("latin-1")))
        elif lower not in _FRAMING:
            headers[lower] = value
    if "content-type" not in headers:
        text = returned.mimetype.startswith("text/")
        headers["content-type"] = (
            f"{returned.mimetype}; charset={returned.charset}" if text else returned.mimetype
        )
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return returned.status_code, encoded + cookies, returned.get_body()


async def answer(
    send: Send, status: int, body: bytes = b"", headers: Headers | None = None
) -> None:
    """Sends a whole response, without a body where HTTP has none."""
    bodiless = status in {204, 304}
    headers = list(headers or ())
    if not bodiless and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})


def _join(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        if value:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
