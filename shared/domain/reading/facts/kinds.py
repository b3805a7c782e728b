"""What a file holds as a whole: a model of a library that is read here, or what a person would call it otherwise."""

from collections.abc import Iterable, Iterator

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.facts import statsmodels_facts
from shared.domain.reading.facts.estimators import class_name, is_estimator, public_name, short_name
from shared.domain.reading.model_file import not_a_model
from shared.domain.reading.pickles.graph import Array, Made, Name, Pairs, Skipped, Value

BOOSTERS = ("lightgbm.basic.Booster", "xgboost.core.Booster")
_ESTIMATORS = (
    "catboost.core.",
    "category_encoders.",
    "feature_engine.",
    "imblearn.",
    "lightgbm.sklearn.",
    "pycaret.internal.",
    "xgboost.sklearn.",
)
"""Where other libraries keep classes that are used as scikit-learn's own."""
_NUMBER, _TEXT, _BYTES, _ARRAY = "a number", "a text", "bytes", "a numpy array"
_PLAIN = {
    bool: "True or False",
    bytes: _BYTES,
    float: _NUMBER,
    int: _NUMBER,
    list: "a list",
    str: _TEXT,
    tuple: "a tuple",
    Array: _ARRAY,
    Pairs: "a dict",
    Skipped: "a long text or bytes",
}
_MADE = {
    "_codecs.encode": _BYTES,
    "builtins.set": "a set",
    "numpy.core.multiarray._reconstruct": _ARRAY,
    "numpy._core.multiarray._reconstruct": _ARRAY,
    "numpy.core.multiarray.scalar": _NUMBER,
    "numpy._core.multiarray.scalar": _NUMBER,
    "pandas.core.frame.DataFrame": "a pandas DataFrame",
    "pandas.core.series.Series": "a pandas Series",
}
_DICTS = ("collections.OrderedDict", "collections.defaultdict", "builtins.dict")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_WEB_PAGE = (b"<!doctype html", b"<html")
_SHOWN, _LOOKED_AT = 3, 100


def is_model(root: Value) -> bool:
    """Whether it is a model of a library that is read here."""
    name = class_name(root)
    return (
        is_estimator(root)
        or name.startswith(_ESTIMATORS)
        or name in BOOSTERS
        or statsmodels_facts.is_results(root)
    )


def tell_no_model(root: Value) -> UnreadableModel:
    """The error for a pickle of something else, which says where in it a model lies."""
    what, inside = _describe(root), list(_models_in(root))
    if not inside:
        return not_a_model(f"The file holds no model of a library that is read here, but {what}.")
    places = ", ".join(f"{short_name(model)} at {key[:60]}" for key, model in inside[:_SHOWN])
    key = inside[0][0][:60]
    remedy = f"Save what is at {key} alone, with pickle.dump or joblib.dump, and upload that."
    if len(inside) > 1:
        remedy = "Put them into one pipeline (sklearn.pipeline.make_pipeline), or choose one, and save that alone."
    return not_a_model(f"The file is no model itself, but {what} that holds one: {places}.", remedy)


def tell_other_file(head: bytes) -> UnreadableModel:
    """The error for a file that is no pickle, by its first bytes: what is often uploaded in a model's place is named."""
    if head.startswith(_LFS_POINTER):
        return not_a_model(
            "The file is a Git LFS pointer, and not the file that it points to.",
            "Run git lfs pull in the repository, and upload the file after that.",
        )
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_WEB_PAGE):
        return not_a_model(
            "The file is a web page (HTML), as a download gives that asks for a login or shows the file.",
            "Download the model's own file (on GitHub and Hugging Face the raw one), and upload that.",
        )
    return not_a_model("The file is of no kind that is read here.")


def _describe(root: Value) -> str:
    if root is None:
        return "None, which is nothing"
    if isinstance(root, Name):
        name = public_name(root.full)
        made = (
            "the class {}, and no fitted instance of it"
            if name.rpartition(".")[2][:1].isupper()
            else "the function {}"
        )
        return made.format(name)
    if isinstance(root, Made):
        name = root.instance_of
        return _MADE.get(name) or (
            "a dict" if name in _DICTS else f"an object of {public_name(name)}"
        )
    return _PLAIN.get(type(root), "something else")


def _models_in(root: Value) -> Iterator[tuple[str, Value]]:
    """The models directly in a dict or list, each with its key or place."""
    pairs: Iterable[tuple[Value, Value]] = (
        enumerate(root[:_LOOKED_AT]) if isinstance(root, list | tuple) else ()
    )
    if isinstance(root, Pairs | Made):
        pairs = root.pairs[:_LOOKED_AT]
    for key, value in pairs:
        if is_model(value):
            yield repr(key) if isinstance(key, str | int) else "a key", value
