"""How a live endpoint is called: Azure ML's MLflow contract, and the line to paste.

A model of columns takes `{"input_data": {"columns": [...], "index": [...], "data": [[...]]}}`, all three; one array goes as
`{"input_data": [[...]]}`, several as `{"input_data": {"name": [[...]]}}`, texts as `{"input_data": ["a text"]}`. Azure's scoring script refuses any other form.
"""

import json
import math
import shlex
from typing import Any

from shared.domain.inspection import Inspection, Json, Tensor
from shared.domain.packaging.signatures import told_inputs

_MOST_VALUES = 4_096
_OF_TEXTS = "sklearn.feature_extraction.text."
_EMPTY: dict[str, Json] = {"object": "", "str": "", "bool": False}


def sample_payload(inspection: Inspection) -> dict[str, Any] | None:
    """A payload of one row that the model takes; None where its inputs are not known."""
    if inspection.inputs:
        arrays = _sample_arrays(inspection)
        return None if arrays is None else {"input_data": arrays}
    if inspection.sample_row is None:
        texts = inspection.sample_input
        return None if texts is None else {"input_data": texts}
    columns: list[str | int] = [
        number if column.name is None else column.name
        for number, column in enumerate(inspection.features)
    ]
    row = list(inspection.sample_row)
    return {
        "input_data": {"columns": columns or list(range(len(row))), "index": [0], "data": [row]}
    }


def explain_input(inspection: Inspection) -> str:
    """What to write as a payload where the file does not tell what the model takes."""
    if any(name.startswith(_OF_TEXTS) for name in inspection.names):
        return (
            'Texts go as {"input_data": ["a text"]}, columns beside them in the form for columns.'
        )
    return (
        'Columns go as {"input_data": {"columns": ["a"], "index": [0], "data": [[1.0]]}}, '
        'an array as {"input_data": [[1.0]]}, a list of texts as {"input_data": ["a text"]}.'
    )


def _sample_arrays(inspection: Inspection) -> Any:
    """What the file tells as a sample, in the form that is taken; else zeros; None where they would be too many."""
    tensors, told = told_inputs(inspection), inspection.sample_input
    names = [tensor.name for tensor in tensors]
    if names == [None] and isinstance(told, list):
        return told
    if isinstance(told, dict) and set(told) == set(names):
        return told
    if sum(math.prod(_lengths(tensor)) for tensor in tensors) > _MOST_VALUES:
        return None
    zeros = {tensor.name: _zeros(tensor) for tensor in tensors}
    return zeros.get(None, zeros)


def _lengths(tensor: Tensor) -> list[int]:
    """The shape, with every free length 1."""
    return [max(1, length) for length in tensor.shape]


def _zeros(tensor: Tensor) -> Any:
    value: Any = _EMPTY.get(tensor.dtype, 0.0 if tensor.dtype.startswith("float") else 0)
    for length in reversed(_lengths(tensor)):
        value = [value] * length
    return value


def sample_call(
    scoring_uri: str, deployment_name: str, payload: dict[str, Any] | None, *, has_traffic: bool
) -> str:
    """A curl command ready to paste; it takes the key from `$ENDPOINT_KEY`.

    A deployment without traffic is called by the header `azureml-model-deployment`. Where no payload is known
    the caller has to write it, as the file `input.json`.
    """
    body = "@input.json" if payload is None else shlex.quote(json.dumps(payload))
    lines = [
        f"curl -sS {shlex.quote(scoring_uri)}",
        '-H "Authorization: Bearer $ENDPOINT_KEY"',
        "-H 'Content-Type: application/json'",
        *([] if has_traffic else [f"-H 'azureml-model-deployment: {deployment_name}'"]),
        f"-d {body}",
    ]
    return " \\\n  ".join(lines)
