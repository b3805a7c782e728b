"""How the storage clients reach the account: addresses, credential, one HTTP session.

Built once by `shared.wiring` and given to `azure_tables`, `azure_queue` and `azure_blobs`.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.pipeline.transport import HttpTransport
from azure.core.utils import parse_connection_string

from shared.adapters.storage_session import new_transport
from shared.domain.loopback import is_safe

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
    return StorageAccount(table, queue, blob, AzureNamedKeyCredential(name, key), new_transport())


def from_name(
    name: str, credential: TokenCredential, *, suffix: str = "core.windows.net"
) -> StorageAccount:
    """The account of that name, opened by an identity (a managed identity in Azure)."""
    table, queue, blob = (f"https://{name}.{service}.{suffix}" for service in _SERVICES)
    return StorageAccount(table, queue, blob, credential, new_transport())


def _require_private(url: str) -> None:
    if not is_safe(url):
        parts = urlsplit(url)
        raise ValueError(f"storage at {parts.scheme}://{parts.hostname} must be reached by https")
