"""Reads kept files, and says what of a kept file the reader must find."""

import io
from functools import cache
from typing import Any

import yaml

from shared.domain.inspection import Inspection
from shared.domain.reading.reader import read_model
from tests.corpus.keeping import Kept, load_kept

UNREADABLE = "unreadable"
KEPT = {kept.name: kept for kept in load_kept()}
READABLE = [name for name, kept in KEPT.items() if kept.note["judged"] != UNREADABLE]
SERVED = [name for name in READABLE if KEPT[name].note["served"]]

TELLS = {
    "sklearn-*": "scikit-learn",
    "skops-*": "scikit-learn",
    "xgboost-*": "xgboost",
    "catboost-1.2.10/*.cbm": "catboost",
    "keras-*/*.keras": "keras",
    "keras-*/dense.h5": "keras",
    "pycaret-*": "scikit-learn",
    "pycaret-3.3*": "pycaret",
    "mlflow-*/sklearn*": "scikit-learn",
    "mlflow-*/xgboost*": "xgboost",
    "mlflow-*/lightgbm*": "lightgbm",
    "mlflow-*/catboost*": "catboost",
    "mlflow-*/statsmodels*": "statsmodels",
    "mlflow-*/onnx*": "onnxruntime",
    "mlflow-*/pytorch*": "torch",
    "mlflow-*/keras*": "keras",
}
"""Files that tell the version of a library. The others tell none, or that of the format alone."""


@cache
def inspect(name: str) -> Inspection:
    """What the reader says of a kept file. Raises UnreadableModel."""
    kept = KEPT[name]
    content = kept.path.read_bytes()
    return read_model(io.BytesIO(content), len(content), kept.sha256, yaml.safe_load)


def made_with(kept: Kept) -> dict[str, str]:
    """Libraries that were there when the file was made, by the names under which a file may tell them."""
    versions: dict[str, str] = dict(kept.note["libraries"])
    for alone, whole in (("xgboost-cpu", "xgboost"), ("tensorflow-cpu", "tensorflow")):
        versions |= {whole: versions[alone]} if alone in versions else {}
    return versions


def as_noted(inspection: Inspection, fact: str) -> Any:
    """A fact of an inspection in the form in which recipes note it."""
    value = getattr(inspection, fact)
    match fact:
        case "features":
            return [[column.name, column.type] for column in value]
        case "inputs" | "outputs":
            return [[tensor.name, tensor.dtype, list(tensor.shape)] for tensor in value]
        case "classes":
            return list(value)
    return value
