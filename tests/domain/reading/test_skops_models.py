"""Models saved by skops: what is read equals what skops loads, and a tree that does anything else is never clean."""

import io
import json
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC

from shared.domain.inspection import ModelFormat, UnreadableCode, Verdict
from shared.domain.reading.limits import Limits
from tests.domain.reading import skops_files
from tests.domain.reading.answers import inspect, is_trusted, refusal

X, Y = load_iris(return_X_y=True)
NAMED = pd.DataFrame(
    {"age": np.arange(60.0), "city": ["Oslo", "Rome", "Bonn"] * 20, "n": range(60)}
)
PREPARED = ColumnTransformer(
    [
        ("number", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "n"]),
        ("city", OneHotEncoder(), ["city"]),
    ]
)
MODELS: dict[str, BaseEstimator] = {
    "named columns": make_pipeline(PREPARED, LogisticRegression()).fit(NAMED, NAMED.n % 2),
    "texts as classes": LogisticRegression(max_iter=500).fit(X, np.array(["p", "q", "r"])[Y]),
    "forest": RandomForestClassifier(5).fit(X, Y),
    "gradient boosting": GradientBoostingClassifier(n_estimators=3).fit(X, Y),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=3).fit(X, Y),
    "search": GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, Y),
    "stochastic descent": SGDClassifier(random_state=np.random.RandomState(0)).fit(X, Y),
    "network": MLPClassifier(tol=1e3, n_iter_no_change=1).fit(X, Y),
    "gaussian process": GaussianProcessClassifier().fit(X[:20], Y[:20] + np.arange(20) % 2),
    "splines": make_pipeline(SplineTransformer(), SVC()).fit(X, Y),
}
HOSTILE = skops_files.hostile()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_what_is_read_equals_what_skops_loads_with_the_names_that_were_read(name: str) -> None:
    data = skops.io.dumps(MODELS[name])

    found = inspect(data)
    loaded = skops.io.loads(data, trusted=list(found.names))

    assert (found.format, found.verdict) == (ModelFormat.SKOPS, Verdict.CLEAN)
    assert found.flavor == "python_function"
    assert set(skops.io.get_untrusted_types(data=data)) <= set(found.names)
    assert found.estimator is not None
    assert found.estimator.rpartition(".")[2] == type(loaded).__name__
    assert list(found.classes) == loaded.classes_.tolist()
    assert len(found.features) == loaded.n_features_in_
    names = getattr(loaded, "feature_names_in_", None)
    assert [column.name for column in found.features] == (
        [None] * loaded.n_features_in_ if names is None else names.tolist()
    )
    assert dict(found.libraries) == {"scikit-learn": "1.7.2", "skops": "0.16.0"}


def test_the_sample_row_has_what_the_model_learned() -> None:
    found = inspect(skops.io.dumps(MODELS["named columns"]))
    assert found.sample_row == (29.5, "Bonn", 29.5)
    assert [column.type for column in found.features] == ["double", "string", "double"]


def test_a_compressed_file_is_read_like_a_plain_one() -> None:
    plain, packed = (
        inspect(skops.io.dumps(MODELS["forest"], compression=kind))
        for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    )
    assert packed.names == plain.names
    assert packed.features == plain.features


@pytest.mark.parametrize("name", HOSTILE)
def test_a_tree_that_does_more_than_build_is_not_clean(name: str) -> None:
    assert not is_trusted(HOSTILE[name])


def test_the_unchanged_tree_is_clean() -> None:
    assert is_trusted(skops_files.SAVED)
    assert is_trusted(skops_files.edited(skops_files.leave))
    assert is_trusted(skops_files.planted(skops_files.text(None)))


@pytest.mark.parametrize(
    "name",
    ["function of a system", "keys made by a call", "loss of an older skops", "two nodes of one number"],
)  # fmt: skip
def test_names_that_run_commands_are_told_as_dangerous(name: str) -> None:
    found = inspect(HOSTILE[name])
    assert found.verdict is Verdict.DANGEROUS
    assert "posix.mkdir" in found.refused


def test_skops_itself_would_make_what_is_refused() -> None:
    """One sample that bites, so that the others are not all mistakes: keys of a dict that are the results of a call."""
    called: list[str] = []
    keys = skops_files.node("TypeNode", "tests.domain.reading.test_skops_models", "_noted")
    data = skops_files.planted(skops_files.table(keys, marker=skops_files.text(1)))
    _noted.calls = called  # type: ignore[attr-defined]
    skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    assert called == ["marker"]
    assert inspect(data).verdict is Verdict.UNKNOWN


def _noted(key: str) -> str:
    _noted.calls.append(key)  # type: ignore[attr-defined]
    return key


def _bombs() -> dict[str, bytes]:
    deep = skops_files.text(1)
    for _ in range(300):
        deep = skops_files.group(deep)
    wide = skops_files.group(*[skops_files.text(1)] * 150_000)
    shared = skops_files.node("NdArrayNode", "numpy", "ndarray", type="numpy", file="x.npy")
    zeros = {"x.npy": skops_files.npy(np.zeros(8_000_000))}
    return {
        "deep": skops_files.planted(deep),
        "wide": skops_files.planted(wide),
        "one file for many": skops_files.planted(skops_files.group(*[shared] * 60_000), zeros),
    }


BOMBS = _bombs()


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_less_than_a_second(name: str) -> None:
    started = time.process_time()
    is_trusted(BOMBS[name])
    assert time.process_time() - started < 1.0


def test_a_tree_beyond_the_json_parser_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "[" * 200_000)
    assert refusal(file.getvalue()).code is UnreadableCode.CORRUPT
    assert refusal(skops_files.SAVED, Limits(schema=100)).code is UnreadableCode.OVER_LIMITS
    assert refusal(skops_files.SAVED, Limits(schema_nodes=50)).code is UnreadableCode.OVER_LIMITS
    with zipfile.ZipFile(io.BytesIO(skops_files.SAVED)) as archive:
        assert json.loads(archive.read("schema.json"))["protocol"] == 2
