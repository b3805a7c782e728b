"""MLflow folders, saved by MLflow itself and zipped: one for each flavor whose library is here."""

from __future__ import annotations

import shutil
import warnings
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 - of Python 3.8

import numpy as np
import pandas as pd
from mlflow.models import infer_signature

from tests.corpus.recipes import data
from tests.corpus.recipes.record import ROWS, Files, arrays, table

NAMES = ["a", "b", "c", "d"]


class Flavors:
    """Saves a model as a folder, zips it, and notes what MLflow's own loading predicts."""

    def __init__(self) -> None:
        self.files = Files("mlflow", *_libraries())

    def save(
        self, name: str, flavor: str, model: Any, rows: Any, predictions: Any, **more: Any
    ) -> None:
        """`more` goes to `save_model`; `prefix` is the folder's name in the archive."""
        prefix = more.pop("prefix", "")
        given = more.pop("given", None) or table(rows)
        folder = self.files.folder / "saved"
        shutil.rmtree(folder, ignore_errors=True)
        module = import_module(f"mlflow.{flavor}")
        if more.pop("signed", True):
            more["signature"] = infer_signature(rows, predictions)
        requirements = module.get_default_pip_requirements()
        module.save_model(model, str(folder), pip_requirements=requirements, **more)
        _zip(folder, Path(self.files.path(f"{name}.zip")), prefix)
        self.files.note(
            f"{name}.zip",
            saved=f"mlflow.{flavor}.save_model",
            format="mlflow",
            given=given,
            predictions=predictions,
            flavor=flavor,
        )
        shutil.rmtree(folder)


def with_sklearn(flavors: Flavors) -> None:
    """Pickled and by cloudpickle, with a signature, an example, and without both."""
    from tests.corpus.recipes.sklearn_models import people_model  # noqa: PLC0415 - where it is here

    people = people_model().fit(data.people(), data.answers())
    rows = data.people()[:ROWS]
    expected = people.predict(rows)
    flavors.save("sklearn-people", "sklearn", people, rows, expected)
    flavors.save(
        "sklearn-people-pickle",
        "sklearn",
        people,
        rows,
        expected,
        serialization_format="pickle",
        input_example=rows,
        prefix="model/",
    )
    flavors.save("sklearn-bare", "sklearn", people, rows, expected, signed=False)


def with_xgboost(flavors: Flavors) -> None:
    """A booster and an estimator."""
    import xgboost  # noqa: PLC0415 - where it is here

    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(_named(), data.amounts()), 3)
    rows = _named()[:ROWS]
    flavors.save("xgboost", "xgboost", booster, rows, booster.predict(xgboost.DMatrix(rows)))
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(_named(), data.kinds())
    flavors.save("xgboost-classifier", "xgboost", model, rows, model.predict(rows))


def with_lightgbm(flavors: Flavors) -> None:
    """A booster and an estimator."""
    import lightgbm  # noqa: PLC0415 - where it is here

    quiet = {"verbosity": -1, "num_leaves": 4, "min_data_in_leaf": 3}
    booster = lightgbm.train(quiet, lightgbm.Dataset(_named(), data.amounts()), 3)
    rows = _named()[:ROWS]
    flavors.save("lightgbm", "lightgbm", booster, rows, booster.predict(rows))
    model = lightgbm.LGBMClassifier(n_estimators=3, **quiet).fit(_named(), data.kinds())
    flavors.save("lightgbm-classifier", "lightgbm", model, rows, model.predict(rows))


def with_catboost(flavors: Flavors) -> None:
    """A classifier."""
    import catboost  # noqa: PLC0415 - where it is here

    model = catboost.CatBoostClassifier(
        iterations=3, depth=2, verbose=False, allow_writing_files=False
    ).fit(_named(), (data.kinds() > 0).astype(int))
    rows = _named()[:ROWS]
    flavors.save("catboost", "catboost", model, rows, model.predict(rows))


def with_statsmodels(flavors: Flavors) -> None:
    """Ordinary least squares."""
    import statsmodels.api as sm  # noqa: PLC0415 - where it is here

    result = sm.OLS(data.amounts(), _named()).fit()
    rows = _named()[:ROWS]
    flavors.save("statsmodels", "statsmodels", result, rows, np.asarray(result.predict(rows)))


def with_onnx(flavors: Flavors) -> None:
    """The graph made by hand, of one input and one output."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - where it is here

    weights = np.arange(8, dtype=np.float32).reshape(4, 2) / 8
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "by_hand",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(weights, name="weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    rows = data.numbers()[:ROWS].astype(np.float32)
    flavors.save(
        "onnx", "onnx", model, rows, {"y": rows @ weights}, given=arrays("float32", x=rows)
    )


def with_torch(flavors: Flavors) -> None:
    """A module of torch's own layers."""
    import torch  # noqa: PLC0415 - where it is here

    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    model.eval()
    rows = data.numbers()[:ROWS].astype(np.float32)
    with torch.no_grad():
        expected = model(torch.tensor(rows)).numpy()
    flavors.save("pytorch", "pytorch", model, rows, expected, given=arrays("float32", x=rows))


def with_keras(flavors: Flavors) -> None:
    """A dense network."""
    import keras  # noqa: PLC0415 - where it is here

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)]
    )
    rows = data.numbers()[:ROWS].astype(np.float32)
    expected = model.predict(rows, verbose=0)
    flavors.save(
        "keras",
        "tensorflow",
        model,
        rows,
        expected,
        given=arrays("float32", x=rows),
    )


SAVERS: dict[str, Callable[[Flavors], None]] = {
    "catboost": with_catboost,
    "keras": with_keras,
    "lightgbm": with_lightgbm,
    "onnx": with_onnx,
    "sklearn": with_sklearn,
    "statsmodels": with_statsmodels,
    "torch": with_torch,
    "xgboost": with_xgboost,
}
"""By the name that is imported; a library that is not in the environment is left out."""
_PACKAGES = {"sklearn": "scikit-learn", "xgboost": "xgboost-cpu"}


def _libraries() -> list[str]:
    return [_PACKAGES.get(name, name) for name in SAVERS if find_spec(name)]


def _named() -> Any:
    return pd.DataFrame(data.numbers(), columns=NAMES)


def _zip(folder: Path, target: Path, prefix: str) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + str(path.relative_to(folder)))


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    flavors = Flavors()
    for name, save in SAVERS.items():
        if find_spec(name):
            save(flavors)


if __name__ == "__main__":
    main()
