"""The input example of an MLflow folder is the sample, in each form MLflow has written it, and only where it fits the signature."""

import json
from pathlib import Path
from typing import Any

import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from tests.domain.reading.answers import inspect
from tests.domain.reading.test_archives import folder, zipped

COLUMNS = [
    {"name": "size", "type": "double"},
    {"name": "city", "type": "string"},
    {"name": "new", "type": "boolean"},
    {"name": "rooms", "type": "long"},
]
NAMES = [column["name"] for column in COLUMNS]
ROW: list[Any] = [1.5, "Bonn", True, 3]
ZEROS = (0.0, "", False, 0)
TENSOR = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]


def sample_of(example: object, inputs: object = COLUMNS, **files: bytes) -> tuple[Any, Any]:
    info = {"artifact_path": "input_example.json", "type": "any"}
    packed = folder(signature={"inputs": json.dumps(inputs)}, saved_input_example_info=info)
    found = inspect(zipped(packed | {"input_example.json": json.dumps(example)} | files))
    return found.sample_row, found.sample_input


@pytest.mark.parametrize(
    "example",
    [
        {"columns": NAMES, "data": [ROW, ["no", 1, 2, 3]]},
        {"columns": NAMES[::-1], "data": [ROW[::-1]], "index": [7]},
        {"columns": ["more", *NAMES], "data": [[None, *ROW]]},
        dict(zip(NAMES, ROW, strict=True)),
        {"inputs": dict(zip(NAMES, ROW, strict=True)), "params": {"a": 1}},
    ],
)
def test_the_first_row_of_the_example_is_the_sample(example: object) -> None:
    assert sample_of(example) == (tuple(ROW), None)


@pytest.mark.parametrize(
    "example",
    [
        {"columns": NAMES[:3], "data": [ROW[:3]]},
        {"columns": NAMES, "data": []},
        {"columns": NAMES, "data": [["1.5", *ROW[1:]]]},
        {"columns": NAMES, "data": [[float("nan"), *ROW[1:]]]},
        {"columns": NAMES, "data": [[1.5, "x" * 400, True, 3]]},
        {"columns": NAMES, "data": [[1.5, "Bonn", 1, 3]]},
        {"columns": NAMES, "data": [[1.5, "Bonn", True, 2**70]]},
        {"columns": 3, "data": {"a": 1}},
        [[[]]],
        "text",
        None,
    ],
)
def test_an_example_that_does_not_fit_the_signature_is_none(example: object) -> None:
    assert sample_of(example) == (ZEROS, None)


def test_an_example_that_is_not_there_broken_or_long_is_none() -> None:
    for content in (b"{", b"[" * 100_000, b" " * 5_000_000):
        assert sample_of(0, **{"input_example.json": content}) == (ZEROS, None)


def test_an_example_of_an_array_is_a_sample_in_its_shape() -> None:
    assert sample_of([[1.0, 2.0], [3.0, 4.0]], TENSOR) == (None, [[1.0, 2.0]])
    assert sample_of({"inputs": [[1.0, 2.0]]}, TENSOR) == (None, [[1.0, 2.0]])
    named = [{**TENSOR[0], "name": "x"}]
    assert sample_of({"x": [[1.0, 2.0]]}, named) == (None, {"x": [[1.0, 2.0]]})
    for odd in ([[1.0]], [1.0, 2.0], [["a", "b"]], [], [[True, False]]):
        assert sample_of(odd, TENSOR)[1] in (None, [[0.0, 0.0]])


@pytest.mark.parametrize("form", ["table", "array"])
def test_what_mlflow_saves_is_read(form: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.5, 2.5], "b": [4.0, 2.0]})
    rows = table if form == "table" else table.to_numpy()
    model = LinearRegression().fit(rows, np.array([1.0, 2.0]))
    mlflow.sklearn.save_model(
        model, tmp_path / "m", input_example=rows, signature=infer_signature(rows)
    )

    files = {each.name: each.read_bytes() for each in (tmp_path / "m").iterdir()}
    found = inspect(zipped(files))
    assert found.sample_row == ((1.5, 4.0) if form == "table" else None)
    assert found.sample_input == (None if form == "table" else [[1.5, 4.0]])
