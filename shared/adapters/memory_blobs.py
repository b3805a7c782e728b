"""Blobs in memory: the twin of `azure_blobs`."""

import io
import threading
from collections.abc import Iterator
from typing import BinaryIO

from shared.domain import limits
from shared.domain.errors import Exists, Missing


class MemoryBlobs:
    """Bytes under keys, written once; safe to share between threads."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes only if absent. Raises Exists."""
        limits.check_blob_key(key)
        data = content if isinstance(content, bytes) else content.read()
        with self._lock:
            if key in self._contents:
                raise Exists(f"blob {key} is there already")
            self._contents[key] = data

    def copy(self, source: str, key: str) -> None:
        """Copies; done where the target is there, as keys name contents. Raises Missing."""
        limits.check_blob_key(source)
        limits.check_blob_key(key)
        with self._lock:
            if key in self._contents:
                return
            if source not in self._contents:
                raise Missing(f"blob {source} is not there")
            self._contents[key] = self._contents[source]

    def open(self, key: str) -> BinaryIO:
        """A seekable file over the bytes. Raises Missing."""
        limits.check_blob_key(key)
        with self._lock:
            if key not in self._contents:
                raise Missing(f"blob {key} is not there")
            return io.BufferedReader(io.BytesIO(self._contents[key]))

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        limits.check_blob_key(key)
        with self._lock:
            content = self._contents.get(key)
        return None if content is None else len(content)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in their order, as they are when the listing begins."""
        with self._lock:
            keys = [key for key in self._contents if key.startswith(prefix)]
        yield from sorted(keys)

    def remove(self, key: str) -> None:
        """Removes the bytes of a key; done where there are none."""
        limits.check_blob_key(key)
        with self._lock:
            self._contents.pop(key, None)
