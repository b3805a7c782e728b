"""What PyCaret 3 saves as a pipeline (reviewed in 3.3.2). Reviewed data, part of the allowlist.

The wrappers are scikit-learn estimators. `Pipeline` and joblib's `NotMemorizedFunc` have rules for their state: the one opens a
cache where its state names a folder, the other calls what it holds. `FastMemory` is left out: it deletes files when it goes.
"""

from shared.domain.reading.trust.listing import full_names

_TRANSFORMERS = (
    "CleanColumnNames DropImputer ExtractDateTimeFeatures FixImbalancer GroupFeatures RareCategoryGrouping "
    "RemoveMulticollinearity RemoveOutliers TargetTransformer TransformerWrapper TransformerWrapperWithInverse"
)
PYCARET_RESTORED = full_names(
    {
        "joblib.memory": "NotMemorizedFunc",
        "pycaret.internal.meta_estimators": (
            "CustomProbabilityThresholdClassifier PowerTransformedTargetRegressor"
        ),
        "pycaret.internal.pipeline": "Pipeline",
        "pycaret.internal.preprocess.iterative_imputer": "IterativeImputer",
        "pycaret.internal.preprocess.target.TransformedTargetClassifier": "TransformedTargetClassifier",
        "pycaret.internal.preprocess.target.TransformedTargetRegressor": "TransformedTargetRegressor",
        "pycaret.internal.preprocess.transformers": _TRANSFORMERS,
    }
)
PYCARET_MENTIONED = full_names(
    {
        "pycaret.internal.pipeline": (
            "_fit_one _full_transform _inverse_transform_one _noop_transform _transform_one"
        )
    }
)
