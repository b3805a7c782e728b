"""What cannot answer has an obstacle before it is deployed: by its class, as scikit-learn itself tells."""

import pickle
from inspect import signature
from typing import Any

import pytest
import skops.io
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it must be, or one is not listed
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators
from sklearn.utils.validation import check_is_fitted
from xgboost import XGBClassifier

from shared.domain.inspection import Obstacle, Verdict
from shared.domain.reading.facts.answering import SKLEARN_WITHOUT_PREDICT
from tests.domain.reading.answers import inspect

X, Y = load_iris(return_X_y=True)
PREDICTORS: dict[str, Any] = {
    name: each
    for name, each in all_estimators()
    if hasattr(each, "predict")
    and name not in ("FixedThresholdClassifier", "GaussianProcessRegressor", "LocalOutlierFactor")
}
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
    steps = make_pipeline(StandardScaler(), PCA(2), SVC())

    assert obstacle_of(steps.fit(X, Y)) is None
    assert obstacle_of(GridSearchCV(steps, {"pca__n_components": [1, 2]}).fit(X, Y)) is None
    assert obstacle_of(LocalOutlierFactor(novelty=True).fit(X)) is None


def unfitted(name: str) -> Any:
    """An estimator of scikit-learn's by its name, given what it cannot be made without."""
    estimator = SVC()
    needed = {
        "estimator": estimator,
        "estimators": [("one", estimator)],
        "param_distributions": {"C": [1]},
        "param_grid": {"C": [1]},
        "steps": [("one", estimator)],
    }
    kind = PREDICTORS[name]
    wanted = [
        each
        for each in signature(kind).parameters.values()
        if each.default is each.empty or each.name == "estimator"
    ]
    return kind(**{each.name: needed[each.name] for each in wanted})


@pytest.mark.parametrize("name", sorted(PREDICTORS))
def test_an_estimator_that_was_never_fitted_has_an_obstacle(name: str) -> None:
    model = unfitted(name)

    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    found = obstacle_of(model)
    assert found is not None
    assert "never fitted" in found.why
    assert "fit" in found.next


def test_what_answers_without_a_fit_has_no_obstacle() -> None:
    given = FixedThresholdClassifier(FrozenEstimator(SVC().fit(X[:100], Y[:100])))

    assert given.predict(X[:1]).tolist() == [0]
    assert obstacle_of(given) is None
    assert GaussianProcessRegressor().predict(X[:1]) == 0
    assert obstacle_of(GaussianProcessRegressor()) is None


@pytest.mark.parametrize("kind", [XGBClassifier, LGBMClassifier, CatBoostClassifier])
def test_estimators_of_other_libraries_show_it_too(kind: Any) -> None:
    quick = {"iterations": 1, "allow_writing_files": False, "verbose": 0}
    model = kind(**(quick if kind is CatBoostClassifier else {"n_estimators": 1}))

    for whole in (model, make_pipeline(StandardScaler(), model)):
        found = obstacle_of(whole)
        assert found is not None
        assert f"{kind.__name__} was never fitted" in found.why
    model.fit(X, Y)
    assert obstacle_of(model) is None
    assert obstacle_of(make_pipeline(StandardScaler(), model)) is None


def test_the_part_that_answers_has_to_be_fitted() -> None:
    fitted, search = SVC().fit(X, Y), GridSearchCV(SVC(), {"C": [1]})

    assert obstacle_of(make_pipeline(StandardScaler().fit(X), SVC())) is not None
    assert obstacle_of(make_pipeline(FunctionTransformer(), FrozenEstimator(fitted))) is None
    assert obstacle_of(search.fit(X, Y)) is None
    kept = obstacle_of(GridSearchCV(SVC(), {"C": [1]}, refit=False).fit(X, Y))
    assert kept is not None
    assert "refit=False" in kept.why
