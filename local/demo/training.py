"""Two real models of one real data set: the wines of scikit-learn, 178 rows of 13 measurements."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS_OF_EACH_CLASS = 2
"""How many of the rows that no model was trained on are scored."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model in a file, and what it says itself of the rows to score."""

    file: Path
    algorithm: str
    accuracy: float
    payload: dict[str, Any]
    """The rows, as Azure ML's MLflow serving takes them."""
    predictions: list[Any]


def train_pipeline(folder: Path) -> Trained:
    """A scaler and a logistic regression, saved with pickle."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    file = folder / "wine.pkl"
    trained = _fit(model, "LogisticRegression", file)
    file.write_bytes(pickle.dumps(model))
    return trained


def train_forest(folder: Path) -> Trained:
    """A random forest, saved with joblib."""
    model = RandomForestClassifier(n_estimators=50, random_state=7)
    file = folder / "wine-forest.joblib"
    trained = _fit(model, "RandomForest", file)
    joblib.dump(model, file, compress=3)
    return trained


def _fit(model: Any, algorithm: str, file: Path) -> Trained:
    wines = load_wine(as_frame=True)
    labels = wines.target.map(lambda number: str(wines.target_names[number]))
    train_rows, test_rows, train_labels, test_labels = train_test_split(
        wines.data, labels, test_size=0.25, random_state=7, stratify=labels
    )
    model.fit(train_rows, train_labels)
    rows = test_rows.groupby(test_labels).head(ROWS_OF_EACH_CLASS)
    return Trained(
        file=file,
        algorithm=algorithm,
        accuracy=float(model.score(test_rows, test_labels)),
        payload={"input_data": rows.to_dict(orient="split")},
        predictions=model.predict(rows).tolist(),
    )
