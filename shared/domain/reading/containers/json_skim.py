"""JSON of any length, of which only the small parts are wanted: the rest is passed over, piece by piece, in flat memory.

Used for boosters, whose trees are nearly all of a file and tell nothing about it.
"""

import json
import re
from typing import Any, Protocol

from shared.domain.reading.containers.content import CHUNK
from shared.domain.reading.limits import KIB, Limits, corrupt, over_limits

MOST_TEXT = 4
"""How many times `Limits.document` all texts of a skimmed document may hold together."""
_DEEPEST = 40
_DEEPEST_SKIPPED = 200
_FIRST_STRETCH = KIB
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rb"[ \t\r\n]*(" + _STRING + rb'|[\[\]{},:]|[^ \t\r\n\[\]{},:"]+)', re.DOTALL)
_NUMBERS = rb'\[[^\[\]{}"]*\]'
_BRACKET = re.compile(_STRING + rb"|" + _NUMBERS + rb'|[\[\]{}]|"', re.DOTALL)
"""Strings and lists of plain numbers, matched whole so that they are passed over; else a single bracket. A quote alone
opens a string whose end is not there yet."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_PAIRS = 4
"""How deep the objects are nested that are passed over fast."""
_WHOLE_TOKENS = b'"[]{},:'


class Readable(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


def skim_json(
    content: Readable, limits: Limits, *, unwanted: frozenset[str], partial: bool = False
) -> Any:
    """The document's value. Lists and objects under an `unwanted` key are left out; of long lists the first items are kept.

    With `partial` a document that breaks off gives what came before; else it raises UnreadableModel, as does all that is
    no JSON. Of two equal keys the first counts, as it does for XGBoost.
    """
    tokens = _Tokens(content, limits, b"" if partial else b"\n")
    document = _Builder(tokens, limits, unwanted).value(tokens.next(), 0)
    if tokens.ended:
        if partial:
            return document
        raise corrupt("it ends in the middle of a value")
    if tokens.next():
        raise corrupt("more follows after its end")
    return document


class _Builder:
    """Builds values from tokens, until there are too many of them: from then on all is passed over."""

    def __init__(self, tokens: "_Tokens", limits: Limits, unwanted: frozenset[str]) -> None:
        self._tokens = tokens
        self._limits = limits
        self._unwanted = unwanted
        self._left = limits.document_nodes
        self._text_left = MOST_TEXT * limits.document

    def value(self, token: bytes, depth: int) -> Any:
        self._left -= 1
        self._count_text(token)
        if token not in (b"{", b"["):
            return _scalar(token) if token else None
        if depth >= _DEEPEST:
            raise corrupt("its values are nested deeper than any library writes them")
        return self._object(depth + 1) if token == b"{" else self._array(depth + 1)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for token in iter(self._tokens.next, b"}"):
            if not token:
                break
            if token == b",":
                continue
            if self._left < 0:
                self._tokens.skip()
                break
            key = _scalar(token)
            self._count_text(token)
            if not isinstance(key, str) or self._tokens.next() not in (b":", b""):
                raise corrupt("it is no JSON")
            self._field(found, key, self._tokens.next(), depth)
        return found

    def _field(self, found: dict[str, Any], key: str, token: bytes, depth: int) -> None:
        if token in (b"{", b"[") and key in self._unwanted:
            self._tokens.skip()
        elif token:
            found.setdefault(key, self.value(token, depth))

    def _count_text(self, token: bytes) -> None:
        self._text_left -= len(token)
        if self._text_left < 0:
            raise over_limits("there is more text in it than in any model")

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        for token in iter(self._tokens.next, b"]"):
            if not token:
                break
            if token == b",":
                continue
            if len(found) >= self._limits.kept_items or self._left < 0:
                self._tokens.skip(opened=token in (b"{", b"["))
                break
            found.append(self.value(token, depth))
        return found


class _Tokens:
    """The parts of a JSON text in order. `ended` is set when one was asked for and there was none."""

    def __init__(self, content: Readable, limits: Limits, ending: bytes) -> None:
        """`ending` is put behind the content: a word at the very end is whole where a blank follows."""
        self._ending = ending
        self._content = content
        self._most = limits.document
        self._left = limits.passed_over
        self._buffer = b""
        self._at = 0
        self.ended = False

    def next(self) -> bytes:
        """A string, a bracket, a comma, a colon or a plain word; empty at the end."""
        while True:
            found = _TOKEN.match(self._buffer, self._at)
            if found and (found.end() < len(self._buffer) or found[1][:1] in _WHOLE_TOKENS):
                break
            if not self._fill():
                self.ended = True
                return b""
        self._at = found.end()
        return found[1]

    def skip(self, *, opened: bool = False) -> None:
        """Pass over the rest of the list or object that was opened last; `opened`: and over one more, inside it.

        A short one bracket by bracket, a long one in stretches that double: no more is looked at than about twice what
        is passed over.
        """
        stretch = _FIRST_STRETCH
        depth = self._skip_by_bracket(2 if opened else 1, stretch)
        while depth:
            at = self._at
            depth = self._skip_within(depth, stretch)
            if self._at == at:
                depth = self._skip_by_bracket(depth, stretch)
            if depth > _DEEPEST_SKIPPED:
                raise corrupt("its values are nested deeper than any library writes them")
            if depth and self._at == at and not self._fill():
                self.ended = True
                return
            stretch = min(2 * stretch, CHUNK)

    def _skip_within(self, depth: int, stretch: int) -> int:
        """Pass over a stretch, up to a string that it breaks off, where its end is surely not too far; the new depth.

        Many times as fast as bracket by bracket: strings are cut out, then all but brackets, then what closes at once.
        """
        part = self._buffer[self._at : self._at + stretch]
        if b"\\" in part:
            return depth
        if part.count(b'"') % 2:
            part = part[: part.rindex(b'"')]
        shape = b"".join(part.split(b'"')[::2]).translate(None, _NO_BRACKETS)
        for _ in range(_PAIRS):
            shape = shape.replace(b"{}", b"").replace(b"[]", b"")
        closing = len(shape) - len(shape.lstrip(b"]}"))
        if closing >= depth or shape[closing:].strip(b"[{"):
            return depth
        self._at += len(part)
        return depth - closing + len(shape) - closing

    def _skip_by_bracket(self, depth: int, stretch: int) -> int:
        """Pass over a stretch or what is buffered, bracket by bracket, until nothing is open; the new depth."""
        limit = self._at + stretch
        for found in _BRACKET.finditer(self._buffer, self._at):
            self._left -= 1
            if self._left < 0:
                raise over_limits("it has more parts than any model's description")
            if found[0] == b'"' or found.start() > limit:
                self._at = found.start()
                return depth
            if found.end() - found.start() > 1:
                continue
            depth += 1 if found[0] in b"[{" else -1
            if not depth:
                self._at = found.end()
                return 0
        self._at = len(self._buffer)
        return depth

    def _fill(self) -> bool:
        """More bytes behind those not yet used. False at the end of the content."""
        rest = self._buffer[self._at :]
        if len(rest) > self._most:
            raise over_limits("a single text in it is longer than any model's")
        piece = self._content.read(max(CHUNK, len(rest)))
        if not piece:
            piece, self._ending = self._ending, b""
        self._buffer, self._at = rest + piece, 0
        return bool(piece)


def _scalar(token: bytes) -> Any:
    try:
        return json.loads(token.decode())
    except (ValueError, RecursionError) as error:
        raise corrupt("it is no JSON") from error
