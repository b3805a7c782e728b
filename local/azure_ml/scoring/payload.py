"""What goes into a deployed MLflow model and what comes out, as Azure's no-code wrapper has it.

Runs inside a scoring process.
"""

import json
from typing import Any

import numpy as np
import pandas as pd

_FRAME = {"columns", "index", "data"}


class NotAScoringRequestError(ValueError):
    """The request's body is not JSON with a top-level `input_data`."""


def read(body: bytes) -> Any:
    """What a request hands to `predict`.

    `columns`, `index` and `data` together make a DataFrame and a list makes an array; anything
    else, also a frame without its index, reaches the model as it came.
    """
    try:
        content = json.loads(body)
    except ValueError as error:
        raise NotAScoringRequestError(f"the request body is not JSON: {error}") from error
    if not isinstance(content, dict) or "input_data" not in content:
        raise NotAScoringRequestError("the request has no top-level key 'input_data'")
    given = content["input_data"]
    if isinstance(given, dict) and given.keys() >= _FRAME:
        return pd.DataFrame(given["data"], given["index"], given["columns"])
    return np.asarray(given) if isinstance(given, list) else given


def render(predictions: Any) -> bytes:
    """The answer: the bare predictions, without a key around them."""
    if isinstance(predictions, pd.DataFrame):
        predictions = predictions.to_dict(orient="records")
    return json.dumps(predictions, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Series | pd.Index | np.ndarray | np.generic):
        return value.tolist()
    return str(value)
