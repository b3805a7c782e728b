"""MLflow's model signatures, read from an MLmodel file: what columns a model takes."""

import json
from typing import Any

from shared.domain.inspection import Column, Json, Tensor

_COLUMN_TYPES = ("boolean", "integer", "long", "float", "double", "string", "datetime", "binary")
_EMPTY: dict[str, Json] = {
    "boolean": False,
    "integer": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "string": "",
}
_DEEPEST = 40


def parse_inputs(text: object, most: int) -> tuple[Column, ...]:
    """The columns of a signature's `inputs`; none where they are of a kind that one row of values cannot express."""
    specs = parse_json(text)
    if not isinstance(specs, list) or not all(isinstance(spec, dict) for spec in specs):
        return ()
    columns = tuple(
        Column(name=spec.get("name"), type=str(spec.get("type"))) for spec in specs[: most + 1]
    )
    known = all(
        column.type in _COLUMN_TYPES and isinstance(column.name, str | None) for column in columns
    )
    return columns if known and len(columns) <= most else ()


def parse_tensors(text: object, most: int) -> tuple[Tensor, ...]:
    """The arrays of a signature; none where it has columns, or is of no known form."""
    specs = parse_json(text)
    if not isinstance(specs, list) or not 0 < len(specs) <= most:
        return ()
    found = [_tensor(spec) for spec in specs if isinstance(spec, dict)]
    tensors = tuple(tensor for tensor in found if tensor is not None)
    return tensors if len(tensors) == len(specs) else ()


def _tensor(spec: dict[str, Any]) -> Tensor | None:
    inner, name = spec.get("tensor-spec"), spec.get("name")
    if spec.get("type") != "tensor" or not isinstance(inner, dict):
        return None
    dtype, shape = inner.get("dtype"), inner.get("shape")
    whole = isinstance(shape, list) and all(type(length) is int for length in shape)
    if not isinstance(dtype, str) or not whole or not isinstance(name, str | None):
        return None
    return Tensor(name=name, dtype=dtype[:40], shape=tuple(shape or ())[:_DEEPEST])


def parse_json(text: object) -> Any:
    """A JSON text's value; None where it is no JSON, or no text."""
    if not isinstance(text, str | bytes):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def convert_sample(value: Json, column: Column) -> Json:
    """A sample value in the column's type; the type's empty value where it cannot be one."""
    try:
        match column.type:
            case "double" | "float":
                return float(value or 0)
            case "long" | "integer":
                return int(value or 0)
            case "boolean":
                return bool(value)
            case "string":
                return value if isinstance(value, str) else ""
    except (ValueError, OverflowError):
        pass
    return _EMPTY.get(column.type)
