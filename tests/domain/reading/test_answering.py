"""What cannot answer has an obstacle before it is deployed: by its class, as scikit-learn itself tells."""

import pickle
from typing import Any

import pytest
import skops.io
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it must be, or one is not listed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators

from shared.domain.inspection import Obstacle, Verdict
from shared.domain.reading.facts.answering import SKLEARN_WITHOUT_PREDICT
from tests.domain.reading.answers import inspect

X, Y = load_iris(return_X_y=True)
LATER = {"ClassicalMDS"}
WITHOUT_PREDICT: dict[str, Any] = {
    "StandardScaler": StandardScaler(),
    "DBSCAN": DBSCAN(),
    "NearestNeighbors": NearestNeighbors(),
    "LocalOutlierFactor without novelty=True": LocalOutlierFactor(),
    "PCA": make_pipeline(StandardScaler(), make_pipeline(PCA(2))),
    "A pipeline whose last step is 'passthrough'": Pipeline(
        [("scale", StandardScaler()), ("last", "passthrough")]
    ),
}


def obstacle_of(model: Any) -> Obstacle | None:
    found = inspect(pickle.dumps(model))
    assert found.verdict is Verdict.CLEAN
    return found.obstacle


def test_the_list_holds_the_estimators_of_scikit_learn_that_have_no_predict() -> None:
    mute = {name for name, each in all_estimators() if not hasattr(each, "predict")}

    assert mute - {"FrozenEstimator"} == SKLEARN_WITHOUT_PREDICT - LATER


@pytest.mark.parametrize("name", WITHOUT_PREDICT)
def test_a_model_without_predict_has_an_obstacle(name: str) -> None:
    model = WITHOUT_PREDICT[name].fit(X, Y)

    found = obstacle_of(model)
    assert found is not None
    assert found.why.startswith(f"{name} has no method predict")
    assert "pipeline" in found.next
    assert inspect(skops.io.dumps(model)).obstacle == found


def test_steps_that_do_not_predict_are_no_obstacle_before_one_that_does() -> None:
    steps = make_pipeline(StandardScaler(), PCA(2), LogisticRegression())

    assert obstacle_of(steps.fit(X, Y)) is None
    assert obstacle_of(GridSearchCV(steps, {"pca__n_components": [1, 2]}).fit(X, Y)) is None
    assert obstacle_of(LocalOutlierFactor(novelty=True).fit(X)) is None
