"""Whether a model can answer at all: it can be loaded elsewhere, has `predict`, and was fitted. Told only where the file shows it."""

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

from shared.domain.inspection import Obstacle
from shared.domain.reading.facts.estimators import (
    attribute,
    class_name,
    is_estimator,
    short_name,
)
from shared.domain.reading.pickles.graph import Made, Pairs, Value
from shared.domain.reading.trust.own_code import SCRIPT

SKLEARN_WITHOUT_PREDICT = frozenset(
    """
AdditiveChi2Sampler AgglomerativeClustering BernoulliRBM Binarizer ClassicalMDS ColumnTransformer CountVectorizer DBSCAN
DictVectorizer DictionaryLearning EmpiricalCovariance FactorAnalysis FastICA FeatureAgglomeration FeatureHasher FeatureUnion
FunctionTransformer GaussianRandomProjection GenericUnivariateSelect GraphicalLasso GraphicalLassoCV HDBSCAN
HashingVectorizer IncrementalPCA Isomap IterativeImputer KBinsDiscretizer KNNImputer KNeighborsTransformer KernelCenterer
KernelDensity KernelPCA LabelBinarizer LabelEncoder LatentDirichletAllocation LedoitWolf LocallyLinearEmbedding MDS MaxAbsScaler
MinCovDet MinMaxScaler MiniBatchDictionaryLearning MiniBatchNMF MiniBatchSparsePCA MissingIndicator MultiLabelBinarizer NMF
NearestNeighbors NeighborhoodComponentsAnalysis Normalizer Nystroem OAS OPTICS OneHotEncoder OrdinalEncoder PCA PLSSVD
PatchExtractor PolynomialCountSketch PolynomialFeatures PowerTransformer QuantileTransformer RBFSampler
RadiusNeighborsTransformer RandomTreesEmbedding RobustScaler SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest
SelectPercentile SequentialFeatureSelector ShrunkCovariance SimpleImputer SkewedChi2Sampler SparseCoder SparsePCA
SparseRandomProjection SpectralBiclustering SpectralClustering SpectralCoclustering SpectralEmbedding SplineTransformer
StandardScaler TSNE TargetEncoder TfidfTransformer TfidfVectorizer TruncatedSVD VarianceThreshold
""".split()
)
"""scikit-learn's estimators that have no `predict`, of its releases 0.24 to 1.8."""
_WITHOUT_PREDICT = (
    "category_encoders.",
    "feature_engine.",
    "imblearn.combine.",
    "imblearn.over_sampling.",
    "imblearn.under_sampling.",
    "statsmodels.tsa.vector_ar.",
)
"""Where other libraries keep only transformers, samplers, and what forecasts several series at once."""
_UNFITTED_ANSWERS = ("FixedThresholdClassifier", "GaussianProcessRegressor")
"""scikit-learn's that predict without a fit of their own: by a model that they were given, or by the prior."""
_MODELS_OF = {
    "xgboost.sklearn.XGB": "_Booster",
    "lightgbm.sklearn.LGBM": "_Booster",
    "catboost.core.CatBoost": "__model",
}
"""Where other libraries' estimators keep what they have learned."""
_FIT = "Call its fit on your training data, save it after that, and upload the new file."
_NOT_REFITTED = Obstacle(
    "The search was told refit=False, so it keeps scores and no model to predict with.",
    "Save a model with the parameters that it found, fitted on all data; or search with refit=True.",
)
_DEEPEST, _SHOWN = 20, 5


def find_script_names(names: tuple[str, ...]) -> Obstacle | None:
    """Why a pickle that names classes of a script cannot be loaded anywhere else, whoever lets it in; None where it names none."""
    own = [name for name in names if name.startswith(f"{SCRIPT}.")]
    if not own:
        return None
    more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    return Obstacle(
        f"It needs {', '.join(own[:_SHOWN])}{more}, which only the script or notebook that saved it has.",
        "Do without: FunctionTransformer takes numpy's functions. Or move it into a module of a package on PyPI, import it from there, "
        "and save the model again: an operator's exception can then let in its name and install the package.",
    )


def find_mute(root: Value) -> Obstacle | None:
    """Why a model cannot answer, where that is sure; None else."""
    part = _answering_part(root)
    return _find_without_predict(part) or _find_unfitted(part)


def _answering_part(node: Value) -> Value:
    """What answers for a model: the last step of a pipeline, the best one of a search, what was frozen."""
    for _ in range(_DEEPEST):
        steps = attribute(node, "steps")
        inner = attribute(node, "best_estimator_")
        if isinstance(steps, list) and steps and isinstance(steps[-1], tuple):
            inner = steps[-1][-1] if steps[-1] else None
        elif short_name(node) == "FrozenEstimator":
            inner = attribute(node, "estimator")
        if inner is None:
            return node
        node = inner
    return node


def _find_without_predict(part: Value) -> Obstacle | None:
    name = short_name(part)
    if part == "passthrough":
        name = "A pipeline whose last step is 'passthrough'"
    elif name == "LocalOutlierFactor" and attribute(part, "novelty") is False:
        name = "LocalOutlierFactor without novelty=True"
    elif not _lacks_predict(part):
        return None
    return Obstacle(
        f"{name} has no method predict, which is what a served model is asked.",
        "Save a model that predicts, with this as a step before it in one pipeline; "
        "or wrap it in an MLflow python_function of your own.",
    )


def _lacks_predict(part: Value) -> bool:
    name = short_name(part)
    if is_estimator(part):
        return name in SKLEARN_WITHOUT_PREDICT
    return class_name(part).startswith(_WITHOUT_PREDICT) and name != "Pipeline"


def _find_unfitted(part: Value) -> Obstacle | None:
    """An estimator without what its fit would have left in it: by scikit-learn's own rule, attributes that end in `_`."""
    name, state = short_name(part), part.state if isinstance(part, Made) else None
    if not isinstance(state, Pairs) or name in _UNFITTED_ANSWERS:
        return None
    if is_estimator(part):
        fitted = any(_is_learned(key) for key, _ in state.pairs)
        if fitted and name.endswith("SearchCV") and state.get("best_estimator_") is None:
            return _NOT_REFITTED
    else:
        keys = (key for start, key in _MODELS_OF.items() if class_name(part).startswith(start))
        fitted = all(state.get(key) is not None for key in keys)
    return (
        None
        if fitted
        else Obstacle(f"The {name} was never fitted: it has learned nothing to predict with.", _FIT)
    )


def _is_learned(key: Value) -> bool:
    return isinstance(key, str) and key.endswith("_") and not key.startswith("__")
