"""PyCaret: the pipelines that `save_model` writes, with its own steps before the estimator."""

from __future__ import annotations

import os
import warnings
from typing import Any

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

COLUMNS = [["age", "double"], ["city", "string"], ["member", "double"], ["visits", "double"]]
"""What a pipeline of PyCaret tells: only its encoders know that a column is not of numbers."""


def learn(kind: str, estimator: str) -> tuple[Any, Any]:
    """An experiment's finished pipeline, and PyCaret's module for it."""
    from pycaret import classification, regression  # noqa: PLC0415 - after the folder is chosen

    module = classification if kind == "classification" else regression
    rows = data.people().assign(
        target=data.answers() if kind == "classification" else data.amounts()
    )
    settings = {"session_id": 1, "verbose": False, "n_jobs": 1, "html": False}
    if kind == "classification":
        settings["normalize"] = True
    module.setup(rows, target="target", **settings)
    model = module.create_model(estimator, fold=2, verbose=False)
    return module.finalize_model(model), module


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("pycaret", "scikit-learn", "pandas", "numpy")
    os.chdir(files.folder)  # PyCaret writes a log where it runs
    rows = data.people()[:5]
    for kind, estimator in (
        ("classification", "lr"),
        ("classification", "rf"),
        ("regression", "ridge"),
    ):
        final, module = learn(kind, estimator)
        name = f"{kind}-{estimator}"
        module.save_model(final, name, verbose=False)
        predicted = module.predict_model(final, data=rows, verbose=False)
        files.note(
            f"{name}.pkl",
            saved="pycaret save_model",
            format="joblib",
            given=table(rows),
            predictions=predicted["prediction_label"],
            estimator=class_of(final),
            features=COLUMNS,
        )
    for log in files.folder.glob("logs.log"):
        log.unlink()


if __name__ == "__main__":
    main()
