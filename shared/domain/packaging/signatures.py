"""The signature that MLmodel tells of a model's inputs, in a form that Azure's scoring script survives.

That script makes a sample out of the signature when the container starts (numpy.zeros of the shape, with 1 for a -1 in
front), and turns each request into it: a table for columns, one array or a dict of arrays for tensors. A signature it
cannot make a sample of ends the container, so such a one is left out; then the input reaches the model unchecked.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.domain.inspection import Column, Inspection, ModelFormat, Tensor

_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "object"),
)
_TEXT = ("str", "string", "bytes")
_MOST_VALUES = 1_000_000
"""Of a sample, which the container keeps as JSON, too."""


def describe_signature(inspection: Inspection) -> dict[str, Any] | None:
    """MLmodel's `signature`; None where the inputs are not known or cannot be told safely."""
    if inspection.inputs:
        inputs = _render_tensors(told_inputs(inspection))
    else:
        inputs = [_render_column(column) for column in inspection.features]
    if not inputs:
        return None
    outputs = _render_tensors(inspection.outputs)
    return {
        "inputs": json.dumps(inputs),
        "outputs": json.dumps(outputs) if outputs else None,
        "params": None,
    }


def told_inputs(inspection: Inspection) -> tuple[Tensor, ...]:
    """The arrays as callers send them: a single one as a list, several by their names.

    An uploaded folder is called as its own signature says, also where that has one array with a name.
    """
    inputs = inspection.inputs
    if len(inputs) != 1 or inspection.format is ModelFormat.MLFLOW:
        return inputs
    return (replace(inputs[0], name=None),)


def tensor_dtype(tensor: Tensor) -> str:
    """Its dtype as a signature has it. Texts are objects: Azure cuts those of type str to one letter."""
    return "object" if tensor.dtype in _TEXT else tensor.dtype


def _render_column(column: Column) -> dict[str, Any]:
    name = {} if column.name is None else {"name": column.name}
    return {"type": column.type, "required": True} | name


def _render_tensors(tensors: Sequence[Tensor]) -> list[dict[str, Any]]:
    named = all(tensor.name is not None for tensor in tensors)
    if not all(_is_safe(tensor) for tensor in tensors) or (len(tensors) > 1 and not named):
        return []
    return [
        {
            "type": "tensor",
            "tensor-spec": {"dtype": tensor_dtype(tensor), "shape": list(tensor.shape)},
        }
        | ({} if tensor.name is None else {"name": tensor.name})
        for tensor in tensors
    ]


def _is_safe(tensor: Tensor) -> bool:
    first, *others = tensor.shape or (0,)
    known = tensor_dtype(tensor) in _DTYPES and first != 0 and min(others, default=1) > 0
    return known and math.prod(abs(length) for length in tensor.shape) <= _MOST_VALUES
