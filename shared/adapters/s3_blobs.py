"""Blobs in one bucket of S3, or of a server that speaks as it does: the third kind of the `Blobs` port.

Every write is conditional (If-None-Match: *). Where another one of the same key is under way S3
answers 409, and the write begins again as a whole. A write carries a nonce in its metadata: where
its answer was lost, it is read back, and a nonce that is equal means the write was ours.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, BinaryIO

from shared.adapters.ranged_file import open_ranges
from shared.adapters.s3_client import S3Account
from shared.adapters.s3_errors import Conflicting, is_missing_bucket, translated
from shared.adapters.s3_multipart import (
    PART_BYTES,
    copy_in_parts,
    send_in_parts,
    touch_object,
)
from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.errors import Changed, Exists, Missing, Unavailable
from shared.ports import Blob, Link, Listed

TRIES = 6
"""Of a write that meets another of the same key; after some of them that one has landed, or failed."""
_FIRST_PAUSE_SECONDS = 0.05
_NONCE = "longshore-write"


class S3Blobs:
    """The blobs of a bucket, which comes to be by its first use; safe to share."""

    def __init__(self, account: S3Account, bucket: str) -> None:
        self._account = account
        self._bucket = bucket
        self._random = SystemRandom()

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes a content, seekable if it is a file, only if absent. Raises Exists."""
        limits.check_blob_key(key)
        if isinstance(content, bytes):
            self._write(key, lambda nonce: self._send_whole(key, content, nonce))
            return
        start, size = content.tell(), _size(content)
        if size <= PART_BYTES:
            self.put(key, content.read())
            return
        if self.find(key):  # before the bytes are on their way
            raise Exists(f"{key} is there already")

        def send(nonce: str) -> None:
            content.seek(start)
            send_in_parts(self._target(key), content, size, {_NONCE: nonce})

        self._write(key, send)

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        """Copies within the bucket; done where the target is there. Raises Missing, Changed."""
        limits.check_blob_key(source)
        if self.find(key):
            return
        found = self._head(source, etag)
        size, pinned = int(found["ContentLength"]), str(found["ETag"])

        def send(nonce: str) -> None:
            if size:
                copy_in_parts(self._target(key), source, size, pinned, {_NONCE: nonce})
            else:
                self._send_whole(key, b"", nonce)  # no part can be empty

        try:
            self._write(key, send)
        except Exists:
            return

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        """A seekable file over one version of the bytes, read by ranges. Raises Missing, Changed."""
        limits.check_blob_key(key)
        found = self._head(key, etag)
        asked = {**self._place(key), "IfMatch": found["ETag"]}

        def read(offset: int, count: int) -> bytes:
            with translated(f"reading {key}"):
                part = self._client.get_object(
                    **asked, Range=f"bytes={offset}-{offset + count - 1}"
                )
                data: bytes = part["Body"].read()
            return data

        return open_ranges(key, int(found["ContentLength"]), read)

    def find(self, key: str) -> Blob | None:
        """What is there under a key now; None where nothing is."""
        limits.check_blob_key(key)
        try:
            found = self._head(key)
        except Missing:
            return None
        return Blob(etag=str(found["ETag"]), size=int(found["ContentLength"]))

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        found = self.find(key)
        return found.size if found else None

    def list(self, prefix: str) -> Iterator[Listed]:
        """What is under the keys that begin with `prefix`, in their order, a page at a time."""
        pages = self._client.get_paginator("list_objects_v2")
        found = iter(pages.paginate(Bucket=self._bucket, Prefix=prefix))
        while True:
            try:
                with translated(f"listing {prefix}"):
                    page = next(found)
            except (Missing, StopIteration):  # Missing: there is no bucket yet
                return
            yield from (_listed(each) for each in page.get("Contents", ()))

    def touch(self, key: str) -> bool:
        """Copies onto itself: it is modified now, and keeps its etag, which names its bytes. False where nothing is."""
        limits.check_blob_key(key)
        try:
            found = self._head(key)
            touch_object(self._target(key), int(found["ContentLength"]), found)
        except Missing:
            return False
        return True

    def remove(self, key: str, *, etag: str = "") -> None:
        """Removes the bytes of a key; done where there are none. Raises Changed."""
        limits.check_blob_key(key)
        pinned = {"IfMatch": etag} if etag else {}
        try:
            if etag:  # some servers that are not Amazon's pay no heed to the condition
                self._head(key, etag)
            with translated(f"removing {key}"):
                self._client.delete_object(**self._place(key), **pinned)
        except Missing:
            return

    def write_link(self, key: str, *, seconds: int) -> Link:
        """A presigned PUT that creates this key where nothing is, of up to 5 GB."""
        limits.check_blob_key(key)
        self._create_bucket()
        return Link(
            method="PUT",
            url=self._sign("put_object", seconds, {**self._place(key), "IfNoneMatch": "*"}),
            headers={"If-None-Match": "*"},
        )

    def read_link(self, key: str, *, seconds: int) -> Link:
        """A presigned GET of this key."""
        limits.check_blob_key(key)
        return Link(method="GET", url=self._sign("get_object", seconds, self._place(key)))

    @property
    def _client(self) -> Any:
        return self._account.client

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": key}

    def _target(self, key: str) -> tuple[Any, str, str]:
        return self._client, self._bucket, key

    def _head(self, key: str, etag: str = "") -> dict[str, Any]:
        pinned = {"IfMatch": etag} if etag else {}
        with translated(f"looking at {key}"):
            found: dict[str, Any] = self._client.head_object(**self._place(key), **pinned)
        if etag and found["ETag"] != etag:
            raise Changed(f"{key} is of another version")
        return found

    def _sign(self, method: str, seconds: int, call: dict[str, str]) -> str:
        with translated("signing a link"):
            url: str = self._client.generate_presigned_url(method, Params=call, ExpiresIn=seconds)
        return url

    def _send_whole(self, key: str, data: bytes, nonce: str) -> None:
        with translated(f"writing {key}", condition=Exists):
            self._client.put_object(
                **self._place(key), Body=data, IfNoneMatch="*", Metadata={_NONCE: nonce}
            )

    def _write(self, key: str, send: Callable[[str], None]) -> None:
        """Calls `send` with a nonce, again where another write was under way or the bucket was missing.

        Raises Exists where somebody else's is there, Changed where the source of a copy is another.
        """
        nonce, pause = self._random.nonce(), threading.Event()
        for attempt in range(TRIES):
            try:
                send(nonce)
            except Conflicting:
                pause.wait(_FIRST_PAUSE_SECONDS * 2**attempt * (1 + self._random.jitter()))
            except (Exists, Missing, Unavailable) as error:
                if is_missing_bucket(error):
                    self._create_bucket()
                    pause.wait(
                        _FIRST_PAUSE_SECONDS * 2**attempt * attempt
                    )  # somebody else may be at it
                    continue
                if self._is_ours(key, nonce):
                    return
                raise
            else:
                return
        raise Unavailable(f"writing {key}: others wrote it at the same time, {TRIES} times")

    def _is_ours(self, key: str, nonce: str) -> bool:
        """Whether the write of this nonce has landed, its answer lost or its repetition refused."""
        try:
            return bool(self._head(key)["Metadata"].get(_NONCE) == nonce)
        except Missing:
            return False

    def _create_bucket(self) -> None:
        region = self._client.meta.region_name
        placed = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            with translated("creating the bucket"):
                self._client.create_bucket(
                    Bucket=self._bucket, **({} if region == "us-east-1" else placed)
                )
        except (Exists, Conflicting):
            return  # somebody was quicker, or is at it


def _listed(found: dict[str, Any]) -> Listed:
    return Listed(
        key=str(found["Key"]),
        etag=str(found["ETag"]),
        size=int(found["Size"]),
        modified_at=found["LastModified"].astimezone(UTC),
    )


def _size(content: BinaryIO) -> int:
    """How many bytes are left from where a file stands; it stays there."""
    start = content.tell()
    size = content.seek(0, 2) - start
    content.seek(start)
    return size
