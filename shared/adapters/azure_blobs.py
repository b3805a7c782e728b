"""Blobs in one container of Blob Storage, or of Azurite: bytes under the digest of their content.

The SDK is loaded with the first call: it costs a tenth of a second and more, and most requests
need no blob. Uploads and reads go in blocks, so memory does not grow with the content.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError

from shared.adapters.azure_blob_versions import listed, pinned
from shared.adapters.azure_links import BlobLinks
from shared.adapters.ranged_file import open_ranges
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_errors import error_code, translated
from shared.adapters.storage_session import REPEAT_BRIEFLY
from shared.adapters.system import SystemClock
from shared.domain import limits
from shared.domain.errors import Changed, Copying, Exists, Missing, Unavailable
from shared.ports import Blob, Link, Listed

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, ContainerClient

BLOCK_BYTES = 8 * 1024 * 1024
"""Sent at once; a smaller content goes in one call."""
COPY_SECONDS = 20
"""How long `copy` waits for a copy the service goes on with by itself."""
_PARALLEL_BLOCKS = 3
_COPY_LOOK_SECONDS = 0.25
_DONE = {None, "success"}


class AzureBlobs:
    """The blobs of a container, which comes to be by its first use; safe to share."""

    def __init__(self, account: StorageAccount, container: str) -> None:
        limits.check_queue(container)
        self._account = account
        self._name = container
        self._links = BlobLinks(account, SystemClock())
        self._is_created = False

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes a content, seekable if it is a file, only if absent.

        Raises Exists; after a lost answer that may be our own write, which is the same content. Raises
        Copying where what is there is a copy that goes on, Unavailable where that one failed.
        """
        blob = self._blob(key)
        start = 0 if isinstance(content, bytes) else content.tell()

        def upload() -> None:
            if not isinstance(content, bytes):
                content.seek(start)
            blob.upload_blob(content, overwrite=False, max_concurrency=_PARALLEL_BLOCKS)

        try:
            with translated(f"writing blob {key}"):
                self._creating(upload)
        except Exists:
            self._wait_for_copy(blob, key)  # what is there counts once it is complete
            raise

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        """Copies within the account; returns when all of it is there. Raises Missing, Changed.

        Done where the target is there, as keys name contents. Raises Copying where the service
        still copies after COPY_SECONDS; the next call goes on with that copy.
        """
        target = self._blob(key)
        try:
            with translated(f"copying blob {source} to {key}"):
                started = target.start_copy_from_url(
                    self._blob(source).url,
                    match_condition=MatchConditions.IfMissing,
                    **pinned(etag, "source_"),
                )
            if started["copy_status"] in _DONE:
                return
        except Exists:
            pass  # ours of another turn perhaps, and not yet complete
        except Missing:
            if self.size(key) is None:
                raise
        self._wait_for_copy(target, key)

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        """A seekable file over one version of the bytes, read by ranges. Raises Missing, Changed.

        Its reads raise Unavailable, and Missing or Changed where the blob goes or changes meanwhile.
        """
        found = self._properties(key, **pinned(etag))
        if found.copy.status not in _DONE:
            raise Copying(f"blob {key} is not complete: {found.copy.status}")
        blob, version = self._blob(key), pinned(str(found.etag))

        def read(offset: int, count: int) -> bytes:
            with translated(f"reading blob {key}"):
                data: bytes = blob.download_blob(offset=offset, length=count, **version).readall()
            return data

        return open_ranges(key, found.size, read)

    def find(self, key: str) -> Blob | None:
        """What is there under a key now; None where nothing is, or a copy that is not complete."""
        try:
            found = self._properties(key)
        except Missing:
            return None
        if found.copy.status not in _DONE:
            return None
        return Blob(etag=str(found.etag), size=found.size)

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        found = self.find(key)
        return found.size if found else None

    def write_link(self, key: str, *, seconds: int) -> Link:
        """A signed address (SAS) that may create and write this blob, and nothing else."""
        blob = self._blob(key)
        if not self._is_created:  # the holder of a link could not
            with contextlib.suppress(Exists), translated("creating the container"):
                self._container.create_container()
            self._is_created = True
        return self._links.write(blob, seconds)

    def read_link(self, key: str, *, seconds: int) -> Link:
        """A signed address (SAS) that may read this blob, and nothing else."""
        return self._links.read(self._blob(key), seconds)

    def list(self, prefix: str) -> Iterator[Listed]:
        """What is under the keys that begin with `prefix`, in their order, a page at a time; no copy that is not complete."""
        pages = self._container.list_blobs(name_starts_with=prefix, include=["copy"]).by_page()
        while True:
            try:
                with translated(f"listing blobs of {prefix}"):
                    page = list(next(pages))
            except (Missing, StopIteration):  # Missing: there is no container yet
                return
            yield from (listed(each) for each in page if each.copy.status in _DONE)

    def touch(self, key: str) -> bool:
        """Writes the metadata anew, of which we keep none: that is another version. False where nothing is.

        Raises Copying where what is there is a copy that goes on, Unavailable where that one failed.
        """
        blob = self._blob(key)
        try:
            with translated(f"touching blob {key}"):
                blob.set_blob_metadata({})
            self._wait_for_copy(blob, key)
        except Missing:
            return False
        return True

    def remove(self, key: str, *, etag: str = "") -> None:
        """Removes the bytes of a key; done where there are none. Raises Changed.

        Also where who had a link to write it has leased it or made snapshots, which go along.
        """
        blob = self._blob(key)

        def delete() -> None:
            blob.delete_blob(delete_snapshots="include", **pinned(etag))

        try:
            with translated(f"removing blob {key}"):
                _unleased(blob, delete)
        except Missing:
            return
        except Changed:
            if self.find(key):  # a version of nothing is refused in the same words
                raise

    @functools.cached_property
    def _container(self) -> "ContainerClient":
        from azure.storage.blob import ContainerClient, LinearRetry  # noqa: PLC0415 - see above

        return ContainerClient(
            self._account.blob_url,
            self._name,
            credential=self._account.credential,
            transport=self._account.transport,
            max_block_size=BLOCK_BYTES,
            max_single_put_size=BLOCK_BYTES,
            retry_policy=LinearRetry(**REPEAT_BRIEFLY),
        )

    def _blob(self, key: str) -> "BlobClient":
        limits.check_blob_key(key)
        return self._container.get_blob_client(key)

    def _properties(self, key: str, **condition: Any) -> "BlobProperties":
        blob = self._blob(key)
        with translated(f"looking at blob {key}"):
            return blob.get_blob_properties(**condition)

    def _creating(self, write: Callable[[], None]) -> None:
        """Calls `write`; once more where the container had to be created."""
        try:
            write()
        except AzureError as error:
            if error_code(error) != "ContainerNotFound":
                raise
            with contextlib.suppress(ResourceExistsError):  # somebody was quicker
                self._container.create_container()
            write()

    def _wait_for_copy(self, target: "BlobClient", key: str) -> None:
        """Returns once the target is complete; one that failed is removed and Unavailable."""
        end = time.monotonic() + COPY_SECONDS
        pause = threading.Event()
        while (seen := self._properties(key)).copy.status not in _DONE:
            if seen.copy.status != "pending":
                with translated(f"removing the failed copy {key}"):
                    target.delete_blob(
                        etag=seen.etag, match_condition=MatchConditions.IfNotModified
                    )
                raise Unavailable(f"copying to blob {key}: {seen.copy.status_description}")
            if time.monotonic() > end:
                raise Copying(f"copying to blob {key}: still going on ({seen.copy.progress})")
            pause.wait(_COPY_LOOK_SECONDS)


def _unleased(blob: "BlobClient", change: Callable[[], None]) -> None:
    """Calls `change`; once more without the lease that somebody has on the blob."""
    from azure.storage.blob import BlobLeaseClient  # noqa: PLC0415 - see above

    try:
        change()
    except AzureError as error:
        if error_code(error) != "LeaseIdMissing":
            raise
        BlobLeaseClient(blob).break_lease(lease_break_period=0)
        change()
