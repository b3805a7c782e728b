"""How each kind of model is served: where its file goes in the MLflow folder, what MLmodel says, and what loads it.

The flavors' keys and file layouts are those of MLflow 2.16.2 (`mlflow/<flavor>/__init__.py`), whose own `load_model`
takes every folder; `python_function`, which Azure serves, may load the same file in another way (`loaders.py`).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.inspection import Inspection, ModelFormat, Obstacle
from shared.domain.packaging.loaders import Opening, render_table_loader
from shared.domain.packaging.package import NotServable
from shared.domain.packaging.serving import Serving, render_loader, serve_by_loader, table_needs

_BOOSTER = "xgboost.core.Booster"
_CATBOOST = ("CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
_NO_RECIPE = Obstacle(
    "Files of this kind are read, but not served.",
    "Save the whole model in a form that docs/reading-models.md lists as served, and upload that.",
)


def find_obstacle(inspection: Inspection) -> Obstacle | None:
    """Why the file cannot be served; None where it can."""
    if inspection.obstacle is not None:
        return inspection.obstacle
    if inspection.format is ModelFormat.MLFLOW or _find_recipe(inspection) is not None:
        return None
    return _NO_RECIPE


def plan_serving(inspection: Inspection, head: bytes) -> Serving:
    """How to serve an upload. `head` are its first bytes, two at least.

    Raises NotServable for what `find_obstacle` finds something against.
    """
    obstacle, recipe = find_obstacle(inspection), _find_recipe(inspection)
    if obstacle is not None:
        raise NotServable(obstacle)
    return recipe(inspection, head) if recipe else _serve_folder(inspection)


def _serve_folder(inspection: Inspection) -> Serving:
    """An uploaded folder, with its model's file where it is; only what loads it may be another."""
    flavors: dict[str, Any] = json.loads(inspection.mlmodel or "{}")["flavors"]
    python = flavors["python_function"]
    path = str(python.get("data") or python.get("model_path") or "")
    loader = render_loader(inspection, inspection.flavor)
    if loader is None:
        return Serving(path=path, flavors=flavors)
    return serve_by_loader(loader, path, flavors)


def _version(inspection: Inspection, library: str) -> str | None:
    return dict(inspection.libraries).get(library)


def _loaded(opening: Opening, path: str) -> "Recipe":
    def serve(inspection: Inspection, head: bytes) -> Serving:
        del head
        loader = render_table_loader(opening, table_needs(inspection))
        return serve_by_loader(loader, path, {})

    return serve


def _serve_sklearn(inspection: Inspection, head: bytes) -> Serving:
    """MLflow's loader of scikit-learn gives a table as it came, which other libraries' estimators may not take."""
    needs = table_needs(inspection)
    foreign = not (inspection.estimator or "sklearn.").startswith("sklearn.")
    if foreign or (needs.as_array and "xgboost" in dict(inspection.libraries)):
        return _loaded(Opening.PICKLE, "model.pkl")(inspection, head)
    path = "model.pkl"
    written_by = "cloudpickle" if inspection.written_by == "cloudpickle" else "pickle"
    return Serving(
        path=path,
        flavors={
            "python_function": {
                "loader_module": "mlflow.sklearn",
                "model_path": path,
                "predict_fn": "predict",
            },
            "sklearn": {
                "code": None,
                "pickled_model": path,
                "serialization_format": written_by,
                "sklearn_version": _version(inspection, "scikit-learn"),
            },
        },
    )


def _serve_flavor(
    inspection: Inspection, flavor: str, path: str, told: Mapping[str, Any]
) -> Serving:
    """A flavor of MLflow with its own loader, or with ours."""
    flavors = {flavor: {"code": None, **told}}
    loader = render_loader(inspection, flavor)
    if loader is not None:
        return serve_by_loader(loader, path, flavors)
    python = {"loader_module": f"mlflow.{flavor}", "data": path}
    return Serving(path=path, flavors={**flavors, "python_function": python})


def _serve_xgboost(inspection: Inspection, head: bytes) -> Serving:
    """XGBoost tells JSON from its binary form by the file's extension."""
    kind = "json" if head[1:2] in (b'"', b" ", b"\n", b"\r", b"\t") else "ubj"
    name = (inspection.estimator or "").rpartition(".")[2]
    told = {
        "data": f"model.{kind}",
        "model_class": f"xgboost.sklearn.{name}" if name.startswith("XGB") else _BOOSTER,
        "model_format": kind,
        "xgb_version": _version(inspection, "xgboost"),
    }
    return _serve_flavor(inspection, "xgboost", f"model.{kind}", told)


def _serve_lightgbm(inspection: Inspection, head: bytes) -> Serving:
    del head
    told = {
        "data": "model.lgb",
        "model_class": "lightgbm.basic.Booster",
        "lgb_version": _version(inspection, "lightgbm"),
    }
    return _serve_flavor(inspection, "lightgbm", "model.lgb", told)


def _serve_catboost(inspection: Inspection, head: bytes) -> Serving:
    del head
    name = (inspection.estimator or "").rpartition(".")[2]
    told = {
        "data": "model.cb",
        "model_type": name if name in _CATBOOST else "CatBoost",
        "save_format": "cbm",
        "catboost_version": _version(inspection, "catboost"),
    }
    return _serve_flavor(inspection, "catboost", "model.cb", told)


def _serve_statsmodels(inspection: Inspection, head: bytes) -> Serving:
    del head
    told = {
        "data": "model.statsmodels",
        "statsmodels_version": _version(inspection, "statsmodels"),
    }
    return _serve_flavor(inspection, "statsmodels", "model.statsmodels", told)


def _serve_onnx(inspection: Inspection, head: bytes) -> Serving:
    del head
    told = {
        "data": "model.onnx",
        "onnx_version": _version(inspection, "onnx"),
        "providers": ["CPUExecutionProvider"],
        "onnx_session_options": None,
    }
    return _serve_flavor(inspection, "onnx", "model.onnx", told)


def _serve_torch(inspection: Inspection, head: bytes) -> Serving:
    del head
    told = {"model_data": "data", "pytorch_version": _version(inspection, "torch")}
    serving = _serve_flavor(inspection, "pytorch", "data/model.pth", told)
    return _with_files(serving, {"data/pickle_module_info.txt": b"mlflow.pytorch.pickle_module"})


def _serve_keras(inspection: Inspection, head: bytes) -> Serving:
    """Archives of Keras 3 by the flavor keras; HDF5 files and what Keras 2 wrote by the flavor tensorflow."""
    kind = "keras" if head.startswith(b"PK") else "h5"
    path = f"data/model.{kind}"
    told: dict[str, Any] = {"data": "data", "keras_version": _version(inspection, "keras")}
    if inspection.flavor == "keras" and kind == "keras":
        told |= {"keras_backend": "tensorflow", "save_exported_model": False}
        serving = _serve_flavor(inspection, "keras", path, told)
        return _with_files(serving, {"data/keras_module.txt": b"keras"})
    told |= {"model_type": "keras", "save_format": "tf" if kind == "keras" else kind}
    serving = _serve_flavor(inspection, "tensorflow", path, told)
    texts = {
        "data/keras_module.txt": b"tensorflow.keras",
        "data/save_format.txt": told["save_format"].encode(),
    }
    return _with_files(serving, texts)


def _with_files(serving: Serving, files: Mapping[str, bytes]) -> Serving:
    return Serving(path=serving.path, flavors=serving.flavors, files={**serving.files, **files})


Recipe = Callable[[Inspection, bytes], Serving]
_RECIPES: Mapping[tuple[ModelFormat, str], Recipe] = {
    (ModelFormat.PICKLE, "sklearn"): _serve_sklearn,
    (ModelFormat.PICKLE, "statsmodels"): _serve_statsmodels,
    (ModelFormat.PICKLE, "python_function"): _loaded(Opening.PICKLE, "model.pkl"),
    (ModelFormat.JOBLIB, "python_function"): _loaded(Opening.JOBLIB, "model.joblib"),
    (ModelFormat.SKOPS, "python_function"): _loaded(Opening.SKOPS, "model.skops"),
    (ModelFormat.XGBOOST, "xgboost"): _serve_xgboost,
    (ModelFormat.LIGHTGBM, "lightgbm"): _serve_lightgbm,
    (ModelFormat.CATBOOST, "catboost"): _serve_catboost,
    (ModelFormat.ONNX, "onnx"): _serve_onnx,
    (ModelFormat.TORCHSCRIPT, "pytorch"): _serve_torch,
    (ModelFormat.TORCH, "pytorch"): _serve_torch,
    (ModelFormat.KERAS, "keras"): _serve_keras,
    (ModelFormat.KERAS, "tensorflow"): _serve_keras,
}
"""By format and flavor of the inspection. What is not here is read, but not served."""


def _find_recipe(inspection: Inspection) -> Recipe | None:
    return _RECIPES.get((inspection.format, inspection.flavor))
