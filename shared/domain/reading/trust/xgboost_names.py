"""What saved XGBoost models hold (reviewed in 1.7, 2.1 and 3.2). Reviewed data, part of the allowlist.

Only instances that are restored without their constructor: `Booster(model_file=...)` opens files. `DMatrix` is left out,
since it hands the compiled library whatever address its state names. `Booster`'s state has a rule of its own.
"""

from shared.domain.reading.trust.listing import full_names

XGBOOST_RESTORED = full_names(
    {
        "xgboost.core": "Booster",
        "xgboost.sklearn": (
            "XGBClassifier XGBModel XGBRanker XGBRegressor XGBRFClassifier XGBRFRegressor"
        ),
        "xgboost.callback": (
            "EarlyStopping EvaluationMonitor LearningRateScheduler TrainingCallback"
        ),
        "xgboost.compat": "XGBoostLabelEncoder",
    }
)
