"""From the arrays that a model takes to their description, and a sample of one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from shared.domain.inspection import Json, Obstacle, Tensor
from shared.domain.reading.limits import Limits

_EMPTY: dict[str, Json] = {"str": "", "bool": False}
_NOT_IN_JSON = "complex"
_DEEPEST_SAMPLE = 8
_SHOWN = 4


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

    inputs: tuple[Tensor, ...] = ()
    sample_input: Any = None
    obstacle: Obstacle | None = None


def describe_inputs(
    inputs: Sequence[Input], values: Mapping[str, Json] | None, limits: Limits
) -> Described:
    """How a model with these inputs is called: with one nested list, or with several by their names.

    `values` are what the sample has instead of zeros; None where no sample can be told.
    """
    odd = [one for one in inputs if not _is_plain(one)]
    if odd or not inputs:
        return Described(obstacle=_find_obstacle(odd))
    tensors = tuple(
        Tensor(name=one.name, dtype=one.dtype or "", shape=one.shape or ()) for one in inputs
    )
    deep = any(len(tensor.shape) > _DEEPEST_SAMPLE for tensor in tensors)
    if (
        values is None
        or deep
        or sum(prod(_lengths(tensor)) for tensor in tensors) > limits.sample_values
    ):
        return Described(inputs=tensors)
    samples = {tensor.name: _fill(tensor, values.get(tensor.name or "")) for tensor in tensors}
    sample = samples if len(tensors) > 1 else samples[tensors[0].name]
    return Described(inputs=tensors, sample_input=sample)


def _is_plain(one: Input) -> bool:
    return (
        one.dtype is not None and one.shape is not None and not one.dtype.startswith(_NOT_IN_JSON)
    )


def _lengths(tensor: Tensor) -> list[int]:
    """The shape, with every free length 1."""
    return [max(1, length) for length in tensor.shape]


def _fill(tensor: Tensor, value: Any) -> Any:
    if value is None:
        value = _EMPTY.get(tensor.dtype, 0.0 if tensor.dtype.startswith("float") else 0)
    for length in reversed(_lengths(tensor)):
        value = [value] * length
    return value


def _find_obstacle(odd: Sequence[Input]) -> Obstacle:
    if not odd:
        return Obstacle(
            "The model takes no input.", "Export it with the inputs that it is called with."
        )
    told = ", ".join(f"{one.name} ({one.words})" for one in odd[:_SHOWN])
    return Obstacle(
        f"The model takes something that cannot be sent as JSON, or whose shape is not told: {told[:300]}.",
        "Export it with inputs that are arrays of numbers, booleans or texts, with their shapes.",
    )
