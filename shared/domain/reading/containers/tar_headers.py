"""The headers of a tar archive, read in order from its unpacked bytes: name, size and kind of each entry.

Read by `shared.domain.reading.containers.tar`. Format: POSIX.1-2008, pax; and the long names of GNU tar.
"""

import re
from collections.abc import Iterator

from shared.domain.reading.containers.content import Content
from shared.domain.reading.containers.entries import check_name
from shared.domain.reading.limits import KIB, MIB, Limits, corrupt, over_limits

BLOCK = 512
_USTAR, _GNU = b"ustar\x0000", b"ustar  \x00"
_FILE, _FOLDER = (b"0", b"\0", b"7"), b"5"
_PAX, _PAX_FOR_ALL, _LONG_NAME = b"x", b"g", b"L"
_PATH = "path"
_HARMLESS = re.compile(
    r"(mtime|atime|ctime|uid|gid|uname|gname|comment|LIBARCHIVE\..*|SCHILY\.(dev|ino|nlink|xattr\..*|fflags))"
)
_LONGEST_NOTE = 64 * KIB


class Tape:
    """The unpacked archive, from block to block."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.position = 0

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        data = self.rest(size)
        if len(data) != size:
            raise corrupt("the archive ends in the middle of a file")
        return data

    def rest(self, size: int) -> bytes:
        """As many of `size` bytes as are left."""
        pieces = []
        while size and (piece := self._content.read(size)):
            pieces.append(piece)
            size -= len(piece)
            self.position += len(piece)
        return b"".join(pieces)

    def pass_over(self, size: int, padding: int | None = None) -> None:
        """Skip a file's bytes, and what fills its last block."""
        whole = size + (-size % BLOCK if padding is None else padding)
        self._content.skip(whole)
        self.position += whole


def is_tar(head: bytes) -> bool:
    """Whether a file that starts with `head` is a tar archive; archives from before POSIX are not recognised."""
    return head[257:265] in (_USTAR, _GNU)


def read_headers(tape: Tape, limits: Limits) -> Iterator[tuple[str, int, bool]]:
    """Name, size and kind of each entry; the tape stands at its bytes, and has to be moved past them."""
    notes: dict[str, str] = {}
    while (block := tape.rest(BLOCK)).strip(b"\0"):
        if len(block) != BLOCK:
            raise corrupt("the archive ends in the middle of a file")
        size = _parse_header(block)
        kind = block[156:157]
        if kind in (_PAX, _PAX_FOR_ALL, _LONG_NAME):
            notes |= _read_notes(tape, kind, size)
            continue
        name = _without_dot(notes.pop(_PATH, "") or _parse_name(block))
        is_folder = kind == _FOLDER or (kind in _FILE and name.endswith("/"))
        if kind not in (*_FILE, _FOLDER) or (is_folder and size):
            raise corrupt(f"the archive has something that is no plain file: {name[:80]!r}")
        if is_folder and name in ("", "."):
            continue
        check_name(name, limits)
        yield name, size, is_folder
    if notes or tape.rest(16 * MIB).strip(b"\0") or tape.rest(1):
        raise corrupt("more bytes follow after the end of the archive")


def _without_dot(name: str) -> str:
    """A name without the `./` in front that `tar -C folder .` writes."""
    return name.removeprefix("./")


def _parse_header(block: bytes) -> int:
    """The size that a header tells. Raises UnreadableModel for one whose checksum is wrong."""
    if not is_tar(block):
        raise corrupt("the archive has an entry of another form than the first")
    unsigned = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _octal(block[148:156]) != unsigned:
        raise corrupt("the archive has an entry with a wrong checksum")
    field = block[124:136]
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return _octal(field)


def _octal(field: bytes) -> int:
    digits = field.strip(b"\0 ")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise corrupt("the archive has an entry with an impossible number")
    return int(digits or b"0", 8)


def _parse_name(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:265] == _USTAR else b""
    return _text(prefix + b"/" + name if prefix else name)


def _read_notes(tape: Tape, kind: bytes, size: int) -> dict[str, str]:
    """What comes before an entry and changes it: a long name, or pax's pairs."""
    if size > _LONGEST_NOTE:
        raise over_limits("the archive has a name that is too long")
    data = tape.take(size)
    tape.pass_over(0, -size % BLOCK)
    if kind == _LONG_NAME:
        return {_PATH: _text(data.rstrip(b"\0"))}
    found = dict(_parse_pairs(data))
    if kind == _PAX_FOR_ALL and _PATH in found:
        raise corrupt("the archive gives all of its entries one name")
    return {key: value for key, value in found.items() if key == _PATH}


def _parse_pairs(data: bytes) -> Iterator[tuple[str, str]]:
    while data:
        length, _, _ = data.partition(b" ")
        if not re.fullmatch(rb"\d{1,6}", length):
            raise corrupt("the archive has notes that cannot be read")
        record, data = data[: int(length)], data[int(length) :]
        key, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if not equals or record[-1:] != b"\n" or len(record) != int(length):
            raise corrupt("the archive has notes that cannot be read")
        name = _text(key)
        if name != _PATH and not _HARMLESS.fullmatch(name):
            raise corrupt(f"the archive has an entry of an unusual kind: {name[:80]!r}")
        yield name, _text(value) if name == _PATH else ""


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise corrupt("the archive has a file with an unsafe name") from error
