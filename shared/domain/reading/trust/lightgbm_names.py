"""What saved LightGBM models hold (reviewed in 3.3 and 4.6). Reviewed data, part of the allowlist.

Only instances that are restored without their constructor: `Booster(model_file=...)` opens files. `Dataset` and
`_InnerPredictor` are left out, since they free whatever address their state names. `Booster`'s state has a rule of its own.
"""

from shared.domain.reading.trust.listing import full_names

LIGHTGBM_RESTORED = full_names(
    {
        "lightgbm.basic": "Booster",
        "lightgbm.sklearn": "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor",
    }
)
