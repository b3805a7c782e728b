"""The links of an HDF5 group, in each of the four ways in which groups keep them.

Read by `shared.domain.reading.containers.hdf5`. A link that is listed twice, by name and by order, is given twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.reading.containers.hdf5_bytes import UNDEFINED, Fields, Hdf5Bytes, broken
from shared.domain.reading.containers.hdf5_heaps import read_dense
from shared.domain.reading.containers.hdf5_objects import Kind, Message

_LONGEST_NAME = 1_024
_DEEPEST = 16
_SOFT_ENTRY = 2
_TYPES = {0: "hard", 1: "soft", 64: "external"}


class LinkKind(StrEnum):
    """What a link leads to."""

    HARD = "hard"
    SOFT = "soft"
    """A path that is looked up when it is followed."""
    EXTERNAL = "external"
    """An object in another file."""
    OTHER = "other"
    """Followed by a plug-in."""


@dataclass(frozen=True, slots=True)
class Link:
    """`address` is where a hard link's object is; 0 for others."""

    name: str
    kind: LinkKind
    address: int


def read_links(source: Hdf5Bytes, messages: Sequence[Message]) -> Iterator[Link]:
    """All links of the object with these messages; none for what is no group."""
    for message in messages:
        fields = Fields(message.data)
        match message.kind:
            case Kind.LINK:
                yield _parse_link(message.data)
            case Kind.LINK_INFO:
                yield from _read_dense_links(source, fields)
            case Kind.SYMBOL_TABLE:
                yield from _read_symbols(source, fields.address(), fields.address())


def _parse_link(data: bytes) -> Link:
    fields = Fields(data)
    if fields.number(1) != 1:
        raise broken("has a link of an unknown version")
    flags = fields.number(1)
    kind = _TYPES.get(fields.number(1) if flags & 0x08 else 0, "other")
    fields.take((8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0))
    name = fields.take(fields.number(1 << (flags & 3))).decode("utf-8", "replace")
    return Link(name, LinkKind(kind), fields.address() if kind == "hard" else 0)


def _read_dense_links(source: Hdf5Bytes, fields: Fields) -> Iterator[Link]:
    fields.take(1)
    flags = fields.number(1)
    fields.take(8 if flags & 1 else 0)
    heap, by_name = fields.address(), fields.address()
    by_order = fields.address() if flags & 2 else UNDEFINED
    if heap != UNDEFINED:
        for data in read_dense(source, heap, by_name, by_order):
            yield _parse_link(data)


def _read_symbols(source: Hdf5Bytes, tree: int, heap: int) -> Iterator[Link]:
    header = source.record(heap, 32, b"HEAP")
    header.take(4 + 16)
    names = header.address()
    seen: set[int] = set()
    todo = [(tree, _DEEPEST)]
    while todo:
        node, above = todo.pop()
        if node in seen:
            raise broken("has a group that lists itself")
        seen.add(node)
        if source.at(node, 4) == b"SNOD":
            yield from _read_symbol_node(source, node, names)
            continue
        fields = source.record(node, 24, b"TREE")
        kind, level, count = fields.number(1), fields.number(1), fields.number(2)
        if kind or level >= above:
            raise broken("has a group whose tree of names is knotted")
        children = Fields(source.at(node + 24, count * 16))
        for _ in range(count):
            children.take(8)
            todo.append((children.address(), level))


def _read_symbol_node(source: Hdf5Bytes, node: int, names: int) -> Iterator[Link]:
    fields = source.record(node, 8, b"SNOD")
    fields.take(2)
    count = fields.number(2)
    entries = Fields(source.at(node + 8, count * 40))
    for _ in range(count):
        name, address, kind = entries.address(), entries.address(), entries.number(4)
        entries.take(20)
        soft = kind == _SOFT_ENTRY
        yield Link(
            source.text(names + name, _LONGEST_NAME),
            LinkKind.SOFT if soft else LinkKind.HARD,
            0 if soft else address,
        )
