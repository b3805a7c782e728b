"""What MLmodel says of each flavor that is read, cut down to what is known: where its model lies, and what loads it.

Keys and files are those that MLflow 1.20 to 3 write (`mlflow/<flavor>/__init__.py`). Values that MLflow imports or calls are
kept only where they are known; everything else is either a plain text or gone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.reading.limits import corrupt
from shared.domain.reading.trust.evidence import Evidence

PREDICT = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
)
_MLFLOW = "mlflow."
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """A flavor's key for its model's path, the usual path, what lies in a folder of that path, and texts that are kept.

    `imported` are keys whose values MLflow imports, with the values that are known.
    """

    key: str
    usual: str
    inside: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    imported: Mapping[str, tuple[str, ...]] | None = None


_XGBOOST = ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")
_LIGHTGBM = ("LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel")
FLAVORS: Mapping[str, Flavor] = {
    "sklearn": Flavor(
        key="pickled_model", usual="model.pkl", kept=("serialization_format", "sklearn_version")
    ),
    "xgboost": Flavor(
        key="data",
        usual="model.xgb",
        kept=("xgb_version", "model_format"),
        imported={
            "model_class": (
                "xgboost.core.Booster",
                *(f"xgboost.sklearn.{name}" for name in _XGBOOST),
            )
        },
    ),
    "lightgbm": Flavor(
        key="data",
        usual="model.lgb",
        kept=("lgb_version",),
        imported={
            "model_class": (
                "lightgbm.basic.Booster",
                *(f"lightgbm.sklearn.{name}" for name in _LIGHTGBM),
            )
        },
    ),
    "catboost": Flavor(
        key="data",
        usual="model.cb",
        kept=("catboost_version",),
        imported={
            "model_type": ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker"),
            "save_format": ("cbm",),
        },
    ),
    "statsmodels": Flavor(key="data", usual="model.statsmodels", kept=("statsmodels_version",)),
    "onnx": Flavor(key="data", usual="model.onnx", kept=("onnx_version",)),
    "pytorch": Flavor(
        key="model_data", usual="data", inside=("model.pth",), kept=("pytorch_version",)
    ),
    "keras": Flavor(
        key="data",
        usual="data",
        inside=("model.keras",),
        kept=("keras_version", "keras_backend"),
    ),
    "tensorflow": Flavor(
        key="data",
        usual="data",
        inside=("model.keras", "model.h5"),
        kept=("keras_version", "save_format"),
        imported={"model_type": ("keras",)},
    ),
}
VERSION_OF = {
    "sklearn": ("scikit-learn", "sklearn_version"),
    "xgboost": ("xgboost", "xgb_version"),
    "lightgbm": ("lightgbm", "lgb_version"),
    "catboost": ("catboost", "catboost_version"),
    "statsmodels": ("statsmodels", "statsmodels_version"),
    "onnx": ("onnx", "onnx_version"),
    "pytorch": ("torch", "pytorch_version"),
    "keras": ("keras", "keras_version"),
    "tensorflow": ("tensorflow", "keras_version"),
}
"""The library of a flavor, and the key that tells its version."""


def judge_loader(python: dict[str, Any], flavors: dict[str, Any], evidence: Evidence) -> str:
    """The flavor that loads the folder; `python_function`, which is no known one, where it is loaded by code of its own."""
    loader = str(python.get("loader_module"))[:100]
    flavor = loader.removeprefix(_MLFLOW)
    told = flavors.get(flavor)
    if python.get("code") or (isinstance(told, dict) and told.get("code")):
        evidence.add_unknown(
            "The MLflow folder brings Python code of its own (code/), which would run in the container."
        )
    if python.get("predict_fn", "predict") not in PREDICT:
        evidence.add_unknown(
            f"The MLflow folder predicts by an unusual function: {str(python['predict_fn'])[:60]!r}."
        )
    if flavor == "pyfunc.model" or python.get("python_model"):
        evidence.add_unknown(
            "The MLflow folder holds a custom Python model, whose code would run in the container."
        )
    elif not loader.startswith(_MLFLOW):
        evidence.add_unknown(f"The MLflow folder is loaded by Python code of its own: {loader!r}.")
    elif flavor not in FLAVORS or not isinstance(told, dict):
        evidence.add_unknown(f"The MLflow folder is of a flavor that is not read here: {loader!r}.")
    else:
        return flavor
    return "python_function"


def find_model(flavor: str, told: dict[str, Any], files: Mapping[str, int]) -> str:
    """The path of the model's file in the folder, one of `files`. Raises UnreadableModel where there is none."""
    known = FLAVORS[flavor]
    path = str(told.get(known.key) or known.usual)
    if not _PATH.fullmatch(path):
        raise corrupt(f"MLmodel gives the model an unusual path: {path[:80]!r}")
    for candidate in (path, *(f"{path}/{name}" for name in known.inside)):
        if candidate in files:
            return candidate
    if path not in files and not any(name.startswith(f"{path}/") for name in files):
        raise UnreadableModel(
            UnreadableCode.CORRUPT,
            f"MLmodel says that the {flavor} model is in {path[:80]}, which is not in the archive.",
            "Zip the whole folder that MLflow wrote, with all of its files, and upload that.",
        )
    raise UnreadableModel(
        UnreadableCode.UNSUPPORTED,
        f"The MLflow folder keeps its {flavor} model in a form that is not read here ({path[:80]}).",
        "Save it again in the library's own single file, which docs/reading-models.md lists, or with MLflow's defaults.",
    )


def cut_flavor(flavor: str, told: dict[str, Any], path: str, evidence: Evidence) -> dict[str, Any]:
    """What stays of a flavor's part of MLmodel, with the model's path as it is."""
    known = FLAVORS[flavor]
    kept: dict[str, Any] = {
        name: str(told[name])[:_TEXT] for name in known.kept if told.get(name) is not None
    }
    for name, values in (known.imported or {}).items():
        value = told.get(name)
        if value in values:
            kept[name] = value
        elif value is not None:
            evidence.add_unknown(f"MLmodel asks for an unusual {name}: {str(value)[:80]!r}.")
    return kept | {known.key: path.rpartition("/")[0] if known.inside else path, "code": None}
