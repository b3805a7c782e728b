"""CatBoost: its cbm and json forms, and its estimators pickled."""

from __future__ import annotations

import pickle
from typing import Any

import catboost
import pandas as pd

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

NAMES = ["a", "b", "c", "d"]
SMALL = {
    "iterations": 3,
    "depth": 2,
    "random_seed": 1,
    "verbose": False,
    "allow_writing_files": False,
    "thread_count": 1,
}


def named() -> Any:
    """The numbers in named columns."""
    return pd.DataFrame(data.numbers(), columns=NAMES)


def main() -> None:
    """Writes them all."""
    files = Files("catboost", "numpy")
    words = data.people()[["age", "city", "visits"]]
    doubles = [[name, "double"] for name in NAMES]
    unnamed = [[None, "double"]] * 4
    models: dict[str, Any] = {
        "CatBoostClassifier": (
            catboost.CatBoostClassifier(**SMALL).fit(named(), (data.kinds() > 0).astype(int)),
            named(),
            doubles,
        ),
        "CatBoostClassifier-three": (
            catboost.CatBoostClassifier(**SMALL).fit(data.numbers(), data.kinds()),
            data.numbers(),
            unnamed,
        ),
        "CatBoostClassifier-texts": (
            catboost.CatBoostClassifier(**SMALL).fit(named(), [f"kind {k}" for k in data.kinds()]),
            named(),
            doubles,
        ),
        "CatBoostRegressor": (
            catboost.CatBoostRegressor(**SMALL).fit(named(), data.amounts()),
            named(),
            doubles,
        ),
        "CatBoostRegressor-categories": (
            catboost.CatBoostRegressor(**SMALL).fit(words, words["age"] * 2, cat_features=["city"]),
            words,
            [["age", "double"], ["city", "string"], ["visits", "double"]],
        ),
        "CatBoost": (
            catboost.CatBoost({"loss_function": "RMSE", **SMALL}).fit(named(), data.amounts()),
            named(),
            doubles,
        ),
    }
    for name, (model, rows, features) in models.items():
        known = {"given": table(rows), "predictions": model.predict(rows[:5])}
        told = {"features": features}
        if len(model.classes_):
            told["classes"] = list(model.classes_)
        model.save_model(files.path(f"{name}.cbm"))
        files.note(f"{name}.cbm", saved="save_model cbm", format="catboost", **known, **told)
        files.write(f"{name}.pickle-4", pickle.dumps(model, 4))
        files.note(
            f"{name}.pickle-4",
            saved="pickle-4",
            format="pickle",
            estimator=class_of(model),
            **known,
            **told,
        )


if __name__ == "__main__":
    main()
