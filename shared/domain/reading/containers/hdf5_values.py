"""Shapes, types and attributes in HDF5 files: enough to know what a dataset holds and to read a text.

Read by `shared.domain.reading.containers.hdf5`.
"""

from collections.abc import Iterator, Sequence
from math import prod

from shared.domain.reading.containers.hdf5_bytes import UNDEFINED, Fields, Hdf5Bytes, broken
from shared.domain.reading.containers.hdf5_heaps import read_dense
from shared.domain.reading.containers.hdf5_objects import Kind, Message

_NUMBER, _FLOAT, _TEXT, _VARIABLE = 0, 1, 3, 9
_SHARED_PARTS = 0x03
_NULL_SPACE = 2


def read_attributes(
    source: Hdf5Bytes, messages: Sequence[Message], wanted: Sequence[str], most: int
) -> Iterator[tuple[str, str]]:
    """The texts among an object's attributes that are wanted, by name, each at most so many bytes long."""
    for message in messages:
        if message.kind is Kind.ATTRIBUTE:
            yield from _read_text(source, message.data, wanted, most)
        elif message.kind is Kind.ATTRIBUTE_INFO:
            fields = Fields(message.data)
            fields.take(1)
            flags = fields.number(1)
            fields.take(2 if flags & 1 else 0)
            heap, by_name = fields.address(), fields.address()
            for data in read_dense(source, heap, by_name) if heap != UNDEFINED else ():
                yield from _read_text(source, data, wanted, most)


def parse_shape(data: bytes) -> tuple[int, ...] | None:
    """The lengths that a dataspace message tells; None for one without values."""
    fields = Fields(data)
    version, rank, _ = fields.number(1), fields.number(1), fields.number(1)
    if version == 1:
        fields.take(5)
    elif version != 2 or fields.number(1) == _NULL_SPACE:
        return None
    return tuple(fields.address() for _ in range(rank))


def parse_dtype(data: bytes) -> str | None:
    """The word of numpy for a plain number's type, such as float32; None for any other type."""
    fields = Fields(data)
    kind, flags = fields.number(1) & 0x0F, fields.number(3)
    size = fields.number(4)
    if kind == _FLOAT and size in (2, 4, 8):
        return f"float{size * 8}"
    if kind == _NUMBER and size in (1, 2, 4, 8):
        return f"{'int' if flags & 0x08 else 'uint'}{size * 8}"
    return None


def _read_text(
    source: Hdf5Bytes, data: bytes, wanted: Sequence[str], most: int
) -> Iterator[tuple[str, str]]:
    fields = Fields(data)
    version, flags = fields.number(1), fields.number(1)
    sizes = [fields.number(2) for _ in range(3)]
    fields.take(1 if version == 3 else 0)
    if version not in (1, 2, 3):
        raise broken("has an attribute of an unknown version")
    padding = 8 if version == 1 else 1
    name, kind, space = (_padded(fields, size, padding) for size in sizes)
    label = name.partition(b"\0")[0].decode("utf-8", "replace")
    if label not in wanted:
        return
    text = None if version > 1 and flags & _SHARED_PARTS else _text(source, kind, fields, most)
    if text is None or prod(parse_shape(space) or ()) != 1:
        raise broken(f"keeps {label} in a form that Keras does not write")
    yield label, text.decode("utf-8", "replace")


def _padded(fields: Fields, size: int, padding: int) -> bytes:
    data = fields.take(size)
    fields.take(-size % padding)
    return data


def _text(source: Hdf5Bytes, kind: bytes, value: Fields, most: int) -> bytes | None:
    fields = Fields(kind)
    place, flags = fields.number(1) & 0x0F, fields.number(3)
    size = fields.number(4)
    if place == _TEXT:
        return value.take(size).rstrip(b"\0")
    if place == _VARIABLE and flags & 0x0F == 1:
        length, heap, index = value.number(4), value.address(), value.number(4)
        if length > most:
            raise broken("has a text that is too long")
        return _find_in_heap(source, heap, index, length)
    return None


def _find_in_heap(source: Hdf5Bytes, heap: int, index: int, length: int) -> bytes:
    """A text of the global heap; a collection holds objects one after the other, 0 being free room.

    Read to its end: of two objects of one number the HDF5 library takes the last.
    """
    header = source.record(heap, 16, b"GCOL")
    header.take(4)
    at, end = heap + 16, heap + header.address()
    found = []
    while at + 16 <= end:
        fields = Fields(source.at(at, 16))
        number = fields.number(2)
        fields.take(6)
        size = fields.address()
        if number == index:
            found.append((at + 16, size))
        at += 16 + size + -size % 8 if number else max(16, size)
    if index == 0 or len(found) != 1 or found[0][1] < length:
        raise broken("refers to a text that it does not hold, or holds twice")
    return _read_long(source, found[0][0], length)


def _read_long(source: Hdf5Bytes, address: int, length: int) -> bytes:
    step = 1 << 20
    pieces = range(0, length, step)
    return b"".join(source.at(address + start, min(step, length - start)) for start in pieces)
