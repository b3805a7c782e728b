"""ONNX: what skl2onnx makes of scikit-learn's estimators, and a graph made by hand."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import (
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn import compose, ensemble, linear_model, pipeline, preprocessing

from tests.corpus.recipes import data
from tests.corpus.recipes.record import ROWS, Files, arrays

NUMBERS = [("x", FloatTensorType([None, 4]))]
PEOPLE = [
    ("age", FloatTensorType([None, 1])),
    ("city", StringTensorType([None, 1])),
    ("visits", Int64TensorType([None, 1])),
]


def by_hand() -> Any:
    """Two inputs, one output without a name for its rows: y = x W + z."""
    weights = numpy_helper.from_array(
        np.arange(8, dtype=np.float32).reshape(4, 2) / 8, name="weights"
    )
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "weights"], ["product"]),
            helper.make_node("Add", ["product", "z"], ["y"]),
        ],
        "by_hand",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4]),
            helper.make_tensor_value_info("z", TensorProto.FLOAT, ["rows", 2]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


def note(files: Files, name: str, model: Any, given: dict[str, Any], saved: str) -> None:
    """Writes the model, and what ONNX Runtime says to the input and of the model."""
    file = f"{name}.onnx"
    onnx.save(model, files.path(file))
    session = onnxruntime.InferenceSession(files.path(file), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    kinds = {each.name: each.type for each in session.get_inputs()}
    feed = {
        key: np.array(value, dtype=_NUMPY[kinds[key]].replace("str", "object"))
        for key, value in given["arrays"].items()
    }
    told: dict[str, Any] = {
        side: [
            [each.name, _NUMPY[each.type], _shape(each)] for each in listed if each.type in _NUMPY
        ]
        for side, listed in (("inputs", session.get_inputs()), ("outputs", session.get_outputs()))
    }
    predictions = {name: value for name, value in zip(names, session.run(None, feed))}  # noqa: B905, C416 - of Python 3.8
    files.note(file, saved=saved, format="onnx", given=given, predictions=predictions, **told)


_NUMPY = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


def _shape(value: Any) -> list[int]:
    return [each if isinstance(each, int) else -1 for each in value.shape or []]


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("onnx", "onnxruntime", "skl2onnx", "scikit-learn", "numpy")
    x = data.numbers().astype(np.float32)
    numbers = arrays("float32", x=x[:ROWS])
    models = {
        "LogisticRegression": linear_model.LogisticRegression(max_iter=500).fit(x, data.kinds()),
        "LinearRegression": linear_model.LinearRegression().fit(x, data.amounts()),
        "RandomForestClassifier": ensemble.RandomForestClassifier(
            4, max_depth=3, random_state=1
        ).fit(x, data.kinds()),
        "scaled": pipeline.make_pipeline(
            preprocessing.StandardScaler(), linear_model.Ridge()
        ).fit(x, data.amounts()),
    }  # fmt: skip
    for name, model in models.items():
        options = {"zipmap": False} if hasattr(model, "classes_") else None
        converted = convert_sklearn(
            model, initial_types=NUMBERS, options={id(model): options} if options else None
        )
        note(files, name, converted, numbers, "skl2onnx")
    mapped = convert_sklearn(models["LogisticRegression"], initial_types=NUMBERS)
    note(
        files, "LogisticRegression-zipmap", mapped, numbers, "skl2onnx with a map of probabilities"
    )
    columns = compose.ColumnTransformer(
        [
            ("numbers", preprocessing.StandardScaler(), ["age"]),
            ("words", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city", "visits"]),
        ]
    )
    people = pipeline.make_pipeline(columns, linear_model.LogisticRegression())
    people.fit(data.people(), data.answers())
    converted = convert_sklearn(
        people, initial_types=PEOPLE, options={id(people): {"zipmap": False}}
    )
    rows = data.people()[:ROWS]
    given = {name: rows[[name]].to_numpy() for name, _ in PEOPLE}
    note(files, "people", converted, arrays("object", **given), "skl2onnx")
    both = arrays("float32", x=x[:ROWS], z=x[:ROWS, :2])
    note(files, "by-hand", by_hand(), both, "onnx.save")


if __name__ == "__main__":
    main()
