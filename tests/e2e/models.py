"""Real models for the end-to-end tests: trained here, in a blink, on data that ships with the library."""

import pickle

import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def wine_model() -> Pipeline:
    """A pipeline that was fitted on named columns."""
    data = load_wine(as_frame=True)
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
        data.data, data.target
    )


def wine_payload(rows: int) -> dict[str, object]:
    """The first rows of the data, as Azure ML's MLflow serving takes them."""
    data = load_wine(as_frame=True).data.head(rows)
    return {
        "input_data": {
            "columns": list(data.columns),
            "index": list(range(rows)),
            "data": data.to_numpy().tolist(),
        }
    }


def wine_predictions(model: Pipeline, rows: int) -> list[int]:
    """What the model itself says of the first rows."""
    predicted: list[int] = np.asarray(
        model.predict(load_wine(as_frame=True).data.head(rows))
    ).tolist()
    return predicted


def saved(model: object) -> bytes:
    """The model as a data scientist saves it."""
    return pickle.dumps(model)
