"""What saved CatBoost models hold (reviewed in 1.2). Reviewed data, part of the allowlist.

Their `__setstate__` gives the bytes under `__model` to the compiled library and keeps the rest as parameters, which are used
in training alone. `Pool` is left out: no saved model holds one.
"""

from shared.domain.reading.trust.listing import full_names

CATBOOST_RESTORED = full_names(
    {"catboost.core": "CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor"}
)
