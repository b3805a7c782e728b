"""Tar archives, plain or compressed, with every entry checked before any is read, and never extracted.

The same interface as `shared.domain.reading.containers.archive`. A compressed one is unpacked from its start for each file
that lies before the last one read, so small files are kept from the first pass, and the work of all passes is bounded.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from shared.domain.reading.containers.content import Content, PlainContent, open_content
from shared.domain.reading.containers.entries import Entry, check_together, is_junk
from shared.domain.reading.containers.tar_headers import BLOCK, Tape, read_headers
from shared.domain.reading.limits import DEFAULT_LIMITS, MIB, Limits, corrupt, over_limits

_PASSES = 8


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    size: int


class TarArchive:
    """A checked tar archive. `entries` are its files in order, without folders and macOS's extras.

    Only one file of it is read at a time.
    """

    def __init__(self, file: BinaryIO, size: int, limits: Limits) -> None:
        self._file = file
        self._size = size
        self._limits = limits
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._work = 0
        self._places = dict(self._walk())
        self._most_work = 64 * MIB + _PASSES * self._work
        self.entries = tuple(Entry(name, place.size) for name, place in self._places.items())

    def open(self, name: str) -> "TarContent":
        """One file's bytes, in order."""
        place = self._places.get(name)
        if place is None:
            raise corrupt(f"{name} cannot be read from the archive")
        if name in self._kept:
            return TarContent(_Kept(self._kept[name]), place.size)
        content = self._start()
        self._work += place.offset + place.size
        if not isinstance(content, PlainContent) and self._work > self._most_work:
            raise over_limits("the compressed archive has to be unpacked too often to be read")
        content.skip(place.offset)
        return TarContent(content, place.size)

    def read(self, name: str, most: int) -> bytes:
        """A small file, whole. Raises UnreadableModel where it is larger than `most` bytes."""
        content = self.open(name)
        if content.left > most:
            raise over_limits(f"{name} is larger than {most} bytes")
        return b"".join(iter(lambda: content.read(most), b""))

    def _start(self) -> Content:
        return open_content(self._file, self._size, self._limits)[0]

    def _walk(self) -> Iterator[tuple[str, _Place]]:
        tape = Tape(self._start())
        named: list[tuple[str, bool]] = []
        total = 0
        for name, size, is_folder in read_headers(tape, self._limits):
            named.append((name, is_folder))
            total += size
            if len(named) > self._limits.entries:
                raise over_limits(f"the archive has more than {self._limits.entries} files")
            if total > self._limits.unpacked:
                raise over_limits("the archive unpacks to more than the limit")
            if is_folder or is_junk(name):
                tape.pass_over(size)
                continue
            yield name, _Place(tape.position, size)
            self._keep(tape, name, size)
        self._work = tape.position
        check_together(named)

    def _keep(self, tape: Tape, name: str, size: int) -> None:
        if size > self._limits.kept_value or self._kept_bytes + size > self._limits.document:
            tape.pass_over(size)
            return
        self._kept_bytes += size
        self._kept[name] = tape.take(size)
        tape.pass_over(0, -size % BLOCK)


class TarContent:
    """A file of an archive, as the pickle machine reads it."""

    def __init__(self, content: Content, size: int) -> None:
        self._content = content
        self.left = size

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        piece = self._content.read(min(size, self.left)) if self.left else b""
        self.left -= len(piece)
        return piece

    def skip(self, size: int) -> None:
        """Pass over exactly `size` bytes."""
        if size > self.left:
            raise corrupt("it ends in the middle of a value")
        self._content.skip(size)
        self.left -= size


class _Kept:
    """Bytes in memory as `Content`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int) -> bytes:
        piece, self._data = self._data[:size], self._data[size:]
        return piece

    def skip(self, size: int) -> None:
        self._data = self._data[size:]


def open_tar_member(file: BinaryIO, name: str) -> IO[bytes]:
    """A file of an archive that an inspection has accepted, as a stream. Raises KeyError where there is none.

    Found by the same reading of the archive: another tar library could see other names in it.
    """
    archive = TarArchive(file, file.seek(0, io.SEEK_END), DEFAULT_LIMITS)
    if all(entry.name != name for entry in archive.entries):
        raise KeyError(name)
    return io.BufferedReader(_Stream(archive.open(name)))


class _Stream(io.RawIOBase):
    """A file of an archive as Python's own streams are."""

    def __init__(self, content: TarContent) -> None:
        super().__init__()
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._content.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
