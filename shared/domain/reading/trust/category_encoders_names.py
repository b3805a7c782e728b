"""The encoders of category_encoders (reviewed in 2.6 and 2.11). Reviewed data, part of the allowlist.

All of them are scikit-learn estimators without a constructor or state of their own making.
"""

from shared.domain.reading.trust.listing import full_names

CATEGORY_ENCODERS_RESTORED = full_names(
    {
        "category_encoders.backward_difference": "BackwardDifferenceEncoder",
        "category_encoders.basen": "BaseNEncoder",
        "category_encoders.binary": "BinaryEncoder",
        "category_encoders.cat_boost": "CatBoostEncoder",
        "category_encoders.count": "CountEncoder",
        "category_encoders.count_target": "CountTargetEncoder",
        "category_encoders.glmm": "GLMMEncoder",
        "category_encoders.gray": "GrayEncoder",
        "category_encoders.hashing": "HashingEncoder",
        "category_encoders.helmert": "HelmertEncoder",
        "category_encoders.james_stein": "JamesSteinEncoder",
        "category_encoders.leave_one_out": "LeaveOneOutEncoder",
        "category_encoders.m_estimate": "MEstimateEncoder",
        "category_encoders.multi_hot": "MultiHotEncoder",
        "category_encoders.one_hot": "OneHotEncoder",
        "category_encoders.ordinal": "OrdinalEncoder",
        "category_encoders.polynomial": "PolynomialEncoder",
        "category_encoders.quantile_encoder": "QuantileEncoder SummaryEncoder",
        "category_encoders.rankhot": "RankHotEncoder",
        "category_encoders.sum_coding": "SumEncoder",
        "category_encoders.target_encoder": "TargetEncoder",
        "category_encoders.woe": "WOEEncoder",
        "category_encoders.wrapper": "NestedCVWrapper PolynomialWrapper",
    }
)
