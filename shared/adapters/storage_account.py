"""How the storage clients reach the account: addresses, credential, one pool of connections.

Built once by `shared.wiring` and given to `azure_tables`, `azure_queue` and `azure_blobs`. All
of them share one HTTP session: look-ups of proxy variables, a sixth of the SDK's own cost, are off.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.core.utils import parse_connection_string
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from shared.domain.loopback import is_safe

CONNECT_SECONDS = 5
READ_SECONDS = 10
RETRIES = 2
BACKOFF_SECONDS = 1
_CONNECTIONS = 64  # the most that are kept; a burst beyond opens more
_SERVICES = ("table", "queue", "blob")


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """The three services of one account, and what opens them."""

    table_url: str
    queue_url: str
    blob_url: str
    credential: AzureNamedKeyCredential | TokenCredential = field(repr=False)
    transport: HttpTransport[Any, Any] = field(repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError where an address would carry the credential in the clear."""
        for url in (self.table_url, self.queue_url, self.blob_url):
            _require_private(url)


def from_connection_string(text: str) -> StorageAccount:
    """The account that a connection string with an account key names.

    Raises ValueError where it is incomplete or would use plain http beyond this machine; the
    message never holds the key.
    """
    try:
        parts = parse_connection_string(text)
    except ValueError:
        raise ValueError("the storage connection string is not a list of Name=value;") from None
    name, key = parts.get("accountname"), parts.get("accountkey")
    if not name or not key:
        raise ValueError("the storage connection string has no AccountName or no AccountKey")
    scheme = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    table, queue, blob = (
        parts.get(f"{service}endpoint", f"{scheme}://{name}.{service}.{suffix}").rstrip("/")
        for service in _SERVICES
    )
    return StorageAccount(table, queue, blob, AzureNamedKeyCredential(name, key), _transport())


def from_name(
    name: str, credential: TokenCredential, *, suffix: str = "core.windows.net"
) -> StorageAccount:
    """The account of that name, opened by an identity (a managed identity in Azure)."""
    table, queue, blob = (f"https://{name}.{service}.{suffix}" for service in _SERVICES)
    return StorageAccount(table, queue, blob, credential, _transport())


class _Transport(RequestsTransport):  # type: ignore[misc] # the SDK exports it untyped
    """Retries wait briefly, whatever a Retry-After says: who calls has a deadline of its own."""

    def sleep(self, duration: float) -> None:
        super().sleep(min(duration, BACKOFF_SECONDS))


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
        """One request, sent once."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.headers, prepared.body = method, url, headers, data
        sent = {name: options[name] for name in ("timeout", "verify", "cert")}
        response = self.get_adapter(url).send(prepared, stream=stream, **sent)
        if not stream:
            response.content  # noqa: B018 - reads the body and gives the connection back
        return response


def _transport() -> HttpTransport[Any, Any]:
    """A transport that many threads share; the proxy variables of the environment are not read."""
    session = _Session()
    session.trust_env = False
    adapter = HTTPAdapter(
        pool_connections=len(_SERVICES),
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


def _require_private(url: str) -> None:
    if not is_safe(url):
        parts = urlsplit(url)
        raise ValueError(f"storage at {parts.scheme}://{parts.hostname} must be reached by https")
