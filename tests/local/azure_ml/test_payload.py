"""How `input_data` becomes what a model takes, case by case as Azure's own scoring script was seen to do it."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from local.azure_ml.scoring import payload

ROWS = {"columns": [0, 1], "index": [7], "data": [[1, 2.5]]}


def tensors(*specs: tuple[str, tuple[int, ...], str | None]) -> ModelSignature:
    return ModelSignature(
        Schema([TensorSpec(np.dtype(kind), shape, name) for kind, shape, name in specs])
    )


def columns(*specs: tuple[str, str | None]) -> ModelSignature:
    return ModelSignature(Schema([ColSpec(kind, name) for kind, name in specs]))


def take(signature: ModelSignature | None, given: Any) -> Any:
    return payload.read(json.dumps({"input_data": given}).encode(), payload.plan_take(signature))


def test_columns_make_a_table_in_their_types() -> None:
    frame = take(columns(("double", None), ("double", None)), ROWS)
    assert (frame.index.tolist(), frame.dtypes.tolist()) == ([7], [np.dtype("float64")] * 2)
    named = {"columns": ["n", "t"], "data": [[1, "x"]], "index": [0]}
    frame = take(columns(("double", "n"), ("string", "t")), named)
    assert frame.to_dict("records") == [{"n": 1.0, "t": "x"}]
    with pytest.raises(TypeError):
        take(columns(("double", None)), [[1.0]])


def test_one_array_is_a_list_in_the_signature_s_type() -> None:
    array = take(tensors(("float32", (-1, 2), None)), [[1, 2]])
    assert (array.dtype, array.tolist()) == (np.dtype("float32"), [[1.0, 2.0]])
    for wrong in (ROWS, {"x": [[1, 2]]}, "text"):
        with pytest.raises(TypeError):
            take(tensors(("float32", (-1, 2), None)), wrong)


def test_several_arrays_come_by_name_and_others_are_left_out() -> None:
    signature = tensors(("int64", (-1,), "a"), ("object", (-1, 1), "b"))
    found = take(signature, {"b": [["long text"]], "a": [1], "c": [2]})
    assert {name: (array.dtype.kind, array.tolist()) for name, array in found.items()} == {
        "a": ("i", [1]),
        "b": ("O", [["long text"]]),
    }
    with pytest.raises(KeyError):
        take(signature, {"a": [1]})


def test_texts_of_type_str_lose_all_but_a_letter() -> None:
    assert take(tensors(("str", (-1,), None)), ["long"]).tolist() == ["l"]


def test_without_a_signature_the_form_decides() -> None:
    assert isinstance(take(None, ROWS), pd.DataFrame)
    assert take(None, [[1, 2]]).shape == (1, 2)
    assert {name: array.tolist() for name, array in take(None, {"a": [1]}).items()} == {"a": [1]}
    with pytest.raises(AttributeError):
        take(None, "text")


@pytest.mark.parametrize("shape", [(-1, -1), ()])
def test_a_signature_without_a_sample_ends_the_container(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"negative dimensions|not enough values"):
        payload.plan_take(tensors(("float32", shape, None)))


def test_columns_named_like_dates_are_read_as_dates() -> None:
    """A trap of pandas that is there on Azure, too; the lint warns of it."""
    frame = take(
        columns(("string", "start_time")),
        {"columns": ["start_time"], "index": [0], "data": [["12:30"]]},
    )
    assert not isinstance(frame["start_time"][0], str)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (np.array([[1.5]]), "[[1.5]]"),
        (pd.DataFrame({"a": [1]}), '[{"a": 1}]'),
        (pd.Series([2.0]), '[{"0": 2.0}]'),
        ({"a": [1]}, '{"a": [1]}'),
    ],
)
def test_answers_are_bare(given: Any, text: str) -> None:
    assert payload.render(given).decode() == text


def test_an_answer_with_arrays_inside_is_an_error() -> None:
    with pytest.raises(TypeError):
        payload.render({"probabilities": np.array([1.0])})
