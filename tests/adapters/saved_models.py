"""Real models, saved in every way that people save them."""

import io
import pickle
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

X, Y = load_iris(return_X_y=True)
PEOPLE = pd.DataFrame(
    {
        "age": [20.0, 30, 40, 50] * 5,
        "city": ["Bonn", "Rom", "Bonn", "Ulm"] * 5,
        "rank": [1, 2, 3, 1] * 5,
    }
)
ANSWERS = ["no", "yes", "no", "yes"] * 5

SIGNATURES = {
    "people": ModelSignature(
        Schema([ColSpec("double", "age"), ColSpec("string", "city"), ColSpec("long", "rank")])
    ),
    "logistic": ModelSignature(Schema([TensorSpec(np.dtype("float64"), (-1, 4))])),
}


def _joblib(model: Any, compress: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file, compress=compress)
    return file.getvalue()


WRITERS: dict[str, Callable[[Any], bytes]] = {
    **{f"pickle {protocol}": partial(pickle.dumps, protocol=protocol) for protocol in range(2, 6)},
    "cloudpickle": cloudpickle.dumps,
    "joblib": partial(_joblib, compress=0),
    "joblib 3": partial(_joblib, compress=3),
    **{
        f"joblib {kind}": partial(_joblib, compress=(kind, 3))
        for kind in ("gzip", "bz2", "xz", "lzma")
    },
}


def fitted() -> dict[str, tuple[Any, pd.DataFrame]]:
    """Fitted models, each with rows to predict."""
    people = ColumnTransformer(
        [("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["city", "rank"])]
    )
    rows = pd.DataFrame(X[::10])
    return {
        "logistic": (LogisticRegression(max_iter=500).fit(X, Y), rows),
        "forest": (
            Pipeline(
                [("s", StandardScaler()), ("f", RandomForestClassifier(5, random_state=1))]
            ).fit(X, Y),
            rows,
        ),
        "people": (
            Pipeline([("c", people), ("m", LogisticRegression(max_iter=2000))]).fit(
                PEOPLE, ANSWERS
            ),
            PEOPLE[:6],
        ),
        "neighbours": (KNeighborsClassifier().fit(X, Y), rows),
        "vectors": (SVC().fit(X, Y), rows),
        "boosting": (GradientBoostingClassifier(n_estimators=3).fit(X, Y), rows),
    }


def zip_folder(folder: Path, prefix: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, prefix + str(path.relative_to(folder)))
    return file.getvalue()


def mlflow_zips(
    folder: Path, models: dict[str, tuple[Any, pd.DataFrame]]
) -> Iterator[tuple[str, bytes]]:
    """The same models as people zip them from `mlflow.sklearn.save_model`: at the top, one folder deep, unsigned."""
    mlflow.set_tracking_uri(
        (folder / "runs").as_uri()
    )  # else MLflow makes a folder where the tests run
    for name, prefix in (("people", ""), ("logistic", "model/"), ("forest", "my model/")):
        model, _ = models[name]
        signature = SIGNATURES.get(name)
        mlflow.sklearn.save_model(
            model,
            folder / name,
            signature=signature,
            pip_requirements=[
                "mlflow==2.16.2",
                "scikit-learn==1.7.2",
                "numpy==2.4.6",
                "their-package==1",
            ],
            serialization_format="pickle" if name == "logistic" else "cloudpickle",
        )
        yield f"{name} in a zip", zip_folder(folder / name, prefix)
