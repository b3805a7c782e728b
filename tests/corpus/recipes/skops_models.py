"""skops: scikit-learn estimators and pipelines without pickle."""

from __future__ import annotations

import warnings
import zipfile

import skops.io
from sklearn import ensemble, linear_model, neighbors, pipeline, preprocessing, svm

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table
from tests.corpus.recipes.sklearn_models import people_model


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("skops", "scikit-learn", "numpy", "scipy")
    x, y, amounts = data.numbers(), data.kinds(), data.amounts()
    models = {
        "LogisticRegression": linear_model.LogisticRegression(max_iter=500).fit(x, y),
        "RandomForestClassifier": ensemble.RandomForestClassifier(
            4, max_depth=3, random_state=1
        ).fit(x, y),
        "GradientBoostingRegressor": ensemble.GradientBoostingRegressor(
            n_estimators=2, random_state=1
        ).fit(x, amounts),
        "HistGradientBoostingClassifier": ensemble.HistGradientBoostingClassifier(
            max_iter=2, random_state=1
        ).fit(x, y),
        "KNeighborsRegressor": neighbors.KNeighborsRegressor().fit(x, amounts),
        "Ridge": linear_model.Ridge().fit(x, amounts),
        "scaled": pipeline.make_pipeline(
            preprocessing.StandardScaler(), svm.SVC(random_state=1)
        ).fit(x, y),
        "people": people_model().fit(data.people(), data.answers()),
    }
    for name, model in models.items():
        rows = data.people() if name == "people" else x
        features = data.PEOPLE_COLUMNS if name == "people" else [[None, "double"]] * 4
        told = {"estimator": class_of(model), "features": features}
        if hasattr(model, "classes_"):
            told["classes"] = model.classes_
        known = {
            "format": "skops",
            "given": table(rows),
            "predictions": model.predict(rows[:5]),
            **told,
        }
        skops.io.dump(model, files.path(f"{name}.skops"))
        files.note(f"{name}.skops", saved="skops.io.dump", **known)
        if name == "people":
            skops.io.dump(
                model, files.path("people.deflated.skops"), compression=zipfile.ZIP_DEFLATED
            )
            files.note("people.deflated.skops", saved="skops.io.dump deflated", **known)


if __name__ == "__main__":
    main()
