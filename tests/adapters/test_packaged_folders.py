"""MLflow folders of every flavor that is installed here: saved by MLflow, zipped, read, packaged, and called as on Azure."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow.catboost
import mlflow.lightgbm
import mlflow.onnx
import mlflow.pyfunc
import mlflow.sklearn
import mlflow.statsmodels
import mlflow.xgboost
import numpy as np
import onnx
import pandas as pd
import pytest
import skops.io
import statsmodels.api
import xgboost
import yaml
from mlflow.models import Model, infer_signature
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

from local.azure_ml.scoring import payload
from shared.adapters.mlflow_packaging import MlflowPackager
from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.packaging.package import Member
from shared.domain.reading.reader import read_model
from shared.domain.scoring import sample_payload
from tests.adapters.saved_models import zip_folder
from tests.adapters.test_mlflow_packaging import write_package

X = np.random.default_rng(0).normal(size=(40, 4))
Y = (X[:, 0] > 0).astype(int)
TABLE = pd.DataFrame(X, columns=list("abcd"))
FLOATS = X.astype("float32")
WEIGHTS = np.arange(8, dtype="float32").reshape(4, 2)

Saved = tuple[Any, Any, Any, Any, dict[str, Any]]
"""MLflow's module, the model, an input, its predictions, and more arguments for saving."""


def booster(data: Any, model_format: str) -> Saved:
    matrix = xgboost.DMatrix(data, Y)
    model = xgboost.train({"objective": "binary:logistic"}, matrix, 3)
    told = model.predict(xgboost.DMatrix(data))
    return mlflow.xgboost, model, data, told, {"model_format": model_format}


def fitted(module: Any, model: Any, data: Any = TABLE) -> Saved:
    model = model.fit(data, Y)
    return module, model, data, model.predict(data), {}


def graph() -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["y"])],
        "g",
        [value("x", TensorProto.FLOAT, [None, 4])],
        [value("y", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 2], WEIGHTS)],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def squares() -> Saved:
    data = statsmodels.api.add_constant(TABLE)
    model = statsmodels.api.OLS(Y, data).fit()
    return mlflow.statsmodels, model, data, model.predict(data), {}


def boosted_trees() -> Saved:
    model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(TABLE, Y), 3)
    return mlflow.lightgbm, model, TABLE, model.predict(TABLE), {}


FOLDERS: dict[str, Callable[[], Saved]] = {
    "xgboost by names": lambda: booster(TABLE, "xgb"),
    "xgboost as json": lambda: booster(TABLE, "json"),
    "xgboost by array": lambda: booster(X, "ubj"),
    "xgboost classifier": lambda: fitted(mlflow.xgboost, xgboost.XGBClassifier(n_estimators=3)),
    "lightgbm": boosted_trees,
    "lightgbm classifier": lambda: fitted(
        mlflow.lightgbm, lightgbm.LGBMClassifier(n_estimators=3, verbose=-1)
    ),
    "catboost": lambda: fitted(
        mlflow.catboost,
        catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False),
    ),
    "statsmodels": squares,
    "onnx": lambda: (mlflow.onnx, graph(), FLOATS, FLOATS @ WEIGHTS, {}),
    "onnx without a signature": lambda: (mlflow.onnx, graph(), None, FLOATS @ WEIGHTS, {}),
    "sklearn": lambda: fitted(mlflow.sklearn, LogisticRegression()),
    "sklearn by array": lambda: fitted(mlflow.sklearn, LogisticRegression(), X),
}


def inspect(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest(), yaml.safe_load)


def save(name: str, folder: Path) -> tuple[Any, Any]:
    module, model, given, told, more = FOLDERS[name]()
    signature = None if given is None else infer_signature(given)
    more |= {"pip_requirements": ["mlflow==2.16.2"]}
    module.save_model(model, str(folder), signature=signature, **more)
    return FLOATS if given is None else given, told


def call(folder: Path, body: Any) -> Any:
    take = payload.plan_take(Model.load(str(folder)).signature)
    model = mlflow.pyfunc.load_model(str(folder))
    return json.loads(payload.render(model.predict(payload.read(json.dumps(body).encode(), take))))


def request(inspection: Inspection, given: Any) -> Any:
    if isinstance(given, pd.DataFrame):
        return {"input_data": given.to_dict(orient="split")}
    return (
        {"input_data": given.tolist()}
        if inspection.inputs
        else request(inspection, pd.DataFrame(given))
    )


@pytest.mark.filterwarnings("ignore::UserWarning")  # XGBoost guesses what its own .xgb is
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_predicts_as_the_model_in_it(name: str, tmp_path: Path) -> None:
    given, told = save(name, tmp_path / "saved")
    data = zip_folder(tmp_path / "saved", "model/")
    found = inspect(data)
    assert (found.verdict, found.format) == (Verdict.CLEAN, ModelFormat.MLFLOW), found.reasons
    package = MlflowPackager(default_python="3.11").package(found, io.BytesIO(data))
    assert package == MlflowPackager(default_python="3.11").package(found, io.BytesIO(data))
    write_package(package, data, tmp_path / "served")
    answer = call(tmp_path / "served", request(found, given))
    rows = [list(row.values()) if isinstance(row, dict) else row for row in answer]
    assert np.allclose(
        np.squeeze(np.array(rows, float)), np.squeeze(np.array(told, float)), atol=1e-6
    )
    assert call(tmp_path / "served", sample_payload(found))


def altered(name: str, folder: Path, change: Callable[[dict[str, Any]], None]) -> Inspection:
    save(name, folder)
    mlmodel = yaml.safe_load((folder / "MLmodel").read_text())
    change(mlmodel["flavors"])
    (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel))
    return inspect(zip_folder(folder, ""))


def test_a_class_that_mlflow_would_import_is_not_clean(tmp_path: Path) -> None:
    found = altered(
        "xgboost as json",
        tmp_path / "saved",
        lambda flavors: flavors["xgboost"].update(model_class="os.system"),
    )
    assert found.verdict is Verdict.UNKNOWN
    assert "os.system" in found.reasons[0]
    assert "os.system" not in (found.mlmodel or "")


def test_a_model_of_another_kind_than_its_flavor_s_is_refused(tmp_path: Path) -> None:
    save("lightgbm", tmp_path / "saved")
    (tmp_path / "saved" / "model.lgb").write_bytes(graph().SerializeToString())
    with pytest.raises(UnreadableModel, match="flavor lightgbm") as caught:
        inspect(zip_folder(tmp_path / "saved", ""))
    assert caught.value.code is UnreadableCode.CORRUPT


def test_a_folder_in_a_folder_is_refused(tmp_path: Path) -> None:
    save("onnx", tmp_path / "saved")
    inner = zip_folder(tmp_path / "saved", "")
    (tmp_path / "saved" / "model.onnx").write_bytes(inner)
    with pytest.raises(UnreadableModel, match="another one"):
        inspect(zip_folder(tmp_path / "saved", ""))


@pytest.mark.parametrize("flavor", ["onnx", "sklearn"])
def test_of_a_folder_nothing_but_its_model_is_served(flavor: str, tmp_path: Path) -> None:
    """What lies in `code` could be imported in place of a library, by our own loader too."""
    folder = tmp_path / "saved"
    save(flavor, folder)
    (folder / "code").mkdir()
    (folder / "code" / "onnxruntime.py").write_text("raise SystemExit('it was imported')")
    (folder / "sitecustomize.py").write_text("")
    data = zip_folder(folder, "")
    package = MlflowPackager().package(inspect(data), io.BytesIO(data))
    brought = [file.path for file in package.files if isinstance(file.origin, Member)]
    assert brought == [{"onnx": "model.onnx", "sklearn": "model.pkl"}[flavor]]


def test_a_folder_of_own_code_keeps_its_loader_for_an_exception(tmp_path: Path) -> None:
    found = altered(
        "sklearn",
        tmp_path / "saved",
        lambda flavors: flavors["python_function"].update(loader_module="theirs", code="code"),
    )
    assert found.verdict is Verdict.UNKNOWN
    assert found.flavor == "python_function"
    python = json.loads(found.mlmodel or "{}")["flavors"]["python_function"]
    assert (python["loader_module"], python["code"]) == ("theirs", "code")
    assert "env" not in python


def test_a_model_that_mlflow_3_saved_by_skops_is_served(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    model = LogisticRegression().fit(TABLE, Y)
    save("sklearn", folder)
    (folder / "model.pkl").unlink()
    skops.io.dump(model, folder / "model.skops")
    mlmodel = yaml.safe_load((folder / "MLmodel").read_text())
    mlmodel["flavors"]["sklearn"] |= {
        "pickled_model": "model.skops",
        "serialization_format": "skops",
    }
    mlmodel["mlflow_version"] = "3.7.0"
    (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel))
    data = zip_folder(folder, "")
    found = inspect(data)
    package = MlflowPackager(default_python="3.11").package(found, io.BytesIO(data))
    shutil.rmtree(folder)
    write_package(package, data, tmp_path / "served")
    assert found.verdict is Verdict.CLEAN
    assert "mlflow_replaced" in package.findings
    assert call(tmp_path / "served", request(found, TABLE)) == model.predict(TABLE).tolist()
