"""Stores and sources that count what is read of them, where the bytes leave them."""

import io
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from shared.ports import Blobs

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Meter:
    """How often each file was opened, and how many bytes were read of it, by its name."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        self.read: Counter[str] = Counter()

    def open(self, name: str, file: BinaryIO) -> BinaryIO:
        self.opened[name] += 1
        return cast(BinaryIO, _Metered(self, name, file))


class MeteredBlobs:
    """Blobs whose files go through a meter; all else is passed on."""

    def __init__(self, real: Blobs, meter: Meter) -> None:
        self._real, self._meter = real, meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        return self._meter.open(key, self._real.open(key, etag=etag))


class _Metered(io.RawIOBase):
    def __init__(self, meter: Meter, name: str, file: BinaryIO) -> None:
        super().__init__()
        self._meter, self._name, self._file = meter, name, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self._file.read(view.nbytes)
        view[: len(data)] = data
        self._meter.read[self._name] += len(data)
        return len(data)
