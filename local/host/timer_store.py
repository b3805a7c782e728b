"""A timer's lock and status in blobs, where the Functions timer extension keeps its own.

The lock is a blob lease: of all hosts of one app, one runs the timer. A host's lease id is made
from its address, so that a host started again after a crash gets its own lease back at once.
Calls block. Everything raises azure.core.exceptions.AzureError.
"""

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, ContainerClient

CONTAINER = "azure-webjobs-hosts"
LEASE_SECONDS = 15  # the shortest a blob lease can be
_CONFLICTS = {409, 412}


@dataclass(frozen=True, slots=True)
class Status:
    """When a timer ran last, is due next, and when this was written. All in UTC."""

    last: datetime | None
    next: datetime
    updated: datetime

    def to_json(self) -> dict[str, str]:
        """In the timer extension's words; never run is the year 1."""
        last = self.last.isoformat() if self.last else "0001-01-01T00:00:00+00:00"
        return {
            "Last": last,
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }


class TimerStore:
    """The blobs of one timer function."""

    def __init__(self, connection: str, *, host_id: str, function: str, holder: str) -> None:
        self._container = ContainerClient.from_connection_string(
            connection, CONTAINER, retry_total=0
        )
        self._lock = self._container.get_blob_client(f"locks/{host_id}/{function}.Listener")
        self._status = self._container.get_blob_client(f"timers/{host_id}/{function}/status")
        self._lease = BlobLeaseClient(self._lock, lease_id=holder)

    def acquire(self) -> bool:
        """Takes or keeps the lock for LEASE_SECONDS; False while another host has it."""
        try:
            self._lease.acquire(LEASE_SECONDS)
        except ResourceNotFoundError:
            self._create()
            return self.acquire()
        except HttpResponseError as error:
            if error.status_code in _CONFLICTS:
                return False
            raise
        return True

    def release(self) -> None:
        """Gives the lock up; nothing happens if it was lost."""
        try:
            self._lease.release()
        except HttpResponseError as error:
            if error.status_code not in _CONFLICTS:
                raise

    def load(self) -> Status | None:
        """The status written last, if any can be read."""
        try:
            value = json.loads(self._status.download_blob().readall())
            last, following, updated = (
                datetime.fromisoformat(value[key]) for key in ("Last", "Next", "LastUpdated")
            )
        except (ResourceNotFoundError, ValueError, KeyError):
            return None
        return Status(last if last.year > 1 else None, following, updated)

    def save(self, status: Status) -> None:
        """Replaces the status."""
        self._status.upload_blob(json.dumps(status.to_json()), overwrite=True)

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):  # every timer of every host uses it
            self._container.create_container()
        with contextlib.suppress(ResourceExistsError):  # another host was faster
            self._lock.upload_blob(b"", overwrite=False)
