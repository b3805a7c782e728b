"""MLflow's model signatures, read from an MLmodel file: what columns a model takes."""

import json
from typing import Any

from shared.domain.inspection import Column, Json

_COLUMN_TYPES = ("boolean", "integer", "long", "float", "double", "string", "datetime", "binary")
_TENSOR_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "long",
    "int32": "integer",
    "bool": "boolean",
}
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
    if len(specs) == 1 and specs[0].get("type") == "tensor":
        return _tensor_columns(specs[0].get("tensor-spec"), most)
    columns = tuple(
        Column(name=spec.get("name"), type=str(spec.get("type"))) for spec in specs[: most + 1]
    )
    known = all(
        column.type in _COLUMN_TYPES and isinstance(column.name, str | None) for column in columns
    )
    return columns if known and len(columns) <= most else ()


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


def _tensor_columns(spec: object, most: int) -> tuple[Column, ...]:
    if not isinstance(spec, dict):
        return ()
    shape, kind = spec.get("shape"), _TENSOR_TYPES.get(str(spec.get("dtype")))
    if kind is None or not isinstance(shape, list) or len(shape) != 2:
        return ()
    width = shape[1]
    return (
        (Column(name=None, type=kind),) * width if type(width) is int and 0 < width <= most else ()
    )
