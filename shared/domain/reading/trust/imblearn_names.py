"""imbalanced-learn's pipeline and samplers (reviewed in 0.10 and 0.14). Reviewed data, part of the allowlist.

All of them are scikit-learn estimators without a constructor or state of their own making. `FunctionSampler` keeps a
function: one that is not on the allowlist is refused by its own name.
"""

from shared.domain.reading.trust.listing import full_names

_OVER = "imblearn.over_sampling"
_UNDER = "imblearn.under_sampling._prototype_selection"

IMBLEARN_RESTORED = full_names(
    {
        "imblearn.base": "FunctionSampler",
        "imblearn.combine._smote_enn": "SMOTEENN",
        "imblearn.combine._smote_tomek": "SMOTETomek",
        "imblearn.ensemble._bagging": "BalancedBaggingClassifier",
        "imblearn.ensemble._easy_ensemble": "EasyEnsembleClassifier",
        "imblearn.ensemble._forest": "BalancedRandomForestClassifier",
        "imblearn.ensemble._weight_boosting": "RUSBoostClassifier",
        "imblearn.metrics.pairwise": "ValueDifferenceMetric",
        "imblearn.pipeline": "Pipeline",
        f"{_OVER}._adasyn": "ADASYN",
        f"{_OVER}._random_over_sampler": "RandomOverSampler",
        f"{_OVER}._smote.base": "SMOTE SMOTEN SMOTENC",
        f"{_OVER}._smote.cluster": "KMeansSMOTE",
        f"{_OVER}._smote.filter": "BorderlineSMOTE SVMSMOTE",
        "imblearn.under_sampling._prototype_generation._cluster_centroids": "ClusterCentroids",
        f"{_UNDER}._condensed_nearest_neighbour": "CondensedNearestNeighbour",
        f"{_UNDER}._edited_nearest_neighbours": (
            "AllKNN EditedNearestNeighbours RepeatedEditedNearestNeighbours"
        ),
        f"{_UNDER}._instance_hardness_threshold": "InstanceHardnessThreshold",
        f"{_UNDER}._nearmiss": "NearMiss",
        f"{_UNDER}._neighbourhood_cleaning_rule": "NeighbourhoodCleaningRule",
        f"{_UNDER}._one_sided_selection": "OneSidedSelection",
        f"{_UNDER}._random_under_sampler": "RandomUnderSampler",
        f"{_UNDER}._tomek_links": "TomekLinks",
        "imblearn.utils._validation": "ArraysTransformer",
    }
)
