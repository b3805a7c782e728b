"""The one HTTP session of the storage clients, with limits that fit a function: seconds, not minutes.

Used by `storage_account`. A wait for a connection, for a piece of the body to be taken or for a piece of
the answer is limited, never a transfer as a whole; and what all waits in vain take together, by
`shared.patience`. Proxy variables are not looked up: a sixth of the SDK's own cost.
"""

import io
import time
from collections.abc import Mapping
from typing import Any

import requests
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from shared import patience

CONNECT_SECONDS = 2.0
"""For a connection, and for each piece of a body to be taken."""
READ_SECONDS = 6.0
"""For each piece of an answer; the table service itself gives a query five seconds."""
RETRIES = 1
"""Of a call that may be repeated as it is."""
BACKOFF_SECONDS = 0.4
"""At most, before a repetition, whatever the SDK's policies or a Retry-After say."""
REPEAT_BRIEFLY: Mapping[str, Any] = {
    "retry_total": RETRIES,
    "backoff": BACKOFF_SECONDS,
    "random_jitter_range": 0,
}
"""For the `LinearRetry` of the queue and the blob SDK, which may sleep past this transport."""

_HOSTS = 3  # table, queue, blob
_CONNECTIONS = 64  # the most that are kept; a burst beyond opens more
_PIECE = 64 * 1024  # bytes: `sendall` has one limit for all it is given, so it is given little


def new_transport() -> HttpTransport[Any, Any]:
    """A transport that many threads share."""
    session = _Session()
    session.trust_env = False
    adapter = HTTPAdapter(
        pool_connections=_HOSTS,
        pool_maxsize=_CONNECTIONS,
        max_retries=Retry(total=False, redirect=False, raise_on_status=False),
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    transport: HttpTransport[Any, Any] = _Transport(
        session=session,
        session_owner=False,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    return transport


class _Transport(RequestsTransport):  # type: ignore[misc] # the SDK exports it untyped
    """Waits briefly between the SDK's repetitions."""

    def sleep(self, duration: float) -> None:
        pause = min(duration, BACKOFF_SECONDS, max(patience.left(), 0.0))
        patience.spend(pause)
        super().sleep(pause)


class _Session(requests.Session):
    """Hands a request to its adapter as the SDK made it: with its address, headers and body complete.

    What `requests` does besides (cookies, hooks, redirects, merging defaults) storage has no use
    for, and it is a fifth of the processor time of a call.
    """

    def request(  # type: ignore[override]  # the transport's own way to call it, and no other
        self,
        method: str,
        url: str,
        *,
        headers: Any,
        data: Any,
        stream: bool = False,
        **options: Any,
    ) -> requests.Response:
        """One request, sent once. Raises ConnectTimeout where all patience is spent."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.headers = method, url, headers
        prepared.body = _in_pieces(data)
        left = patience.left()
        if left <= 0:
            raise requests.ConnectTimeout("storage has kept this request waiting for too long")
        sent = {name: options[name] for name in ("verify", "cert")}
        limits = tuple(min(limit, left) for limit in options["timeout"])
        begin = time.monotonic()
        try:
            response = self.get_adapter(url).send(prepared, stream=stream, timeout=limits, **sent)
            if not stream:
                response.content  # noqa: B018 - reads the body and gives the connection back
        except requests.RequestException:
            patience.spend(time.monotonic() - begin)
            raise
        return response


def _in_pieces(body: Any) -> Any:
    """A long body as a file, which is sent piece by piece, each with the limit of a piece."""
    return io.BytesIO(body) if isinstance(body, bytes) and len(body) > _PIECE else body
