"""numpy's data types as pickles describe them: `numpy.dtype('f8', False, True)` and a state tuple filled in later.

Sizes are taken from here to skip array data, so anything that could mean two sizes is refused.
"""

import re
from dataclasses import dataclass

from shared.domain.reading.pickles.graph import Made, Pairs, Value

DTYPE = "numpy.dtype"
_CODE = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,9})")
_PYTHON_OBJECT = "O"
_OBJECT_FLAGS = 3
"""Elements are counted references, and are pickled as a list: numpy sets both, and takes bytes for pointers without the second."""
_FLAGS_SINCE = 3
_SIZED_BY_STATE = "SUV"
_NATIVE = ("<", "=", "|")


@dataclass(frozen=True, slots=True)
class DType:
    """`kind` is numpy's letter, `size` the bytes of one element; big-endian data is read, but not decoded."""

    kind: str
    size: int
    little: bool

    @property
    def has_objects(self) -> bool:
        """Whether elements are Python objects, which joblib stores as a nested pickle."""
        return self.kind == _PYTHON_OBJECT


def parse_dtype(value: Value, *, records: bool = False) -> DType | None:
    """The data type described, or None where it is not one of the plain forms numpy itself writes.

    With `records` it may have fields, which are looked at one by one: they have none of their own.
    """
    if not isinstance(value, Made) or value.full != DTYPE or not value.args:
        return None
    code = value.args[0]
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        return None
    kind, digits = match.groups()
    plain = DType(kind=kind, size=int(digits) * (4 if kind == "U" else 1), little=True)
    return plain if value.state is None else _with_state(plain, value.state, records=records)


def count_fields(state: Value) -> int:
    """How many fields a data type's state has: what it costs to look at them."""
    fields = state[4] if isinstance(state, tuple) and len(state) > 4 else None
    return len(fields.pairs) if isinstance(fields, Pairs) else 0


def is_sound_dtype(made: Value, state: Value) -> bool:
    """Whether a state describes the very type that it is filled into.

    numpy keeps what it is told, unchecked: an array of objects that says to hold none would take its bytes for addresses.
    """
    plain = parse_dtype(Made(made.callee, made.args)) if made.full == DTYPE else None
    return plain is not None and _with_state(plain, state, records=True) is not None


def _with_state(plain: DType, state: Value, *, records: bool) -> DType | None:
    """Check the state (version, order, subtype, names, fields, size, alignment, flags) against the code."""
    if not isinstance(state, tuple) or len(state) < 7:
        return None
    version, order, subtype, fields, size = state[0], state[1], state[2], state[4], state[5]
    flags = state[7] if len(state) > 7 else 0
    stated = plain.size if plain.kind in _SIZED_BY_STATE else -1
    if subtype is not None or size != stated or type(flags) is not int:
        return None
    wanted = _OBJECT_FLAGS if plain.has_objects else 0
    if flags & _OBJECT_FLAGS != wanted or (wanted and version not in (_FLAGS_SINCE, 4)):
        return None
    if fields is not None and not (records and _are_plain(fields, plain.size)):
        return None
    return DType(kind=plain.kind, size=plain.size, little=order in _NATIVE)


def _are_plain(fields: Value, room: int) -> bool:
    """Whether a record's fields are numbers or texts, each within the record."""
    if not isinstance(fields, Pairs):
        return False
    return all(
        isinstance(field, tuple) and len(field) > 1 and _fits(parse_dtype(field[0]), field[1], room)
        for _, field in fields.pairs
    )


def _fits(kind: DType | None, offset: Value, room: int) -> bool:
    plain = kind is not None and not kind.has_objects and type(offset) is int
    return plain and kind is not None and 0 <= offset <= room - kind.size
