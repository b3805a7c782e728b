"""The input example that an MLflow folder keeps as JSON, as the sample of a model: only where it is what the signature says."""

from math import isfinite, prod
from typing import Any

from shared.domain.inspection import Column, Json, Tensor

_WHOLE = 2**63
_KINDS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "datetime": (str,),
    "double": (float, int),
    "float": (float, int),
    "integer": (int,),
    "long": (int,),
    "string": (str,),
}
_INPUTS = "inputs"
"""What MLflow puts around arrays (up to 2.9) and around data that has parameters beside it."""


def example_row(example: Any, columns: tuple[Column, ...], longest: int) -> tuple[Json, ...] | None:
    """The example's first row, in the order of the columns; None where it does not fit them."""
    cells = _first_cells(_unwrap(example))
    names = [at if column.name is None else column.name for at, column in enumerate(columns)]
    if not columns or any(name not in cells for name in names):
        return None
    row = tuple(cells[name] for name in names)
    fits = all(_fits(cell, column.type, longest) for cell, column in zip(row, columns, strict=True))
    return row if fits else None


def example_tensor(example: Any, tensors: tuple[Tensor, ...], most: int) -> Any:
    """The example's first row of the only array that a model takes, in the form of its sample; None where it does not fit."""
    if len(tensors) != 1:
        return None
    only, given = tensors[0], _unwrap(example)
    named = given.get(only.name) if isinstance(given, dict) else None
    rows = given if only.name is None else named
    lengths = only.shape[1:]
    numeric = only.dtype.startswith(("float", "int", "uint"))
    free = any(length < 0 for length in lengths) or prod(lengths) > most
    if (
        not numeric
        or free
        or not isinstance(rows, list)
        or not rows
        or not _has_shape(rows[0], lengths)
    ):
        return None
    return rows[:1] if only.name is None else {only.name: rows[:1]}


def _unwrap(example: Any) -> Any:
    return example[_INPUTS] if isinstance(example, dict) and _INPUTS in example else example


def _first_cells(example: Any) -> dict[str | int, Any]:
    """The first row by names or positions: of a table split into columns and data, of an object, or of a list of rows."""
    if isinstance(example, dict) and isinstance(example.get("data"), list):
        columns, rows = example.get("columns"), example["data"]
        row = rows[0] if rows else None
        if isinstance(row, list):
            names = columns if isinstance(columns, list) else range(len(row))
            return {
                name: cell
                for name, cell in zip(names, row, strict=False)
                if isinstance(name, str | int)
            }
        return {}
    if isinstance(example, dict):
        return example
    row = example[0] if isinstance(example, list) and example else None
    return dict(enumerate(row)) if isinstance(row, list) else {}


def _fits(cell: Any, kind: str, longest: int) -> bool:
    if not isinstance(cell, _KINDS.get(kind, ())) or isinstance(cell, bool) != (kind == "boolean"):
        return False
    return len(cell) <= longest if isinstance(cell, str) else _is_number(cell)


def _is_number(cell: Any) -> bool:
    whole = isinstance(cell, int) and -_WHOLE <= cell < _WHOLE
    return whole or (isinstance(cell, float) and isfinite(cell))


def _has_shape(value: Any, lengths: tuple[int, ...]) -> bool:
    if not lengths:
        return _is_number(value) and not isinstance(value, bool)
    length, rest = lengths[0], lengths[1:]
    return (
        isinstance(value, list)
        and len(value) == length
        and all(_has_shape(one, rest) for one in value)
    )
