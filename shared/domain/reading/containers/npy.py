"""numpy's own file form, .npy: a short header in Python's words for type and shape, and the bytes of one array.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. An array of Python objects is followed
by a pickle instead of bytes.
"""

import ast
import re
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

from shared.domain.reading.containers.content import Content
from shared.domain.reading.limits import corrupt, over_limits

MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
_LONGEST_HEADER = 10_000  # numpy refuses longer ones, too
_CODE = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,9})(\[[0-9a-zA-Z]{1,6}\])?")
_OBJECTS = ("O", "|O")
_CHARACTER = 4
_MOST = 2**48
_MOST_DIMENSIONS = 64
_KEYS = {"descr", "fortran_order", "shape"}

Kind: TypeAlias = tuple[int, bool]
"""Bytes of one element, and whether it holds Python objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpyHeader:
    """`descr` is numpy's code (`<f8`), or a list of fields; `size` counts the array's bytes where it has no objects."""

    descr: Any
    fortran_order: bool
    shape: tuple[int, ...]
    size: int
    has_objects: bool


def read_npy_header(content: Content) -> NpyHeader:
    """The header; the content stands at the array's first byte afterwards. Raises UnreadableModel."""
    start = read_exactly(content, len(MAGIC) + 2)
    width = _LENGTH_BYTES.get(start[6])
    if not start.startswith(MAGIC) or width is None or start[7]:
        raise corrupt("an array in it is not stored as numpy stores arrays")
    length = int.from_bytes(read_exactly(content, width), "little")
    if length > _LONGEST_HEADER:
        raise over_limits("an array in it has a longer description than numpy accepts")
    return _parse(read_exactly(content, length))


def read_exactly(content: Content, size: int) -> bytes:
    """`size` bytes, all in memory: for small sizes only. Raises UnreadableModel where there are fewer."""
    pieces = []
    while size:
        piece = content.read(size)
        if not piece:
            raise corrupt("an array in it ends too early")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _parse(text: bytes) -> NpyHeader:
    try:
        found = ast.literal_eval(text.decode("utf-8").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise corrupt("an array in it has a description that cannot be read") from error
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise corrupt("an array in it has a description that numpy does not write")
    shape, order = found["shape"], found["fortran_order"]
    if not _is_shape(shape) or not isinstance(order, bool):
        raise corrupt("an array in it has an impossible shape")
    item, objects = _kind(found["descr"])
    size = prod(shape) * item
    if size >= _MOST:
        raise corrupt("an array in it has an impossible size")
    return NpyHeader(
        descr=found["descr"], fortran_order=order, shape=shape, size=size, has_objects=objects
    )


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MOST_DIMENSIONS
        and all(type(length) is int and 0 <= length < _MOST for length in shape)
    )


def _kind(descr: object) -> Kind:
    if descr in _OBJECTS:
        return 8, True
    if isinstance(descr, str):
        match = _CODE.fullmatch(descr)
        if match is None:
            raise corrupt(f"an array in it is of a type that is not read here: {descr[:40]!r}")
        return int(match[2]) * (_CHARACTER if match[1] == "U" else 1), match[1] == "O"
    if isinstance(descr, list):
        fields = [_field(field) for field in descr]
        return sum(size for size, _ in fields), any(objects for _, objects in fields)
    raise corrupt("an array in it is of a type that is not read here")


def _field(field: object) -> Kind:
    """One field of a record: its name, its type, and a shape where each record has several."""
    if not isinstance(field, tuple) or len(field) not in (2, 3):
        raise corrupt("an array in it has a record that numpy does not write")
    shape = field[2] if len(field) > 2 else ()
    if not _is_shape(shape):
        raise corrupt("an array in it has a record of an impossible shape")
    size, objects = _kind(field[1])
    return size * prod(shape), objects
