"""LightGBM: its text form, and its estimators pickled."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import joblib
import lightgbm
import pandas as pd

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

NAMES = ["a", "b", "c", "d"]
QUIET = {"verbosity": -1, "num_leaves": 4, "min_data_in_leaf": 3, "seed": 1}


def named() -> Any:
    """The numbers in named columns."""
    return pd.DataFrame(data.numbers(), columns=NAMES)


def boosters(files: Files) -> None:
    """A booster for each kind of objective, as text and pickled."""
    objectives: dict[str, tuple[Any, dict[str, Any]]] = {
        "binary": ((data.kinds() > 0).astype(int), {}),
        "multiclass": (data.kinds(), {"num_class": 3}),
        "regression": (data.amounts(), {}),
    }
    for objective, (y, more) in objectives.items():
        for rows, columns in (
            (named(), NAMES),
            (data.numbers(), [f"Column_{at}" for at in range(4)]),
        ):
            learn = {"objective": objective, **QUIET, **more}
            booster = lightgbm.train(learn, lightgbm.Dataset(rows, y), num_boost_round=3)
            which = "named" if columns is NAMES else "unnamed"
            file = f"booster-{objective}-{which}.txt"
            booster.save_model(files.path(file))
            known = {"given": table(rows), "predictions": booster.predict(rows[:5])}
            features: list[list[Any]] = [[name, "double"] for name in columns]
            if which == "unnamed":
                features = [[None, "double"]] * 4
            files.note(
                file, saved="Booster.save_model", format="lightgbm", features=features, **known
            )
    files.write("Booster.pickle-4", pickle.dumps(booster, 4))
    files.note(
        "Booster.pickle-4",
        saved="pickle-4",
        format="pickle",
        estimator=class_of(booster),
        features=features,
        **known,
    )


def estimators(files: Files) -> None:
    """The estimators of the scikit-learn interface, pickled."""
    settings = {
        "n_estimators": 3,
        "num_leaves": 4,
        "min_child_samples": 3,
        "random_state": 1,
        "verbosity": -1,
    }
    people = data.people().astype({"city": "category"})
    models = {
        "LGBMClassifier": (lightgbm.LGBMClassifier(**settings), named(), data.kinds()),
        "LGBMRegressor": (lightgbm.LGBMRegressor(**settings), named(), data.amounts()),
        "LGBMClassifier-texts": (
            lightgbm.LGBMClassifier(**settings),
            named(),
            [str(kind) for kind in data.kinds()],
        ),
        "LGBMRegressor-categories": (
            lightgbm.LGBMRegressor(**settings),
            people,
            people["age"] * 2,
        ),
    }
    for name, (model, rows, y) in models.items():
        model.fit(rows, y)
        told: dict[str, Any] = {"estimator": class_of(model)}
        if name != "LGBMRegressor-categories":
            told["features"] = [[column, "double"] for column in NAMES]
        if hasattr(model, "classes_"):
            told["classes"] = model.classes_
        known = {"given": table(rows), "predictions": model.predict(rows[:5]), **told}
        files.write(f"{name}.pickle-4", pickle.dumps(model, 4))
        files.note(f"{name}.pickle-4", saved="pickle-4", format="pickle", **known)
        joblib.dump(model, files.path(f"{name}.joblib"), compress=3)
        files.note(f"{name}.joblib", saved="joblib-zlib", format="joblib", **known)


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("lightgbm", "scikit-learn", "numpy")
    boosters(files)
    estimators(files)


if __name__ == "__main__":
    main()
