"""numpy's data types as pickles describe them: `numpy.dtype('f8', False, True)` and a state tuple filled in later.

Sizes are taken from here to skip array data, so anything that could mean two sizes is refused.
"""

import re
from dataclasses import dataclass

from shared.domain.reading.pickles.graph import Made, Pairs, Value

DTYPE = "numpy.dtype"
_CODE = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,9})")
_PYTHON_OBJECT = "O"
_OBJECT_FLAG = 1
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


def parse_dtype(value: Value) -> DType | None:
    """The data type described, or None where it is not one of the plain forms numpy itself writes."""
    if not isinstance(value, Made) or value.full != DTYPE or not value.args:
        return None
    code = value.args[0]
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        return None
    kind, digits = match.groups()
    plain = DType(kind=kind, size=int(digits) * (4 if kind == "U" else 1), little=True)
    return plain if value.state is None else _with_state(plain, value.state)


def _with_state(plain: DType, state: Value) -> DType | None:
    """Check the state (version, order, subtype, names, fields, size, alignment, flags) against the code."""
    if not isinstance(state, tuple) or len(state) < 7:
        return None
    order, subtype, fields, size = state[1], state[2], state[4], state[5]
    flags = state[7] if len(state) > 7 else 0
    stated = plain.size if plain.kind in _SIZED_BY_STATE else -1
    if subtype is not None or size != stated or not isinstance(flags, int):
        return None
    objects = bool(flags & _OBJECT_FLAG) if len(state) > 7 else plain.has_objects
    if objects != plain.has_objects or (fields is not None and _holds_objects(fields)):
        return None
    return DType(kind=plain.kind, size=plain.size, little=order in _NATIVE)


def _holds_objects(fields: Value) -> bool:
    """Whether a record's fields hold Python objects, or cannot be told."""
    if not isinstance(fields, Pairs):
        return True
    kinds = (
        parse_dtype(field[0]) if isinstance(field, tuple) and field else None
        for _, field in fields.pairs
    )
    return any(kind is None or kind.has_objects for kind in kinds)
