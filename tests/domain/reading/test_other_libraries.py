"""Pickled models of XGBoost, LightGBM, CatBoost, statsmodels and pandas: judged, and told by what is in the file."""

import io
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import yaml
from catboost import CatBoostClassifier
from lightgbm import Dataset, LGBMClassifier, train
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.api import ARIMA, VAR, AutoReg
from xgboost import DMatrix, XGBClassifier, train as train_xgboost

from shared.domain.inspection import Column, Inspection, Verdict
from shared.domain.reading.limits import DEFAULT_LIMITS
from shared.domain.reading.pickles.pickle_files import read_pickle
from shared.domain.reading.reader import read_model
from shared.domain.reading.trust.evidence import Evidence

RANDOM = np.random.default_rng(1)
ROWS = pd.DataFrame(RANDOM.normal(size=(60, 3)), columns=list("abc"))
YES = (ROWS.a + RANDOM.normal(size=60) > 0).astype(int)
TABLE = ROWS.assign(yes=YES, city=["Bonn", "Rom"] * 30, count=range(60), y=ROWS.b * 2)


def joblib_dump(model: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file, compress=3)
    return file.getvalue()


WRITERS: dict[str, Callable[[Any], bytes]] = {
    **{f"pickle {protocol}": partial(pickle.dumps, protocol=protocol) for protocol in range(6)},
    "joblib": joblib_dump,
}
BOOSTERS: dict[str, Callable[[], Any]] = {
    "xgboost": lambda: XGBClassifier(n_estimators=3).fit(ROWS, YES),
    "lightgbm": lambda: LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, YES),
    "catboost": lambda: CatBoostClassifier(
        iterations=3, verbose=False, allow_writing_files=False
    ).fit(ROWS, YES),
}


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("library", BOOSTERS)
def test_a_booster_s_estimator_is_told_alike_however_it_was_saved(
    library: str, writer: str
) -> None:
    found = read(WRITERS[writer](BOOSTERS[library]()))
    assert (found.verdict, found.reasons) == (Verdict.CLEAN, ())
    assert found.features == tuple(Column(name=name, type="double") for name in "abc")
    assert found.classes == (0, 1)
    known = {name for name, _ in found.libraries} | set(found.needs)
    assert library in known
    assert ("scikit-learn" in known) is (library != "catboost")


@pytest.mark.parametrize("library", BOOSTERS)
def test_a_pipeline_that_ends_in_a_booster_needs_both_libraries(library: str) -> None:
    model = make_pipeline(StandardScaler(), BOOSTERS[library]()).fit(ROWS, YES)
    found = read(pickle.dumps(model))
    known = {name for name, _ in found.libraries} | set(found.needs)
    assert known >= {"scikit-learn", library}
    assert (found.verdict, found.flavor, found.classes) == (Verdict.CLEAN, "sklearn", (0, 1))
    assert found.sample_row == pytest.approx(tuple(ROWS.mean()))


def test_a_booster_too_long_to_keep_is_told_by_its_ends() -> None:
    model = XGBClassifier(n_estimators=300).fit(
        RANDOM.normal(size=(2_000, 3)), np.arange(2_000) % 2
    )
    data = pickle.dumps(model)
    assert len(data) > 4 * DEFAULT_LIMITS.kept_value
    found = read(data)
    assert dict(found.libraries)["xgboost"] == "3.2.0"
    assert len(found.features) == 3


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_a_bare_booster_is_served_by_a_loader(booster: str) -> None:
    model = (
        train_xgboost({}, DMatrix(ROWS, YES), 2)
        if booster == "xgboost"
        else train({"verbose": -1}, Dataset(ROWS, YES), 2)
    )
    found = read(pickle.dumps(model))
    assert (found.verdict, found.flavor, found.obstacle) == (Verdict.CLEAN, "python_function", None)


def test_a_model_that_cannot_predict_names_its_obstacle() -> None:
    found = read(pickle.dumps(VAR(ROWS.to_numpy()).fit(1)))
    assert found.verdict is Verdict.CLEAN
    assert found.obstacle
    assert "no method predict" in found.obstacle.why


RESULTS: dict[str, Callable[[], Any]] = {
    "least squares": lambda: sm.OLS(TABLE.y, sm.add_constant(ROWS)).fit(cov_type="HC3"),
    "logit": lambda: sm.Logit(YES, sm.add_constant(ROWS)).fit(disp=0),
    "probit link": lambda: sm.GLM(
        YES,
        sm.add_constant(ROWS),
        family=sm.families.Binomial(link=sm.families.links.Probit()),
    ).fit(),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", RESULTS)
def test_results_tell_the_columns_of_their_design(kind: str, writer: str) -> None:
    found = read(WRITERS[writer](RESULTS[kind]()))
    assert (found.verdict, found.reasons) == (Verdict.CLEAN, ())
    assert [column.name for column in found.features] == ["const", "a", "b", "c"]
    assert found.sample_row
    assert found.sample_row[0] == 1.0
    assert set(found.needs) == {"statsmodels", "pandas"}
    assert found.flavor == ("python_function" if writer == "joblib" else "statsmodels")


@pytest.mark.parametrize("writer", WRITERS)
def test_a_formula_tells_the_columns_before_it_is_applied(writer: str) -> None:
    model = smf.ols("y ~ a + np.log(count + 1) + C(city)", TABLE, eval_env=0).fit()
    found = read(WRITERS[writer](model))
    assert (found.verdict, found.reasons) == (Verdict.CLEAN, ())
    assert [(column.name, column.type) for column in found.features] == [
        ("a", "double"),
        ("count", "long"),
        ("city", "string"),
    ]
    assert found.sample_row == (ROWS.a[0], 0, "Bonn")


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("model", [ARIMA, partial(AutoReg, lags=0)])
def test_a_forecast_is_asked_for_by_its_first_and_last_row(model: Any, writer: str) -> None:
    fitted = model(pd.Series(np.arange(40.0) % 7)).fit()
    found = read(WRITERS[writer](fitted))
    assert (found.verdict, found.reasons) == (Verdict.CLEAN, ())
    assert [column.name for column in found.features] == ["start", "end"]
    assert found.sample_row == (40, 40)
    assert (found.obstacle is not None) is (writer == "joblib")


TABLES: dict[str, Any] = {
    "types": TABLE.assign(
        city=TABLE.city.astype("category"),
        text=TABLE.city.astype("string[python]"),
        whole=pd.array([1] * 60, dtype="Int64"),
        when=pd.Timestamp("2020-01-01", tz="UTC"),
        span=pd.Timedelta("1D"),
    ),
    "column": pd.Series([1.0, None], index=["a", "b"], name="x"),
    "indexes": [
        pd.RangeIndex(3),
        pd.MultiIndex.from_tuples([("a", 1)]),
        pd.date_range("2020", periods=3, freq="MS"),
        pd.period_range("2020", periods=3, freq="M"),
        pd.CategoricalIndex(["a"]),
        pd.IntervalIndex.from_breaks([0, 1]),
    ],
    "scalars": [pd.Timestamp("2020"), pd.Timedelta("1D"), pd.NaT, pd.NA, pd.Interval(0, 1)],
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", TABLES)
def test_what_pandas_pickles_is_clean_however_it_was_saved(kind: str, writer: str) -> None:
    data = WRITERS[writer](TABLES[kind])
    evidence = Evidence(DEFAULT_LIMITS)
    read_pickle(io.BytesIO(data), len(data), evidence, DEFAULT_LIMITS)
    assert evidence.reasons() == ()
