"""What goes into a deployed MLflow model and what comes out, as Azure's no-code scoring script has it.

The model's signature decides, once, when the container starts. Columns: `input_data` is a table in pandas' form split
and is cast to their types. Tensors: it is a list for a single one, or an object of lists by name. No signature: it
is taken for what it looks like. Checked against the script itself (Azure/azureml-assets, mlflow-py312-inference) with
azureml-inference-server-http 1.4.1; `docs/emulator.md` tells what else it does. Runs inside a scoring process.
"""

from __future__ import annotations

import io
import json
from typing import Any, Callable

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import Schema

_FRAME = {"columns", "index", "data"}

Take = Callable[[Any], Any]


class NotAScoringRequestError(ValueError):
    """The request's body is no JSON object with a top-level `input_data`."""


def plan_take(signature: ModelSignature | None) -> Take:
    """What turns `input_data` into what `predict` gets.

    Raises ValueError for a signature of which no sample can be made: Azure's container then ends as it starts.
    """
    if signature is None or not signature.inputs:
        return _take_anything
    schema = signature.inputs
    if not schema.is_tensor_spec():
        return _table_taker(schema)
    samples = [(spec.name, _sample(spec.shape, spec.type)) for spec in schema.inputs]
    if not schema.has_input_names():
        return lambda given: _array(given, samples[0][1])
    return lambda given: {name: _array(given[name], sample) for name, sample in samples}


def read(body: bytes, take: Take) -> Any:
    """What a request hands to `predict`. Raises NotAScoringRequestError, and whatever `take` raises."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise NotAScoringRequestError(f"the request body is not JSON: {error}") from error
    if not isinstance(content, dict) or "input_data" not in content:
        raise NotAScoringRequestError("the request has no top-level key 'input_data'")
    return take(content["input_data"])


def render(predictions: Any) -> bytes:
    """The answer: the bare predictions, without a key around them. Raises TypeError for what JSON does not know."""
    if isinstance(predictions, pd.Series):
        predictions = pd.DataFrame(predictions)
    if isinstance(predictions, pd.DataFrame):
        predictions = predictions.to_dict(orient="records")
    elif isinstance(predictions, np.ndarray):
        predictions = predictions.tolist()
    return json.dumps(predictions).encode()


def _take_anything(given: Any) -> Any:
    if isinstance(given, list):
        return np.asarray(given)
    if given.keys() >= _FRAME:
        return _frame(given)
    return {name: np.asarray(value) for name, value in given.items()}


def _table_taker(schema: Schema) -> Take:
    types = dict(zip(schema.input_names(), schema.pandas_types()))

    def take(given: Any) -> pd.DataFrame:
        if not isinstance(given, dict):
            raise TypeError("the signature has columns: input_data must be columns, index and data")
        frame = _frame(given)
        return frame.astype({name: types.get(name, object) for name in frame.columns})

    return take


def _frame(given: Any) -> pd.DataFrame:
    return pd.read_json(io.StringIO(json.dumps(given)), orient="split", dtype=False)


def _sample(shape: tuple[int, ...], kind: Any) -> Any:
    """An array of this shape, with 1 for a free first length; it must have a length, as it is shown as an example."""
    first, *others = shape
    return np.zeros((1 if first == -1 else first, *others), dtype=kind)


def _array(given: Any, sample: Any) -> Any:
    if not isinstance(given, list):
        raise TypeError("the signature has tensors: input_data must be a list, or lists by name")
    return np.array(given, dtype=sample.dtype)
