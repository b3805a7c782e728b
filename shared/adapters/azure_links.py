"""Signed addresses (SAS) of single blobs, for who has no credential of the account: short-lived and narrow.

Signed with the account's key where the connection string has one (Azurite), else with a key that
the service gives our identity for some hours (user delegation). Used by `azure_blobs`.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AzureNamedKeyCredential

from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_errors import translated
from shared.adapters.storage_session import REPEAT_BRIEFLY
from shared.ports import Clock, Link

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, UserDelegationKey

_KEY_LASTS = timedelta(hours=12)
"""Of a key given to our identity; the service allows seven days."""
_CLOCKS_DIFFER = timedelta(minutes=5)


class BlobLinks:
    """Signs links to the blobs of an account; safe to share. The SDK is loaded with the first one."""

    def __init__(self, account: StorageAccount, clock: Clock) -> None:
        self._account, self._clock = account, clock
        self._kept: tuple[datetime, UserDelegationKey] | None = None

    def write(self, blob: "BlobClient", seconds: int) -> Link:
        """A link that may create and write this blob. Raises StoreError."""
        url = self._sign(blob, "cw", seconds)
        return Link(method="PUT", url=url, headers={"x-ms-blob-type": "BlockBlob"})

    def read(self, blob: "BlobClient", seconds: int) -> Link:
        """A link that may read this blob. Raises StoreError."""
        return Link(method="GET", url=self._sign(blob, "r", seconds))

    def _sign(self, blob: "BlobClient", permission: str, seconds: int) -> str:
        from azure.storage.blob import generate_blob_sas  # noqa: PLC0415 - a tenth of a second

        now, credential = self._clock.now(), self._account.credential
        signed_by: dict[str, Any]
        if isinstance(credential, AzureNamedKeyCredential):
            signed_by = {"account_key": credential.named_key.key}
        else:
            signed_by = {"user_delegation_key": self._delegation_key(now)}
        token = generate_blob_sas(
            str(blob.account_name),
            blob.container_name,
            blob.blob_name,
            permission=permission,
            start=now - _CLOCKS_DIFFER,
            expiry=now + timedelta(seconds=seconds),
            protocol="https" if blob.url.startswith("https:") else "https,http",
            **signed_by,
        )
        return f"{blob.url}?{token}"

    def _delegation_key(self, now: datetime) -> "UserDelegationKey":
        """The key given to our identity; another one when half of its time is over."""
        from azure.storage.blob import BlobServiceClient, LinearRetry  # noqa: PLC0415 - see above

        if self._kept is None or self._kept[0] < now + _KEY_LASTS / 2:
            service = BlobServiceClient(
                self._account.blob_url,
                credential=self._account.credential,
                transport=self._account.transport,
                retry_policy=LinearRetry(**REPEAT_BRIEFLY),
            )
            until = now + _KEY_LASTS
            with translated("asking for a key that signs links"):
                key = service.get_user_delegation_key(now - _CLOCKS_DIFFER, until)
            self._kept = until, key
        return self._kept[1]
