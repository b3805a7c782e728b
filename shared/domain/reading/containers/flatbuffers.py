"""FlatBuffers, read in place: tables whose fields are found by offsets, every one of them checked before it is followed.

The format: https://flatbuffers.dev/internals. All numbers are little endian. Written for CatBoost's models.
"""

import struct
from collections.abc import Iterator
from typing import Protocol

from shared.domain.reading.limits import Limits, corrupt, over_limits

_COST = 16
"""What a look-up costs beside its bytes: offsets that point to the same place again and again come to an end too."""


class RandomAccess(Protocol):
    """Bytes by their place."""

    def read_at(self, at: int, size: int) -> bytes:
        """Exactly these bytes. Raises UnreadableModel where there are none, or where they are not known."""


class Flatbuffer:
    """A buffer of `size` bytes from `start` on. Raises UnreadableModel for offsets that leave it, and for too many look-ups."""

    def __init__(self, source: RandomAccess, start: int, size: int, limits: Limits) -> None:
        self._source = source
        self._start = start
        self._size = size
        self._left = 2 * limits.document

    def root(self) -> "Table":
        """The table that holds all others."""
        return Table(self, self.number("<I", 0))

    def bytes_at(self, at: int, size: int) -> bytes:
        """Exactly these bytes."""
        if at < 0 or size < 0 or at + size > self._size:
            raise corrupt("it points to a place outside of itself")
        self._left -= size + _COST
        if self._left < 0:
            raise over_limits("its description is longer than any model's")
        return self._source.read_at(self._start + at, size)

    def number(self, kind: str, at: int) -> int:
        """One number, of one of struct's kinds."""
        return int(struct.unpack(kind, self.bytes_at(at, struct.calcsize(kind)))[0])

    def follow(self, at: int) -> int:
        """Where the offset at a place leads."""
        return at + self.number("<I", at)

    def text(self, at: int) -> str:
        """The text that the offset at a place leads to."""
        start = self.follow(at)
        return self.bytes_at(start + 4, self.number("<I", start)).decode("utf-8", "replace")


class Table:
    """A table at a place in a buffer. Its fields have numbers, in the order of the schema; one not set is None or empty."""

    def __init__(self, buffer: Flatbuffer, at: int) -> None:
        self._buffer = buffer
        self._at = at
        layout = at - buffer.number("<i", at)
        length = buffer.number("<H", layout)
        self._fields = struct.unpack(f"<{length // 2}H", buffer.bytes_at(layout, length // 2 * 2))[
            2:
        ]

    def number(self, field: int, kind: str, otherwise: int) -> int:
        """A number; `otherwise` where it is not set."""
        at = self._place(field)
        return otherwise if at is None else self._buffer.number(kind, at)

    def text(self, field: int) -> str:
        """A text; empty where it is not set."""
        at = self._place(field)
        return "" if at is None else self._buffer.text(at)

    def table(self, field: int) -> "Table | None":
        """A table inside."""
        at = self._place(field)
        return None if at is None else Table(self._buffer, self._buffer.follow(at))

    def count(self, field: int) -> int:
        """How many items a list has."""
        return self._items(field)[1]

    def tables(self, field: int, most: int) -> "Iterator[Table]":
        """The first tables of a list."""
        start, count = self._items(field)
        for at in range(start, start + 4 * min(count, most), 4):
            yield Table(self._buffer, self._buffer.follow(at))

    def decimal(self, field: int, at: int) -> float:
        """One item of a list of 4-byte decimals."""
        start, count = self._items(field)
        if not 0 <= at < count:
            raise corrupt("it points to a place outside of itself")
        return float(struct.unpack("<f", self._buffer.bytes_at(start + 4 * at, 4))[0])

    def _items(self, field: int) -> tuple[int, int]:
        at = self._place(field)
        if at is None:
            return 0, 0
        start = self._buffer.follow(at)
        return start + 4, self._buffer.number("<I", start)

    def _place(self, field: int) -> int | None:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self._at + offset if offset else None
