"""What goes into an ONNX model and what comes out: the names, types and shapes that its graph declares."""

from dataclasses import dataclass

from shared.domain.reading.containers.protobuf import VARINT, Field, Wire, signed
from shared.domain.reading.limits import corrupt, over_limits

_DTYPES = (
    None, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "str", "bool", "float16", "float64", "uint32",
    "uint64", "complex64", "complex128",
)  # fmt: skip
"""numpy's words for TensorProto.DataType; the types after these, such as bfloat16, numpy has no word for."""
_TENSOR, _SEQUENCE, _MAP, _SPARSE, _OPTIONAL = 1, 4, 5, 8, 9
_DENOTATION = 6
_MOST_DIMENSIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxValue:
    """One input or output. `words` say its type; `dtype` and `shape` are None where it is no plain tensor that numpy knows."""

    name: str
    words: str
    dtype: str | None = None
    shape: tuple[int, ...] | None = None


def read_value(wire: Wire, of: Field) -> OnnxValue:
    """A ValueInfoProto. Raises UnreadableModel."""
    name, found = "", OnnxValue(name="", words="of a type it does not tell")
    for field in wire.inside(of):
        if field.number == 1:
            name = wire.text(field)
        elif field.number == 2:
            found = _read_type(wire, field, 0)
    return OnnxValue(name=name, words=found.words, dtype=found.dtype, shape=found.shape)


def _read_type(wire: Wire, of: Field, depth: int) -> OnnxValue:
    if depth > wire.limits.nesting:
        raise over_limits("its types are nested deeper than any model's")
    kinds = [field for field in wire.inside(of) if field.number != _DENOTATION]
    if len(kinds) > 1:
        raise corrupt("a value in it has two types")
    match kinds:
        case [Field(number=number) as field] if number == _TENSOR:
            return _read_tensor(wire, field)
        case [Field(number=number) as field] if number in (_SEQUENCE, _OPTIONAL):
            inner = _inner(wire, field, 1, depth)
            return _words(f"{'list' if number == _SEQUENCE else 'optional'} of {inner}")
        case [Field(number=number) as field] if number == _MAP:
            key = _number(wire, field, 1)
            return _words(f"map of {_dtype_words(key)} to {_inner(wire, field, 2, depth)}")
        case [Field(number=number)] if number == _SPARSE:
            return _words("sparse tensor")
    return _words("of a type it does not tell")


def _inner(wire: Wire, of: Field, number: int, depth: int) -> str:
    inner = [field for field in wire.inside(of) if field.number == number]
    return _read_type(wire, inner[0], depth + 1).words if inner else "nothing"


def _number(wire: Wire, of: Field, number: int) -> int:
    fields = wire.inside(of)
    return next((f.value for f in fields if f.number == number and f.wire == VARINT), 0)


def _read_tensor(wire: Wire, of: Field) -> OnnxValue:
    kind, shape = 0, None
    for field in wire.inside(of):
        if field.number == 1 and field.wire == VARINT:
            kind = field.value
        elif field.number == 2:
            shape = _read_shape(wire, field)
    dtype = _DTYPES[kind] if kind < len(_DTYPES) else None
    told = "of any shape" if shape is None else str(list(shape)).replace("-1", "any")
    return OnnxValue(name="", words=f"{_dtype_words(kind)} {told}", dtype=dtype, shape=shape)


def _read_shape(wire: Wire, of: Field) -> tuple[int, ...]:
    lengths = [_read_length(wire, field) for field in wire.inside(of) if field.number == 1]
    if len(lengths) > _MOST_DIMENSIONS:
        raise corrupt("a tensor in it has too many dimensions")
    return tuple(lengths)


def _read_length(wire: Wire, of: Field) -> int:
    """One length of a shape; -1 where it is free, or has only a name."""
    length = -1
    for field in wire.inside(of):
        if field.number == 1 and field.wire == VARINT:
            length = signed(field.value)
    return length if 0 < length < 1 << 31 else -1


def _words(words: str) -> OnnxValue:
    return OnnxValue(name="", words=words)


def _dtype_words(kind: int) -> str:
    return (_DTYPES[kind] if kind < len(_DTYPES) else None) or f"type {kind}"
