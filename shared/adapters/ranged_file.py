"""A blob as a file that is read by ranges: what `open` of the blob stores gives."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from shared.domain.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 4 * 1024 * 1024
"""Read at once."""


def open_ranges(key: str, size: int, read: Callable[[int, int], bytes]) -> BinaryIO:
    """A seekable file over `size` bytes; `read(offset, count)` brings some of them, never none."""
    return io.BufferedReader(_Ranges(key, size, read), CHUNK_BYTES)


class _Ranges(io.RawIOBase):
    def __init__(self, key: str, size: int, read: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._key = key
        self._size = size
        self._read = read
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"a place before the beginning of blob {self._key}: {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self._range(min(view.nbytes, CHUNK_BYTES))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self._range(CHUNK_BYTES), b""))

    def _range(self, count: int) -> bytes:
        """The next bytes, at most `count`; none at the end."""
        count = min(count, self._size - self._position)
        if count <= 0:
            return b""
        data = self._read(self._position, count)
        if len(data) != count:
            raise Unavailable(f"reading blob {self._key}: {len(data)} bytes instead of {count}")
        self._position += count
        return data
