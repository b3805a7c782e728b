"""Blobs in memory: the twin of `azure_blobs` and `s3_blobs`."""

import io
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from shared.domain import limits
from shared.domain.errors import Changed, Exists, Missing
from shared.ports import Blob, Link, Listed


class MemoryBlobs:
    """Bytes under keys, written once; safe to share between threads. `now` says when they were."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._contents: dict[str, tuple[Listed, bytes]] = {}
        self._now = now
        self._etags = itertools.count(1)
        self._lock = threading.Lock()

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes only if absent. Raises Exists."""
        limits.check_blob_key(key)
        data = content if isinstance(content, bytes) else content.read()
        with self._lock:
            if key in self._contents:
                raise Exists(f"blob {key} is there already")
            self._write(key, data)

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        """Copies; done where the target is there, as keys name contents. Raises Missing, Changed."""
        limits.check_blob_key(source)
        limits.check_blob_key(key)
        with self._lock:
            if key not in self._contents:
                self._write(key, self._read(source, etag))

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        """A seekable file over one version of the bytes. Raises Missing, Changed."""
        limits.check_blob_key(key)
        with self._lock:
            return io.BufferedReader(io.BytesIO(self._read(key, etag)))

    def find(self, key: str) -> Blob | None:
        """What is there under a key now; None where nothing is."""
        limits.check_blob_key(key)
        with self._lock:
            found = self._contents.get(key)
        return Blob(etag=found[0].etag, size=found[0].size) if found else None

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        found = self.find(key)
        return found.size if found else None

    def write_link(self, key: str, *, seconds: int) -> Link:
        """What `follow` writes by; it does not expire."""
        limits.check_blob_key(key)
        return Link(method="PUT", url=f"memory:{key}?{seconds}")

    def read_link(self, key: str, *, seconds: int) -> Link:
        """What `follow` reads by; it does not expire."""
        limits.check_blob_key(key)
        return Link(method="GET", url=f"memory:{key}?{seconds}")

    def follow(self, link: Link, content: bytes = b"") -> bytes:
        """Does what the holder of a link may do: reads, or writes and overwrites."""
        key = link.url.removeprefix("memory:").partition("?")[0]
        with self._lock:
            if link.method == "GET":
                return self._read(key, "")
            self._write(key, content)
        return b""

    def list(self, prefix: str) -> Iterator[Listed]:
        """What is under the keys that begin with `prefix`, in their order, as it is when the listing begins."""
        with self._lock:
            found = [each for each, _ in self._contents.values() if each.key.startswith(prefix)]
        yield from sorted(found, key=lambda each: each.key)

    def touch(self, key: str) -> bool:
        """Makes a new version of what is there; False where nothing is."""
        limits.check_blob_key(key)
        with self._lock:
            if key in self._contents:
                self._write(key, self._contents[key][1])
            return key in self._contents

    def remove(self, key: str, *, etag: str = "") -> None:
        """Removes the bytes of a key; done where there are none. Raises Changed."""
        limits.check_blob_key(key)
        with self._lock:
            if key in self._contents:
                self._read(key, etag)
                del self._contents[key]

    def _write(self, key: str, data: bytes) -> None:
        etag = f"0x{next(self._etags)}"
        listed = Listed(key=key, etag=etag, size=len(data), modified_at=self._now())
        self._contents[key] = listed, data

    def _read(self, key: str, etag: str) -> bytes:
        if key not in self._contents:
            raise Missing(f"blob {key} is not there")
        known, data = self._contents[key]
        if etag not in ("", known.etag):
            raise Changed(f"blob {key} is of another version")
        return data
