"""statsmodels: results of models with arrays, data frames and formulas, pickled by `save`."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

NAMES = ["a", "b", "c", "d"]


def named() -> Any:
    """The numbers in named columns, with a constant first."""
    rows = pd.DataFrame(data.numbers(), columns=NAMES)
    rows.insert(0, "const", 1.0)
    return rows


def results() -> dict[str, Any]:
    """Name: fitted results, rows to predict, and the columns that are asked for."""
    array = np.column_stack([np.ones(data.ROWS), data.numbers()])
    y, yes, counts = data.amounts(), (data.kinds() > 0).astype(float), data.counts()
    doubles = [[name, "double"] for name in ("const", *NAMES)]
    people = data.people().assign(spent=y, yes=yes)
    quiet = {"disp": 0}
    return {
        "OLS-arrays": (sm.OLS(y, array).fit(), array, [[None, "double"]] * 5),
        "OLS": (sm.OLS(y, named()).fit(), named(), doubles),
        "WLS": (sm.WLS(y, named(), weights=yes + 1).fit(), named(), doubles),
        "GLM-poisson": (
            sm.GLM(counts, named(), family=sm.families.Poisson()).fit(),
            named(),
            doubles,
        ),
        "GLM-gamma-log": (
            sm.GLM(
                np.abs(y) + 1, named(), family=sm.families.Gamma(sm.families.links.Log())
                if hasattr(sm.families.links, "Log")
                else sm.families.Gamma(sm.families.links.log())
            ).fit(),
            named(),
            doubles,
        ),
        "Logit": (sm.Logit(yes, named()).fit(method="bfgs", **quiet), named(), doubles),
        "Probit": (sm.Probit(yes, named()).fit(method="bfgs", **quiet), named(), doubles),
        "MNLogit": (sm.MNLogit(data.kinds(), named()).fit(method="bfgs", **quiet), named(), doubles),
        "ols-formula": (
            smf.ols("spent ~ age + C(city) + visits", people).fit(),
            people[["age", "city", "visits"]],
            [["age", "double"], ["city", "string"], ["visits", "long"]],
        ),
        "logit-formula": (
            smf.logit("yes ~ age + I(age ** 2) + member", people).fit(method="bfgs", **quiet),
            people[["age", "member"]],
            [["age", "double"], ["member", "boolean"]],
        ),
        "glm-formula": (
            smf.glm("yes ~ np.log(age) + visits", people, family=sm.families.Binomial()).fit(),
            people[["age", "visits"]],
            [["age", "double"], ["visits", "long"]],
        ),
    }  # fmt: skip


def main() -> None:
    """Writes them all: with their data, and some without."""
    warnings.simplefilter("ignore")
    files = Files("statsmodels", "patsy", "pandas", "numpy", "scipy")
    for name, (result, rows, features) in results().items():
        known = {
            "format": "pickle",
            "given": table(rows),
            "predictions": np.asarray(result.predict(rows[:5])),
            "estimator": class_of(result),
            "features": features,
        }
        result.save(files.path(f"{name}.pickle"))
        files.note(f"{name}.pickle", saved="results.save", **known)
        if name in ("OLS", "Logit"):
            files.write(f"{name}.pickle-2", pickle.dumps(result, 2))
            files.note(f"{name}.pickle-2", saved="pickle-2", **known)
    for name in ("OLS", "GLM-poisson"):
        result, rows, _ = results()[name]
        expected = np.asarray(result.predict(rows[:5]))
        result.save(files.path(f"{name}.lean"), remove_data=True)
        files.note(
            f"{name}.lean",
            saved="results.save remove_data",
            format="pickle",
            given=table(rows),
            predictions=expected,
            estimator=class_of(result),
        )


if __name__ == "__main__":
    main()
