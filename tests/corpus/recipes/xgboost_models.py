"""XGBoost: its own files from boosters and estimators, and its estimators pickled."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import xgboost

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

NAMES = ["a", "b", "c", "d"]
BINARY = "deprecated" if xgboost.__version__ >= "2.1" else "bin"
"""The name's ending that asks for the old binary form, which 3.1 has given up."""


def named() -> Any:
    """The numbers in named columns."""
    return pd.DataFrame(data.numbers(), columns=NAMES)


def boosters(files: Files) -> None:
    """A booster for each kind of objective, in each of XGBoost's own forms."""
    yes = (data.kinds() > 0).astype(int)
    objectives: dict[str, tuple[Any, dict[str, Any]]] = {
        "binary:logistic": (yes, {}),
        "multi:softprob": (data.kinds(), {"num_class": 3}),
        "reg:squarederror": (data.amounts(), {}),
    }
    forms = ["json", "ubj"] + ([BINARY] if xgboost.__version__ < "3.1" else [])
    for objective, (y, more) in objectives.items():
        for rows, columns in ((named(), NAMES), (data.numbers(), [None] * 4)):
            learn = {"objective": objective, "max_depth": 2, "seed": 1, **more}
            booster = xgboost.train(learn, xgboost.DMatrix(rows, y), num_boost_round=3)
            for form in forms:
                which = "named" if columns is NAMES else "unnamed"
                file = f"booster-{objective.replace(':', '-')}-{which}.{form}"
                booster.save_model(files.path(file))
                files.note(
                    file,
                    saved=f"Booster.save_model {form}",
                    format="xgboost",
                    given=table(rows),
                    predictions=booster.predict(xgboost.DMatrix(rows[:5])),
                    judged="unreadable" if form == BINARY else "clean",
                    features=[[name, "double"] for name in columns],
                )


def estimators(files: Files) -> None:
    """The estimators of the scikit-learn interface, pickled and in XGBoost's own form."""
    y = data.kinds()
    settings = {"n_estimators": 3, "max_depth": 2, "random_state": 1}
    models = [
        xgboost.XGBClassifier(**settings).fit(named(), y),
        xgboost.XGBRegressor(**settings).fit(named(), data.amounts()),
        xgboost.XGBRFClassifier(**settings).fit(named(), (y > 0).astype(int)),
        xgboost.XGBRegressor(booster="gblinear", n_estimators=3).fit(named(), data.amounts()),
    ]
    models[-1].linear = True
    for model in models:
        name = type(model).__name__ + ("-linear" if hasattr(model, "linear") else "")
        told: dict[str, Any] = {"features": [[column, "double"] for column in NAMES]}
        if hasattr(model, "classes_"):
            told["classes"] = model.classes_
        given, predictions = table(named()), model.predict(named()[:5])
        for protocol in (2, 4):
            file = f"{name}.pickle-{protocol}"
            files.write(file, pickle.dumps(model, protocol))
            files.note(
                file,
                saved=f"pickle-{protocol}",
                format="pickle",
                given=given,
                predictions=predictions,
                estimator=class_of(model),
                **told,
            )
        joblib.dump(model, files.path(f"{name}.joblib"))
        files.note(
            f"{name}.joblib",
            saved="joblib",
            format="joblib" if b"joblib" in _read(files, f"{name}.joblib") else "pickle",
            given=given,
            predictions=predictions,
            estimator=class_of(model),
            **told,
        )
        model.save_model(files.path(f"{name}.json"))
        files.note(
            f"{name}.json",
            saved="XGBModel.save_model json",
            format="xgboost",
            given=given,
            predictions=predictions,
            features=told["features"],
        )


def pickled_booster(files: Files) -> None:
    """A booster without the scikit-learn interface, pickled."""
    booster = xgboost.train(
        {"max_depth": 2}, xgboost.DMatrix(named(), data.amounts()), num_boost_round=3
    )
    files.write("Booster.pickle-4", pickle.dumps(booster, 4))
    files.note(
        "Booster.pickle-4",
        saved="pickle-4",
        format="pickle",
        given=table(named()),
        predictions=booster.predict(xgboost.DMatrix(named()[:5])),
        estimator=class_of(booster),
        features=[[column, "double"] for column in NAMES],
    )


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("xgboost" if _installed("xgboost") else "xgboost-cpu", "scikit-learn", "numpy")
    boosters(files)
    estimators(files)
    pickled_booster(files)


def _read(files: Files, name: str) -> bytes:
    """What was written: without arrays joblib writes a plain pickle."""
    return Path(files.path(name)).read_bytes()


def _installed(name: str) -> bool:
    from importlib.metadata import distributions  # noqa: PLC0415 - one use

    return any(each.metadata["Name"] == name for each in distributions())


if __name__ == "__main__":
    main()
