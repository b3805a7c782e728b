"""The allowlist: what a saved model asks for and what cannot do harm while it is loaded. Reviewed data.

Read by `shared.domain.reading.trust.names`. A name is here because a real model needs it, and after reading what it does
with arguments and state of an attacker's choice, or with a rule in `shared.domain.reading.pickles.call_rules` or `state_rules` that
limits them. Three kinds: what loading may call, what it may restore without calling it, and what may only be mentioned. What
scikit-learn, NumPy and SciPy need is here, what other libraries need in a file for each.
numpy moved `core` to `_core` in 2.0, scipy its sparse classes to private modules in 1.8: both places are listed.
"""

from shared.domain.reading.trust.catboost_names import CATBOOST_RESTORED
from shared.domain.reading.trust.category_encoders_names import CATEGORY_ENCODERS_RESTORED
from shared.domain.reading.trust.feature_engine_names import FEATURE_ENGINE_RESTORED
from shared.domain.reading.trust.imblearn_names import IMBLEARN_RESTORED
from shared.domain.reading.trust.lightgbm_names import LIGHTGBM_RESTORED
from shared.domain.reading.trust.pandas_names import (
    PANDAS_BUILDERS,
    PANDAS_MENTIONED,
    PANDAS_RESTORED,
)
from shared.domain.reading.trust.pycaret_names import PYCARET_MENTIONED, PYCARET_RESTORED
from shared.domain.reading.trust.statsmodels_names import STATSMODELS_BUILDERS, STATSMODELS_RESTORED
from shared.domain.reading.trust.xgboost_names import XGBOOST_RESTORED

# ruff: noqa: SIM905 - long lists of names are reviewed as words, not as quotes and commas

_NUMPY_CORES = ("numpy.core", "numpy._core")
_SPARSE = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")

BUILDERS = frozenset(
    {
        # Python's own containers and numbers; none of them calls what it is given.
        *(
            f"builtins.{name}"
            for name in (
                "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple".split()
            )
        ),
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
        "datetime.date",
        "datetime.datetime",
        "datetime.timedelta",
        "decimal.Decimal",
        "fractions.Fraction",
        # How protocol 0 and 1 make an object without calling its __init__.
        "copyreg._reconstructor",
        # How protocols 0 to 2 write bytes.
        "_codecs.encode",
        # Arrays, their types, single numbers. Called itself, `ndarray` makes one over any memory: it is mentioned only.
        "numpy.dtype",
        *(
            f"{core}.{name}"
            for core in _NUMPY_CORES
            for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
        ),
        # Arrays with gaps, in the results of a search.
        "numpy.ma.core._mareconstruct",
        # Random state: only the generators' own constructors.
        *(
            f"numpy.random._pickle.{name}"
            for name in ("__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor")
        ),
        "numpy.random._mt19937.MT19937",
        "numpy.random._pcg64.PCG64",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        # Sparse matrices and arrays.
        *(
            f"scipy.sparse.{place}.{kind}_{shape}"
            for kind in _SPARSE
            for place in (f"_{kind}", kind)
            for shape in ("matrix", "array")
        ),
        *PANDAS_BUILDERS,
        *STATSMODELS_BUILDERS,
        "types.SimpleNamespace",
        # joblib's note that an array's bytes follow; the reader handles it itself.
        "joblib.numpy_pickle.NumpyArrayWrapper",
        # Curves inside SplineTransformer and IsotonicRegression.
        "scipy.interpolate._bsplines.BSpline",
        "scipy.interpolate._interpolate.interp1d",
        # scikit-learn's compiled classes that are rebuilt by calling them.
        "sklearn.neighbors._ball_tree.newObj",
        "sklearn.neighbors._kd_tree.newObj",
        "sklearn.neighbors._dist_metrics.newObj",
        "sklearn.metrics._dist_metrics.newObj",
    }
)

_UFUNCS = (
    "abs absolute add arccos arcsin arctan cbrt ceil cos cosh deg2rad divide exp exp2 expm1 fabs floor log log10 log1p "
    "log2 logical_not maximum minimum multiply negative positive rad2deg reciprocal rint sign sin sinh sqrt square "
    "subtract tan tanh trunc"
).split()
_NUMPY_FUNCTIONS = "argmax argmin clip mean median nan_to_num ravel round std sum var".split()
_NUMPY_TYPES = (
    "bool bool_ complex128 complex64 float16 float32 float64 int16 int32 int64 int8 intp longlong matrix memmap object_ "
    "str_ bytes_ uint16 uint32 uint64 uint8 ulonglong datetime64 timedelta64"
).split()
_SKLEARN_FUNCTIONS = {
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.metrics._classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score f1_score fbeta_score hinge_loss "
        "jaccard_score log_loss matthews_corrcoef precision_score recall_score zero_one_loss"
    ),
    "sklearn.metrics._ranking": "average_precision_score ndcg_score roc_auc_score top_k_accuracy_score",
    "sklearn.metrics._scorer": "_passthrough_scorer",
    "sklearn.metrics._regression": (
        "d2_absolute_error_score explained_variance_score max_error mean_absolute_error "
        "mean_absolute_percentage_error mean_gamma_deviance mean_poisson_deviance mean_squared_error "
        "mean_squared_log_error median_absolute_error r2_score root_mean_squared_error root_mean_squared_log_error"
    ),
    "sklearn.metrics.pairwise": (
        "cosine_similarity euclidean_distances laplacian_kernel linear_kernel manhattan_distances polynomial_kernel "
        "rbf_kernel sigmoid_kernel"
    ),
}

MENTIONED = frozenset(
    {
        *(f"numpy.{name}" for name in (*_UFUNCS, *_NUMPY_FUNCTIONS, *_NUMPY_TYPES)),
        *(f"{core}._multiarray_umath.{name}" for core in _NUMPY_CORES for name in _UFUNCS),
        *(
            f"{module}.{name}"
            for module, names in _SKLEARN_FUNCTIONS.items()
            for name in names.split()
        ),
        *PANDAS_MENTIONED,
        *PYCARET_MENTIONED,
        "numpy.ndarray",
        "numpy.ma.MaskedArray",
        "numpy.ma.core.MaskedArray",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "builtins.len",
        "builtins.round",
    }
)
"""Functions and types that a model keeps as a parameter. Loading only looks them up; a file that calls one is refused."""

RESTORED = frozenset(
    {
        *CATBOOST_RESTORED,
        *CATEGORY_ENCODERS_RESTORED,
        *FEATURE_ENGINE_RESTORED,
        *IMBLEARN_RESTORED,
        *LIGHTGBM_RESTORED,
        *PANDAS_RESTORED,
        *PYCARET_RESTORED,
        *STATSMODELS_RESTORED,
        *XGBOOST_RESTORED,
        # joblib's older note that an array is in another file: the reader refuses to go on there.
        *(
            f"joblib.{module}.{name}"
            for module in ("numpy_pickle", "numpy_pickle_compat")
            for name in ("NDArrayWrapper", "ZNDArrayWrapper")
        ),
        # Distributions inside of links; a rule holds their state to what scipy itself writes.
        "scipy.stats._continuous_distns.cauchy_gen",
        "scipy.stats._continuous_distns.logistic_gen",
        "scipy.stats._continuous_distns.norm_gen",
        # The record of an optimizer's run, in the results of exponential smoothing.
        "scipy.optimize._lbfgsb_py.LbfgsInvHessProduct",
        "scipy.optimize._optimize.OptimizeResult",
    }
)
"""Classes of which an instance may be made without the constructor. Their constructors may open files or worse."""

SKLEARN_REFUSED = (
    "datasets",
    "externals",
    "_testing",
    "tests",
    "conftest",
    "_build_utils",
    "__check_build",
)
"""Parts of scikit-learn that download, run test tools, or hold other people's code."""
