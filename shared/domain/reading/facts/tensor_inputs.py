"""From the arrays that a model takes to the calls that MLflow's signatures let through, and a sample of one row.

How MLflow 2.16.2 treats what Azure hands it decides the form. A table (`columns`, `index`, `data`) becomes a DataFrame, and
with a signature of named tensors each column becomes one array of its declared type and shape: a cell is a number, or
one row of the array as a flat list. That needs a free first length and fixed others. A list becomes an array of
float64, int64 or text, which goes on only where the model takes exactly that; MLflow's ONNX code turns float64 into float32.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from shared.domain.inspection import Column, Json, Obstacle, Tensor
from shared.domain.reading.limits import Limits

_COLUMN_TYPES = {"float32": "double", "float64": "double", "int64": "long"}
_EMPTY: dict[str, Json] = {"str": "", "bool": False}
_NUMPY_HAS_NO_WORD = "complex"


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a model takes. `dtype` and `shape` are None where it is no array that numpy knows; `words` say what it is."""

    name: str
    words: str
    dtype: str | None
    shape: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The parts of an inspection that say how a model is called."""

    features: tuple[Column, ...] = ()
    sample_row: tuple[Json, ...] | None = None
    inputs: tuple[Tensor, ...] = ()
    sample_input: Any = None
    obstacle: Obstacle | None = None


def describe_inputs(inputs: tuple[Input, ...], limits: Limits) -> Described:
    """How a model with these inputs is called: by a row of columns, by a table of arrays, or by one list.

    Shapes start with a free length where rows go through one by one, whatever batch size the file fixes.
    """
    odd = [one for one in inputs if not _is_plain(one)]
    if odd or not inputs:
        return Described(obstacle=_odd_obstacle(odd))
    tensors = tuple(
        Tensor(name=one.name, dtype=one.dtype or "", shape=one.shape or ()) for one in inputs
    )
    first = tensors[0]
    kind = _COLUMN_TYPES.get(first.dtype)
    if len(tensors) == 1 and kind and _is_row(first, limits):
        empty: Json = 0.0 if kind == "double" else 0
        width = first.shape[1]
        columns = (Column(name=None, type=kind),) * width
        return Described(features=columns, sample_row=(empty,) * width)
    if all(-1 not in tensor.shape[1:] for tensor in tensors):
        return _by_table(tensors, limits)
    if len(tensors) == 1 and kind:
        return Described(inputs=tensors, sample_input=_nested(first, limits))
    return Described(inputs=tensors, obstacle=_free_obstacle(tensors))


def _is_row(tensor: Tensor, limits: Limits) -> bool:
    shape = tensor.shape
    return len(shape) == 2 and shape[0] in (-1, 1) and 0 < shape[1] <= limits.columns


def _by_table(tensors: tuple[Tensor, ...], limits: Limits) -> Described:
    rows = max(1, *(tensor.shape[0] for tensor in tensors))
    size = sum(prod(tensor.shape[1:]) for tensor in tensors) * rows
    table = {
        "columns": [tensor.name for tensor in tensors],
        "index": list(range(rows)),
        "data": [[_cell(tensor) for tensor in tensors] for _ in range(rows)],
    } if size <= limits.sample_values else None  # fmt: skip
    free = tuple(
        Tensor(name=tensor.name, dtype=tensor.dtype, shape=(-1, *tensor.shape[1:]))
        for tensor in tensors
    )
    return Described(inputs=free, sample_input=table)


def _cell(tensor: Tensor) -> Any:
    width = prod(tensor.shape[1:])
    single = len(tensor.shape) == 1 or tensor.shape[1:] == (1,)
    return _empty(tensor.dtype) if single else [_empty(tensor.dtype)] * width


def _nested(tensor: Tensor, limits: Limits) -> Any:
    """One row of zeros, with every free length 1, as nested lists."""
    lengths = [max(1, length) for length in tensor.shape]
    if prod(lengths) > limits.sample_values:
        return None
    value: Any = _empty(tensor.dtype)
    for length in reversed(lengths):
        value = [value] * length
    return value


def _empty(dtype: str) -> Json:
    return _EMPTY.get(dtype, 0.0 if dtype.startswith("float") else 0)


def _is_plain(one: Input) -> bool:
    known = one.dtype is not None and not one.dtype.startswith(_NUMPY_HAS_NO_WORD)
    return known and bool(one.shape)


def _odd_obstacle(odd: list[Input]) -> Obstacle:
    if not odd:
        return Obstacle(
            "The model takes no input.", "Export it with the inputs that it is called with."
        )
    told = ", ".join(f"{one.name} ({one.words})" for one in odd[:4])
    return Obstacle(
        f"The model takes something that cannot be sent as JSON, or does not say its shape: {told[:300]}.",
        "Export it with inputs that are arrays of rows: a free first length, and numbers, booleans or texts.",
    )


def _free_obstacle(tensors: tuple[Tensor, ...]) -> Obstacle:
    free = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in tensors[:4])
    return Obstacle(
        f"MLflow turns a request into arrays only where all lengths but the first are fixed: {free[:300]}.",
        "Export it with fixed lengths, and leave only the first one, the number of rows, free.",
    )
