"""HDF5's superblock and object headers: where the root group is, and the messages that describe an object.

Read by `shared.domain.reading.containers.hdf5`. Versions 0 to 3 of the superblock, 1 and 2 of the headers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from shared.domain.reading.containers.hdf5_bytes import UNDEFINED, Fields, Hdf5Bytes, broken

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SHARED = 0x02
_TIMES, _PHASES, _ORDER = 0x20, 0x10, 0x04


class Kind(IntEnum):
    """The messages of an object header, by the specification's numbers."""

    NIL = 0x00
    DATASPACE = 0x01
    LINK_INFO = 0x02
    DATATYPE = 0x03
    OLD_FILL = 0x04
    FILL = 0x05
    LINK = 0x06
    EXTERNAL_FILES = 0x07
    LAYOUT = 0x08
    GROUP_INFO = 0x0A
    FILTERS = 0x0B
    ATTRIBUTE = 0x0C
    COMMENT = 0x0D
    OLD_TIME = 0x0E
    SHARED_TABLE = 0x0F
    CONTINUATION = 0x10
    SYMBOL_TABLE = 0x11
    TIME = 0x12
    TREE_SIZES = 0x13
    DRIVER = 0x14
    ATTRIBUTE_INFO = 0x15
    REFERENCES = 0x16
    FREE_SPACE = 0x17


_MAY_BE_SHARED = (Kind.DATATYPE, Kind.FILL, Kind.OLD_FILL)
_KINDS = {int(kind): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Of a `shared` one only a reference is here; the type it describes is kept as an object of its own."""

    kind: Kind
    data: bytes
    shared: bool


def find_root(source: Hdf5Bytes) -> int:
    """The address of the root group's header. Raises UnreadableModel for a file in several parts."""
    fields = source.record(0, min(source.size, 96), SIGNATURE)
    version = fields.number(1)
    if version in (0, 1):
        fields.take(4)
        _check_widths(fields)
        fields.take(9 + 4 * version)
        base, _, end, driver = (fields.address() for _ in range(4))
        fields.take(8)
        extension = UNDEFINED
    elif version in (2, 3):
        _check_widths(fields)
        fields.take(1)
        base, extension, end = (fields.address() for _ in range(3))
        driver = UNDEFINED
    else:
        raise broken(f"is of version {version}, which is not read here")
    root = fields.address()
    if base or driver != UNDEFINED or end > source.size:
        raise broken("is only a part of a larger file")
    if extension != UNDEFINED:
        _check_extension(source, extension)
    return root


def read_messages(source: Hdf5Bytes, address: int) -> list[Message]:
    """The messages of the object at an address, in order."""
    if source.at(address, 4) == b"OHDR":
        return list(_read_new(source, address))
    return list(_read_old(source, address))


def _check_widths(fields: Fields) -> None:
    if (fields.number(1), fields.number(1)) != (8, 8):
        raise broken("has addresses of another width than eight bytes")


def _check_extension(source: Hdf5Bytes, address: int) -> None:
    kinds = {message.kind for message in read_messages(source, address)}
    if kinds & {Kind.DRIVER, Kind.SHARED_TABLE}:
        raise broken("is kept in several files, or in a form that no model is kept in")


def _read_old(source: Hdf5Bytes, address: int) -> Iterator[Message]:
    fields = Fields(source.at(address, 16))
    if fields.number(1) != 1:
        raise broken("has an object without a header")
    fields.take(7)
    blocks = [(address + 16, fields.number(4))]
    seen = set()
    while blocks:
        start, size = blocks.pop(0)
        if start in seen:
            raise broken("has an object header that goes in circles")
        seen.add(start)
        block = Fields(source.at(start, size))
        while block.left >= 8:
            kind, length, flags = block.number(2), block.number(2), block.number(1)
            block.take(3)
            message = _message(source, kind, block.take(length), flags)
            blocks += _continued(message)
            yield message


def _read_new(source: Hdf5Bytes, address: int) -> Iterator[Message]:
    head = Fields(source.at(address, min(64, source.size - address)))
    head.take(4)
    if head.number(1) != 2:
        raise broken("has an object header of an unknown version")
    flags = head.number(1)
    skipped = (16 if flags & _TIMES else 0) + (4 if flags & _PHASES else 0)
    head.take(skipped)
    width = 1 << (flags & 3)
    blocks = [(address + 6 + skipped + width, head.number(width), b"")]
    seen = set()
    while blocks:
        start, size, signature = blocks.pop(0)
        if start in seen:
            raise broken("has an object header that goes in circles")
        seen.add(start)
        block = source.record(start, size, signature)
        ending = 4 if signature else 0
        while block.left >= ending + (6 if flags & _ORDER else 4):
            kind, length, marks = block.number(1), block.number(2), block.number(1)
            block.take(2 if flags & _ORDER else 0)
            message = _message(source, kind, block.take(length), marks)
            blocks += [(*part, b"OCHK") for part in _continued(message)]
            yield message


def _message(source: Hdf5Bytes, number: int, data: bytes, flags: int) -> Message:
    source.spend()
    kind = _KINDS.get(number)
    shared = bool(flags & _SHARED)
    if kind is None or (shared and kind not in _MAY_BE_SHARED):
        raise broken("has an object described in a way that is not read here")
    return Message(kind, data, shared)


def _continued(message: Message) -> list[tuple[int, int]]:
    if message.kind is not Kind.CONTINUATION:
        return []
    fields = Fields(message.data)
    return [(fields.address(), fields.address())]
