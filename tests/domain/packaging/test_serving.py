import ast
import json
from typing import Any

import pytest

from shared.domain.inspection import Column, Inspection, ModelFormat, Obstacle, Tensor
from shared.domain.packaging.flavors import find_obstacle, plan_serving
from shared.domain.packaging.package import NotServable
from shared.domain.packaging.signatures import describe_signature
from shared.domain.scoring import sample_payload
from tests.domain.packaging.inspections import inspection

UNNAMED = (Column(name=None, type="double"),) * 2
SERVED = [
    (ModelFormat.PICKLE, "sklearn", b"\x80\x04", "model.pkl", "mlflow.sklearn"),
    (ModelFormat.PICKLE, "statsmodels", b"\x80\x04", "model.statsmodels", "mlflow.statsmodels"),
    (ModelFormat.PICKLE, "python_function", b"\x80\x04", "model.pkl", "longshore_loader"),
    (ModelFormat.JOBLIB, "python_function", b"\x80\x04", "model.joblib", "longshore_loader"),
    (ModelFormat.SKOPS, "python_function", b"PK", "model.skops", "longshore_loader"),
    (ModelFormat.XGBOOST, "xgboost", b'{"', "model.json", "mlflow.xgboost"),
    (ModelFormat.XGBOOST, "xgboost", b"{L", "model.ubj", "mlflow.xgboost"),
    (ModelFormat.LIGHTGBM, "lightgbm", b"tree", "model.lgb", "mlflow.lightgbm"),
    (ModelFormat.CATBOOST, "catboost", b"CBM1", "model.cb", "mlflow.catboost"),
    (ModelFormat.ONNX, "onnx", b"\x08\x08", "model.onnx", "longshore_loader"),
    (ModelFormat.TORCHSCRIPT, "pytorch", b"PK", "data/model.pth", "longshore_loader"),
    (ModelFormat.TORCH, "pytorch", b"PK", "data/model.pth", "longshore_loader"),
    (ModelFormat.KERAS, "keras", b"PK", "data/model.keras", "longshore_loader"),
    (ModelFormat.KERAS, "tensorflow", b"PK", "data/model.keras", "longshore_loader"),
    (ModelFormat.KERAS, "tensorflow", b"\x89H", "data/model.h5", "longshore_loader"),
]


@pytest.mark.parametrize(("kind", "flavor", "head", "path", "loader"), SERVED)
def test_each_kind_of_file_has_its_place_and_loader(
    kind: ModelFormat, flavor: str, head: bytes, path: str, loader: str
) -> None:
    serving = plan_serving(inspection(kind, flavor), head)
    python = serving.flavors["python_function"]
    assert serving.path == path
    assert python["loader_module"].startswith(loader)
    assert python.get("data", python.get("model_path")) == path
    assert flavor in serving.flavors
    sources = {name: data for name, data in serving.files.items() if name.endswith(".py")}
    assert bool(sources) == (loader == "longshore_loader")
    for name, source in sources.items():
        assert name == f"code/{python['loader_module']}.py"
        functions = {
            node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)
        }
        assert "_load_pyfunc" in functions


def test_what_has_an_obstacle_or_no_recipe_is_never_packaged() -> None:
    why = Obstacle("Weights only.", "Save the model.")
    for found in (
        inspection(ModelFormat.ONNX, "onnx", obstacle=why),
        inspection(ModelFormat.SAFETENSORS, ""),
        inspection(ModelFormat.ONNX, "sklearn"),
        inspection(ModelFormat.MLFLOW, "sklearn", mlmodel="{}", obstacle=why),
    ):
        assert find_obstacle(found) is not None
        with pytest.raises(NotServable):
            plan_serving(found, b"\x08\x08")


def test_a_booster_without_column_names_gets_an_array() -> None:
    for found in (
        inspection(ModelFormat.XGBOOST, "xgboost", features=UNNAMED),
        inspection(features=UNNAMED, estimator="xgboost.sklearn.XGBClassifier"),
        inspection(features=UNNAMED, libraries=(("xgboost", "3.2.0"),)),
    ):
        [source] = plan_serving(found, b'{"').files.values()
        assert b"to_numpy()" in source


@pytest.mark.parametrize(
    "name", ['it\'s "city"', "st\u00e4dte \U0001f600", "\ud83d", "a\\b\n{x}\u2028"]
)
def test_categories_of_pandas_are_told_to_lightgbm_by_name(name: str) -> None:
    columns = (Column(name="age", type="double"), Column(name=name, type="string"))
    found = inspection(
        ModelFormat.LIGHTGBM, "lightgbm", features=columns, estimator="lightgbm.Booster"
    )
    [source] = plan_serving(found, b"tree").files.values()
    assert constants(source) == {"CATEGORIES": [name]}


def test_skops_may_build_exactly_the_types_that_were_judged() -> None:
    found = inspection(ModelFormat.SKOPS, "python_function", names=("b.B", "a.A", "c.\U0001d49e"))
    [source] = plan_serving(found, b"PK").files.values()
    assert constants(source) == {"TRUSTED": ["a.A", "b.B", "c.\U0001d49e"]}


def test_inputs_are_told_to_the_loader_of_arrays_by_name() -> None:
    names = ("x", "\U0001f600", 'it\'s "x"')
    inputs = tuple(Tensor(name=name, dtype="float32", shape=(-1, 2)) for name in names)
    [source] = plan_serving(
        inspection(ModelFormat.ONNX, "onnx", inputs=inputs), b"\x08"
    ).files.values()
    assert constants(source)["TYPES"] == dict.fromkeys(names, "float32")


def constants(source: bytes) -> dict[str, Any]:
    """What Python reads of the names and texts that a loader was given."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]  # a name, as written
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
    }


def test_different_loaders_have_different_names_and_equal_ones_the_same() -> None:
    named = inspection(ModelFormat.JOBLIB, "python_function")
    array = inspection(ModelFormat.JOBLIB, "python_function", features=UNNAMED)
    modules = [
        plan_serving(found, b"\x80\x04").flavors["python_function"]["loader_module"]
        for found in (named, array, named)
    ]
    assert modules[0] == modules[2] != modules[1]


def arrays(*inputs: Tensor, **told: Any) -> Inspection:
    return inspection(ModelFormat.ONNX, "onnx", inputs=inputs, **told)


def tensor(*shape: int, name: str | None = "x", dtype: str = "float32") -> Tensor:
    return Tensor(name=name, dtype=dtype, shape=shape)


def test_one_array_is_sent_as_a_list_and_several_by_name() -> None:
    one, two = arrays(tensor(-1, 2)), arrays(tensor(-1, 2), tensor(-1, name="y", dtype="int64"))
    assert json.loads((describe_signature(one) or {})["inputs"]) == [
        {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}
    ]
    assert [spec["name"] for spec in json.loads((describe_signature(two) or {})["inputs"])] == [
        "x",
        "y",
    ]
    assert sample_payload(one) == {"input_data": [[0.0, 0.0]]}
    assert sample_payload(two) == {"input_data": {"x": [[0.0, 0.0]], "y": [0]}}


def test_a_folder_s_own_name_for_a_single_array_is_kept() -> None:
    found = inspection(ModelFormat.MLFLOW, "onnx", mlmodel="{}", inputs=(tensor(-1, 1),))
    assert json.loads((describe_signature(found) or {})["inputs"])[0]["name"] == "x"
    assert sample_payload(found) == {"input_data": {"x": [[0.0]]}}


@pytest.mark.parametrize(
    "odd",
    [
        tensor(-1, -1),
        tensor(),
        tensor(0, 2),
        tensor(-1, 0),
        tensor(-1, 2, dtype="complex64"),
        tensor(-1, 2, dtype="bfloat16"),
        tensor(-1, 4_000_000),
    ],
)
def test_a_signature_that_would_end_azure_s_container_is_left_out(odd: Tensor) -> None:
    assert describe_signature(arrays(odd)) is None


def test_outputs_that_would_end_the_container_are_left_out_alone() -> None:
    signature = describe_signature(arrays(tensor(-1, 2), outputs=(tensor(-1, -1, name="y"),)))
    assert signature is not None
    assert signature["outputs"] is None


def test_texts_are_objects_because_azure_cuts_texts_to_a_letter() -> None:
    found = arrays(tensor(-1, 1, dtype="str"))
    assert '"dtype": "object"' in (describe_signature(found) or {})["inputs"]
    assert sample_payload(found) == {"input_data": [[""]]}


def test_a_sample_in_the_wrong_form_is_not_sent() -> None:
    table = {"columns": ["x"], "index": [0], "data": [[1.0]]}
    assert sample_payload(arrays(tensor(-1, 1), sample_input=table)) == {"input_data": [[0.0]]}
    assert sample_payload(arrays(tensor(-1, 1), sample_input=[[7.0]])) == {"input_data": [[7.0]]}
    assert sample_payload(arrays(tensor(-1, 5_000))) is None


def test_columns_without_names_are_numbered() -> None:
    found = inspection(features=UNNAMED, sample_row=(1.0, 2.0))
    assert sample_payload(found) == {
        "input_data": {"columns": [0, 1], "index": [0], "data": [[1.0, 2.0]]}
    }
