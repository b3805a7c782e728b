"""Small numpy arrays and numbers inside the inert graph, decoded to plain Python values.

The facts of a model (class labels, column names, means) are such arrays; big ones were skipped and cannot be decoded.
"""

import struct

from shared.domain.inspection import Json
from shared.domain.reading.pickles.dtypes import DType, parse_dtype
from shared.domain.reading.pickles.graph import Array, Made, Value

_SCALAR = "multiarray.scalar"
_RECONSTRUCT = "multiarray._reconstruct"
_FROM_BUFFER = "numeric._frombuffer"
_MOST_DIMENSIONS = 64
_FORMATS = {"f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "b1": "?"}
_EMPTY: dict[str, Json] = {"f": 0.0, "i": 0, "u": 0, "b": False, "O": "", "U": "", "S": ""}
_FORMATS |= {"u1": "B", "u2": "H", "u4": "I", "u8": "Q"}


def count_values(value: Value) -> int:
    """How many values are in a one-dimensional array or a list; 0 for anything else."""
    if isinstance(value, list | tuple):
        return len(value)
    shape = find_shape(value)
    return shape[0] if len(shape) == 1 else 0


def decode_list(value: Value, most: int, first: int | None = None) -> list[Json] | None:
    """The values of a one-dimensional array or a list; None where it is longer, of other make, or was skipped.

    With `first` only so many of them.
    """
    if isinstance(value, list | tuple):
        return _plain(list(value[:first])) if len(value) <= most else None
    parts = _parts(value)
    if parts is None:
        return None
    shape, dtype, data = parts
    if len(shape) != 1 or type(shape[0]) is not int or not 0 <= shape[0] <= most:
        return None
    if isinstance(data, list):
        return _plain(data[:first]) if len(data) == shape[0] else None
    kind = parse_dtype(dtype)
    plain = _bytes(data)
    if kind is None or plain is None or len(plain) != kind.size * shape[0]:
        return None
    count = shape[0] if first is None else min(first, shape[0])
    return _decode(kind, plain[: kind.size * count], count)


def decode_number(value: Value) -> Json:
    """A Python or numpy scalar as a JSON value; None where it is neither."""
    if value is None or type(value) in (str, int, float, bool):
        return value  # type: ignore[no-any-return]  # an inert value is Any; the line above proves it
    if isinstance(value, Made) and value.full.endswith(_SCALAR) and len(value.args) == 2:
        kind = parse_dtype(value.args[0])
        decoded = _decode(kind, _bytes(value.args[1]), 1) if kind else None
        return decoded[0] if decoded else None
    return None


def decode_first(value: Value, count: int) -> list[Json]:
    """The first value in each of the `count` rows of a two-dimensional array; of a skipped one a value of its type."""
    parts = _parts(value)
    kind = parse_dtype(parts[1]) if parts else None
    if parts is None or kind is None or len(find_shape(value)) != 2 or parts[0][0] != count:
        return []
    step = 1 if _is_fortran(value) else parts[0][1]
    empty = _EMPTY.get(kind.kind)
    data = parts[2] if isinstance(parts[2], list) else _bytes(parts[2])
    if data is None:
        return [empty] * count
    return [_one(data, kind, row * step, empty) for row in range(count)]


def find_shape(value: Value) -> tuple[int, ...]:
    """The shape of an array; empty for what is none."""
    parts = _parts(value)
    shape = parts[0] if parts else ()
    if len(shape) > _MOST_DIMENSIONS:
        return ()
    return shape if all(type(length) is int and length >= 0 for length in shape) else ()


def _one(data: list[Value] | bytes, kind: DType, at: int, empty: Json) -> Json:
    if isinstance(data, list):
        value = decode_number(data[at]) if at < len(data) else None
        return empty if value is None else value
    decoded = _decode(kind, data[at * kind.size : (at + 1) * kind.size], 1)
    return decoded[0] if decoded else empty


def _is_fortran(value: Value) -> bool:
    if isinstance(value, Array):
        return value.order == "F"
    return value.args[3] == "F" if len(value.args) == 4 else value.state[3] is True


def _parts(value: Value) -> tuple[tuple[Value, ...], Value, Value] | None:
    """Shape, data type and data of an array, in any of the forms numpy and joblib write."""
    shape = dtype = data = None
    if isinstance(value, Array):
        shape, dtype, data = value.shape, value.dtype, value.data
    elif isinstance(value, Made) and value.full.endswith(_RECONSTRUCT):
        if isinstance(value.state, tuple) and len(value.state) == 5:
            _, shape, dtype, _, data = value.state
    elif isinstance(value, Made) and value.full.endswith(_FROM_BUFFER) and len(value.args) == 4:
        data, dtype, shape, _ = value.args
    return (shape, dtype, data) if isinstance(shape, tuple) else None


def _bytes(data: Value) -> bytes | None:
    """Array data as bytes; protocols 0 to 2 write them as latin-1 text to be encoded."""
    if isinstance(data, bytes):
        return data
    if (
        isinstance(data, Made)
        and data.full == "_codecs.encode"
        and data.args
        and isinstance(data.args[0], str)
    ):
        return data.args[0].encode("latin-1", "replace")
    return None


def _decode(kind: DType, data: bytes | None, count: int) -> list[Json] | None:
    if data is None or len(data) != kind.size * count:
        return None
    if kind.kind in "US":
        pieces = (
            [data[start : start + kind.size] for start in range(0, len(data), kind.size)]
            if kind.size
            else []
        )
        encoding = "latin-1" if kind.kind == "S" else "utf-32-le" if kind.little else "utf-32-be"
        return [piece.decode(encoding, "replace").rstrip("\0") for piece in pieces]
    letter = _FORMATS.get(f"{kind.kind}{kind.size}")
    if letter is None:
        return None
    return list(struct.unpack(f"{'<' if kind.little else '>'}{count}{letter}", data))


def _plain(values: list[Value]) -> list[Json] | None:
    decoded = [decode_number(value) for value in values]
    odd = any(new is None and old is not None for new, old in zip(decoded, values, strict=True))
    return None if odd else decoded
