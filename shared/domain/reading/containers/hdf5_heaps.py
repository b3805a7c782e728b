"""Where newer HDF5 files keep many links or attributes: a fractal heap for them, and a tree (version 2) of where each lies.

Read by `shared.domain.reading.containers.hdf5_links` and `hdf5_attributes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.reading.containers.hdf5_bytes import UNDEFINED, Fields, Hdf5Bytes, broken

_NODE_FRAME = 10
"""Signature, version, type and checksum of a tree's node."""
_DEEPEST = 8
_PLACES = {5: slice(4, 11), 6: slice(8, 15), 8: slice(0, 8), 9: slice(0, 8)}
"""Where in a record, by the tree's type, the heap's id of a link (5, 6) or attribute (8, 9) stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heap:
    """A fractal heap's header. Sizes are bytes; `offset_width` and `length_width` are those of numbers in an id."""

    offset_width: int
    length_width: int
    table_width: int
    first_block: int
    largest_direct: int
    root: int
    rows: int


def read_dense(source: Hdf5Bytes, heap: int, *trees: int) -> Iterator[bytes]:
    """What the ids in the trees stand for, each once. Trees that are not there are passed over."""
    header = _read_heap(source, heap)
    seen = set()
    for tree in trees:
        if tree == UNDEFINED:
            continue
        for identity in _read_tree(source, tree):
            if identity not in seen:
                seen.add(identity)
                yield _find(source, header, identity)


def _read_heap(source: Hdf5Bytes, address: int) -> _Heap:
    fields = source.record(address, 142, b"FRHP")
    fields.take(1 + 2)
    filtered = fields.number(2)
    fields.take(1)
    largest_object = fields.number(4)
    fields.take(12 * 8)
    table_width, first, largest = fields.number(2), fields.address(), fields.address()
    bits = fields.number(2)
    fields.take(2)
    root, rows = fields.address(), fields.number(2)
    sound = _is_power(first) and _is_power(largest) and first <= largest and _is_power(table_width)
    if filtered or not sound or not 1 <= bits <= 64 or largest_object < 1:
        raise broken("keeps its links in a heap that is not read here")
    return _Heap(
        offset_width=(bits + 7) // 8,
        length_width=min(_width(largest), _width(largest_object)),
        table_width=table_width,
        first_block=first,
        largest_direct=largest,
        root=root,
        rows=rows,
    )


def _is_power(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _width(limit: int) -> int:
    """Bytes that HDF5 gives to numbers up to a limit."""
    return (limit.bit_length() - 1) // 8 + 1


def _find(source: Hdf5Bytes, heap: _Heap, identity: bytes) -> bytes:
    kind = identity[0] >> 4
    if kind == 2:  # tiny: in the id itself
        return identity[1 : 2 + (identity[0] & 0x0F)]
    if kind != 0:
        raise broken("keeps a link in a way that is not read here")
    fields = Fields(identity[1:])
    offset, length = fields.number(heap.offset_width), fields.number(heap.length_width)
    block, start = heap.root, 0
    rows = heap.rows
    for _ in range(_DEEPEST):
        if rows == 0:
            return source.at(block + offset - start, length)
        block, start, rows = _descend(source, heap, (block, start, rows), offset)
    raise broken("has a heap that is nested too deeply")


def _descend(
    source: Hdf5Bytes, heap: _Heap, place: tuple[int, int, int], offset: int
) -> tuple[int, int, int]:
    """The block inside an indirect one that holds an offset: its address, its own offset, and its rows (0: direct)."""
    block, start, rows = place
    row_bytes = heap.first_block * heap.table_width
    size, row_start, row = heap.first_block, start, 0
    while offset >= row_start + row_bytes:
        row_start += row_bytes
        if row:
            size, row_bytes = size * 2, row_bytes * 2
        row += 1
        if row >= rows or row > 64:
            raise broken("has a link outside of its heap")
    column = (offset - row_start) // size
    entry = block + 5 + 8 + heap.offset_width + 8 * (row * heap.table_width + column)
    source.record(block, 4, b"FHIB")
    address = int.from_bytes(source.at(entry, 8), "little")
    inner = 0
    if size > heap.largest_direct:
        inner = size.bit_length() - (heap.first_block * heap.table_width).bit_length() + 1
        if inner < 1:
            raise broken("has a heap whose blocks do not fit")
    return address, row_start + column * size, inner


def _read_tree(source: Hdf5Bytes, address: int) -> Iterator[bytes]:
    fields = source.record(address, 34, b"BTHD")
    fields.take(1)
    kind, node_size = fields.number(1), fields.number(4)
    record, depth = fields.number(2), fields.number(2)
    fields.take(2)
    root, count = fields.address(), fields.number(2)
    place = _PLACES.get(kind)
    if place is None or record < place.stop or depth > _DEEPEST or node_size > 1 << 16:
        raise broken("lists its links in a tree that is not read here")
    widths = _pointer_widths(node_size, record, depth)
    todo = [(root, count, depth)] if root != UNDEFINED else []
    while todo:
        node, count, level = todo.pop()
        body = source.record(node, node_size, b"BTIN" if level else b"BTLF")
        body.take(2)
        for _ in range(count):
            source.spend()
            yield body.take(record)[place]
        for _ in range(count + 1 if level else 0):
            child, inner = body.address(), body.number(widths[0])
            body.take(widths[level] - 8 - widths[0])
            todo.append((child, inner, level - 1))


def _pointer_widths(node_size: int, record: int, depth: int) -> list[int]:
    """Bytes of a child pointer by level; at 0 the width of a count of records in a leaf."""
    most = (node_size - _NODE_FRAME) // record
    if most < 1:
        raise broken("has a tree without room for a record")
    widths, total, total_width = [_width(most)], most, 0
    for _ in range(depth):
        pointer = 8 + widths[0] + total_width
        widths.append(pointer)
        inner = (node_size - _NODE_FRAME - pointer) // (record + pointer)
        total = (inner + 1) * total + inner
        total_width = _width(max(1, total))
    return widths
