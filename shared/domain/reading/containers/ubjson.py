"""Universal Binary JSON as XGBoost writes it, of which only the small parts are wanted: arrays of numbers are skipped by size.

XGBoost uses a part of the format: lengths are always 8 bytes (`L`), objects are never counted, lists of numbers are typed.
The format is told in the source of XGBoost, `src/common/json.cc`.
"""

import struct
from collections.abc import Callable
from functools import partial as bind
from typing import Any, TypeAlias

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.containers.content import CHUNK, Content
from shared.domain.reading.containers.json_skim import MOST_TEXT
from shared.domain.reading.limits import Limits, corrupt, over_limits

_Store: TypeAlias = Callable[[Any], object]

_DEEPEST = 40
_NUMBERS = {
    ord("i"): ("b", 1),
    ord("U"): ("B", 1),
    ord("C"): ("b", 1),
    ord("I"): ("h", 2),
    ord("l"): ("i", 4),
    ord("L"): ("q", 8),
    ord("d"): ("f", 4),
    ord("D"): ("d", 8),
}
_WORDS = {ord("Z"): None, ord("T"): True, ord("F"): False}
_LENGTH = ord("L")
_OBJECT, _OBJECT_END, _ARRAY, _ARRAY_END, _STRING = (ord(sign) for sign in "{}[]S")
_TYPED, _COUNTED = ord("$"), ord("#")


def skim_ubjson(
    content: Content, size: int, limits: Limits, *, unwanted: frozenset[str], partial: bool = False
) -> Any:
    """The value of a document of `size` bytes, with the rules of `skim_json` for what is kept. Raises UnreadableModel."""
    source = _Source(content, size)
    found: list[Any] = []
    try:
        _Builder(source, limits, unwanted).value(source.byte(), 0, found.append)
    except _Ended as ended:
        if not partial:
            raise corrupt("it ends in the middle of a value") from ended
    else:
        if source.left():
            raise corrupt("more bytes follow after its end")
    return found[0] if found else None


class _Ended(Exception):
    """The bytes ran out."""


class _Source:
    """Bytes in order, read in large pieces; what is passed over is not read."""

    def __init__(self, content: Content, size: int) -> None:
        self._content = content
        self._unread = size
        self._buffer = b""
        self._at = 0

    def left(self) -> int:
        """How many bytes there are still."""
        return self._unread + len(self._buffer) - self._at

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        found = self._buffer[self._at : end]
        self._at = end
        return found

    def byte(self) -> int:
        """The next byte."""
        if self._at >= len(self._buffer):
            self._fill(1)
        self._at += 1
        return self._buffer[self._at - 1]

    def length(self, sign: int) -> int:
        """The length that follows its sign."""
        size = int.from_bytes(self.take(8), "big")
        if sign != _LENGTH or size >= 1 << 63:
            raise _foreign()
        return size

    def skip(self, size: int) -> None:
        """Pass over exactly `size` bytes."""
        beyond = self._at + size - len(self._buffer)
        if beyond <= 0:
            self._at += size
            return
        if beyond > self._unread:
            raise _Ended
        self._content.skip(beyond)
        self._unread -= beyond
        self._buffer, self._at = b"", 0

    def _fill(self, size: int) -> None:
        rest = self._buffer[self._at :]
        if size > len(rest) + self._unread:
            raise _Ended
        pieces = [rest]
        missing = size - len(rest)
        while missing > 0:
            piece = self._content.read(min(max(CHUNK, missing), self._unread))
            if not piece:
                raise _Ended
            pieces.append(piece)
            self._unread -= len(piece)
            missing -= len(piece)
        self._buffer, self._at = b"".join(pieces), 0


class _Builder:
    """Builds values, until there are too many of them: from then on all is walked and nothing kept.

    A list or an object is stored before it is filled, so that a document that breaks off is there as far as it goes.
    """

    def __init__(self, source: _Source, limits: Limits, unwanted: frozenset[str]) -> None:
        self._source = source
        self._limits = limits
        self._unwanted = unwanted
        self._left = limits.document_nodes
        self._text_left = MOST_TEXT * limits.document
        self._passed_left = limits.passed_over

    def value(self, sign: int, depth: int, store: _Store | None) -> None:
        """Read the value that a sign announces; `store` takes it, and without one it is passed over."""
        self._passed_left -= store is None
        if self._passed_left < 0:
            raise over_limits("it has more parts than any model's description")
        if sign == _OBJECT:
            fields: dict[str, Any] = {}
            self._store(fields, store)
            self._object(fields if store else None, depth + 1)
        elif sign == _ARRAY:
            items: list[Any] = []
            self._store(items, store)
            self._array(items if store else None, depth + 1)
        elif store is None:
            self._pass_over(sign)
        else:
            self._store(self._plain(sign), store)

    def _store(self, value: Any, store: _Store | None) -> None:
        if store:
            self._left -= 1
            store(value)

    def _object(self, found: dict[str, Any] | None, depth: int) -> None:
        _check_depth(depth)
        source = self._source
        for sign in iter(source.byte, _OBJECT_END):
            size = source.length(sign)
            if found is None:
                source.skip(size)
                self.value(source.byte(), depth, None)
                continue
            key = self._text(size)
            kept = self._left > 0 and key not in self._unwanted
            self.value(source.byte(), depth, bind(found.setdefault, key) if kept else None)

    def _array(self, found: list[Any] | None, depth: int) -> None:
        _check_depth(depth)
        source = self._source
        sign = source.byte()
        if sign == _TYPED:
            self._typed(found)
            return
        if sign == _COUNTED:
            for _ in range(source.length(source.byte())):
                self._item(source.byte(), found, depth)
            return
        while sign != _ARRAY_END:
            self._item(sign, found, depth)
            sign = source.byte()

    def _item(self, sign: int, found: list[Any] | None, depth: int) -> None:
        if found is None or len(found) >= self._limits.kept_items or self._left <= 0:
            self.value(sign, depth, None)
        else:
            self.value(sign, depth, found.append)

    def _typed(self, found: list[Any] | None) -> None:
        source = self._source
        sign = source.byte()
        if sign not in _NUMBERS or source.byte() != _COUNTED:
            raise _foreign()
        kind, size = _NUMBERS[sign]
        count = source.length(source.byte())
        if found is not None:
            kept = min(count, self._limits.kept_items, max(self._left, 0))
            found += struct.unpack(f">{kept}{kind}", source.take(kept * size))
            self._left -= kept
            count -= kept
        source.skip(count * size)

    def _plain(self, sign: int) -> Any:
        if sign == _STRING:
            return self._text(self._source.length(self._source.byte()))
        if sign in _WORDS:
            return _WORDS[sign]
        if sign not in _NUMBERS:
            raise _foreign()
        kind, size = _NUMBERS[sign]
        return struct.unpack(f">{kind}", self._source.take(size))[0]

    def _pass_over(self, sign: int) -> None:
        if sign == _STRING:
            self._source.skip(self._source.length(self._source.byte()))
        elif sign in _NUMBERS:
            self._source.skip(_NUMBERS[sign][1])
        elif sign not in _WORDS:
            raise _foreign()

    def _text(self, size: int) -> str:
        self._text_left -= size
        if size > self._limits.document or self._text_left < 0:
            raise over_limits("there is more text in it than in any model")
        return self._source.take(size).decode("utf-8", "replace")


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise corrupt("its values are nested deeper than any library writes them")


def _foreign() -> UnreadableModel:
    return corrupt("it is no UBJSON of XGBoost")
