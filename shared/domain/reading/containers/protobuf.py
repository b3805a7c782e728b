"""Protocol buffers, read field by field from a seekable file: what nobody asks for is passed over, whatever its size.

The wire format is described at https://protobuf.dev/programming-guides/encoding/. Groups, which only files of 2008
hold, are refused, and so is everything that two parsers could take for different things.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from shared.domain.reading.limits import KIB, Limits, corrupt, over_limits

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_WINDOW = 64 * KIB
_WINDOW_AFTER_JUMP = 4 * KIB
_LONGEST_VARINT = 10
_SHORT_VALUE = 32
_LONGEST_NAME = 4_096
_ENDS = "a part of it is longer than what holds it"


class Field(NamedTuple):
    """One field: its number, its wire type, its value if it is a varint, and where its bytes lie in the file."""

    number: int
    wire: int
    value: int
    start: int
    end: int


class Wire:
    """The fields of a file. Every field of it that is looked at counts against `limits.fields`."""

    def __init__(self, file: BinaryIO, size: int, limits: Limits) -> None:
        self.size = size
        self.limits = limits
        self._file = file
        self._fields_left = limits.fields
        self._text_left = limits.kept_text
        self._window = b""
        self._base = 0

    def fields(
        self, start: int, end: int, passing: re.Pattern[bytes] | None = None
    ) -> Iterator[Field]:
        """The fields between two positions, without those that `passing` (from `passing_over`) matches.

        Raises UnreadableModel where the bytes are no fields, or more than any model has.
        """
        at = start
        while at < end:
            if passing is not None:
                at = self._pass_over(at, end, passing)
                if at >= end:
                    return
            field, at = self._field(at, end)
            yield field

    def inside(self, field: Field, passing: re.Pattern[bytes] | None = None) -> Iterator[Field]:
        """The fields of a field that is a message itself."""
        if field.wire != BYTES:
            raise corrupt("a part of it is a number where a message belongs")
        return self.fields(field.start, field.end, passing)

    def text(self, field: Field, most: int = _LONGEST_NAME) -> str:
        """A field's bytes as text, with what is not UTF-8 made visible. Raises UnreadableModel beyond `most` bytes."""
        size = field.end - field.start
        if field.wire != BYTES:
            raise corrupt("a part of it is a number where a text belongs")
        self._text_left -= size
        if size > most or self._text_left < 0:
            raise over_limits("a name in it is longer, or there are more, than any model has")
        self._load(field.start, size)
        first = field.start - self._base
        return self._window[first : first + size].decode("utf-8", "replace")

    def _field(self, at: int, end: int) -> tuple[Field, int]:
        self._fields_left -= 1
        if self._fields_left < 0:
            raise over_limits(f"it has more than {self.limits.fields} parts to look at")
        tag, at = self._varint(at, end)
        number, wire, value = tag >> 3, tag & 7, 0
        start = at
        if wire == VARINT:
            value, at = self._varint(at, end)
        elif wire == BYTES:
            size, start = self._varint(at, end)
            at = start + size
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise corrupt(f"it has a field of the kind {wire}, which is not read here")
        if not number or at > end:
            raise corrupt(_ENDS)
        return Field(number, wire, value, start, at), at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        self._load(at, _LONGEST_VARINT)
        window, offset = self._window, at - self._base
        if at < end and offset < len(window) and window[offset] < 0x80:
            return window[offset], at + 1  # nearly all of them
        value = 0
        for shift in range(_LONGEST_VARINT):
            if at >= end or offset >= len(window):
                raise corrupt(_ENDS)
            byte = window[offset]
            offset += 1
            at += 1
            value |= (byte & 0x7F) << (7 * shift)
            if byte < 0x80:
                if value >= 1 << 64:
                    break
                return value, at
        raise corrupt("it has a number of more than 64 bits")

    def _pass_over(self, at: int, end: int, passing: re.Pattern[bytes]) -> int:
        while at < end:
            self._load(at, 2 * _SHORT_VALUE)
            match = passing.match(
                self._window, at - self._base, min(end, self._base + len(self._window)) - self._base
            )
            if match is None:
                return at
            at = self._base + match.end()
        return at

    def _load(self, at: int, size: int) -> None:
        """Have the window hold `size` bytes from `at` on, or what the file has of them. Small after a jump."""
        reach = self._base + len(self._window)
        if self._base <= at and at + size <= reach:
            return
        near = self._base <= at <= reach
        self._file.seek(at)
        self._window = self._file.read(max(size, _WINDOW if near else _WINDOW_AFTER_JUMP))
        self._base = at


def passing_over(*numbers: int) -> re.Pattern[bytes]:
    """A pattern for runs of plain values of these fields (below 16), as unpacked lists have them, to skip a million quickly.

    It matches exactly what `Wire.fields` would yield one by one: whole varints, fixed values, and short texts.
    """
    kinds = (
        (VARINT, rb"(?:[\x80-\xff]{0,8}[\x00-\x7f]|[\x80-\xff]{9}\x01)"),
        (FIXED64, rb".{8}"),
        (FIXED32, rb".{4}"),
        (BYTES, _short_values()),
    )
    parts = [
        re.escape(bytes([number << 3 | wire])) + values
        for number in numbers
        for wire, values in kinds
    ]
    return re.compile(b"(?:" + b"|".join(parts) + b")++", re.DOTALL)


def _short_values() -> bytes:
    return (
        b"(?:"
        + b"|".join(re.escape(bytes([size])) + b".{%d}" % size for size in range(_SHORT_VALUE))
        + b")"
    )


def signed(value: int) -> int:
    """A varint as the int64 that it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value
