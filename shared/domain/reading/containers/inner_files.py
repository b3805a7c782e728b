"""One file of an archive, opened so that it can be read in any order, with little memory whatever its size.

Small files are unpacked into memory; a large one that is stored as it is, is read where it lies; a large compressed one is
unpacked as it is read, and from its start again where a reader goes back, which it may do a few times only.
"""

import io
from typing import BinaryIO, cast

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.content import Content
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.limits import Limits, corrupt, over_limits

_MOST_RESTARTS = 8
_PIECE = 1 << 18


def open_inner(
    file: BinaryIO, archive: FileArchive, name: str, size: int, limits: Limits
) -> BinaryIO:
    """A file of `size` bytes in an archive that lies in `file`, seekable. Raises UnreadableModel."""
    if size <= limits.unpacked_file:
        return io.BytesIO(archive.read(name, limits.unpacked_file))
    place = _find_stored(archive, name)
    if place is None:
        return cast("BinaryIO", Rewound(archive, name, size))
    return cast("BinaryIO", io.BufferedReader(Window(file, *place), _PIECE))


def _find_stored(archive: FileArchive, name: str) -> tuple[int, int] | None:
    try:
        return archive.find_stored(name) if isinstance(archive, Archive) else None
    except UnreadableModel:  # it is compressed
        return None


class Window(io.RawIOBase):
    """The bytes of a file from `start` on, `size` of them, as a file of their own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; counted from the start, from here, or from the end."""
        self._at = max(0, _place(offset, whence, self._at, self._size))
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader gives just that
        """Fill as much of the buffer as there is left."""
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Rewound:
    """A compressed file, unpacked from its start for each step back."""

    def __init__(self, archive: FileArchive, name: str, size: int) -> None:
        self._archive, self._name, self._size = archive, name, size
        self._content: Content = archive.open(name)
        self._at = self._wanted = self._restarts = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is unpacked before something is read there."""
        self._wanted = max(0, _place(offset, whence, self._wanted, self._size))
        return self._wanted

    def tell(self) -> int:
        """The place that is read next."""
        return self._wanted

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, or all that is left. Raises UnreadableModel after many steps back."""
        self._go()
        left = max(0, self._size - self._at)
        pieces, wanted = [], left if size < 0 else min(size, left)
        while wanted:
            piece = self._content.read(min(wanted, _PIECE))
            if not piece:
                raise corrupt(f"{self._name[:80]!r} ends before its end")
            pieces.append(piece)
            wanted -= len(piece)
            self._at += len(piece)
            self._wanted += len(piece)
        return b"".join(pieces)

    def _go(self) -> None:
        if self._wanted < self._at:
            self._restarts += 1
            if self._restarts > _MOST_RESTARTS:
                raise over_limits(
                    f"{self._name[:80]!r} is large, compressed, and of a kind that is not read from start to end; "
                    "pack the folder without compression (zip -0)"
                )
            self._content, self._at = self._archive.open(self._name), 0
        step = min(self._wanted, self._size) - self._at
        if step > 0:
            self._content.skip(step)
            self._at += step


def _place(offset: int, whence: int, here: int, size: int) -> int:
    return offset + {io.SEEK_SET: 0, io.SEEK_CUR: here, io.SEEK_END: size}[whence]
