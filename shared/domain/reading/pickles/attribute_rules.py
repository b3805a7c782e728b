"""Attributes that no instance may have, whatever its class: what its library calls, opens or evaluates, when restored or asked.

Libraries call methods by names that a model keeps as text (`getattr(estimator, "predict_proba")(X)`), evaluate texts, and find
methods among an instance's attributes first. Out of allowed parts alone that adds up to code: a stacking model that asks
an array for `tofile` writes a file. So each such attribute gets only what real models give it.
"""

from shared.domain.reading.pickles.graph import Made, Name, Pairs, Value
from shared.domain.reading.pickles.plain_data import Spend
from shared.domain.reading.trust.names import Trust

_RESPONSES = frozenset(
    "auto predict predict_proba predict_log_proba decision_function score_samples transform".split()  # noqa: SIM905 - words read easier
)
_NAMING_METHODS = ("_response_method", "response_method", "stack_method", "stack_method_")
_EVALUATED = ("design_info", "model_spec")
_KEYWORDS = ("kw_args", "inv_kw_args")
_METHODS = frozenset(
    "_build_f _call astype decision_function fit fit_predict fit_transform get_params inverse_transform predict predict_log_proba "  # noqa: SIM905 - words
    "predict_proba query score score_samples set_params transform".split()
)
_REQUESTS = "sklearn.utils._metadata_requests."
_MEMMAP = "numpy.memmap"
_ARRAY_WRAPPER = "joblib."
_WITHOUT_PATHS = ("pandas.", "statsmodels.")
_FUNCTIONS = ("func", "inverse_func")
_MAKE_TEXTS = frozenset(
    f"{library}.{name}"
    for library in ("builtins", "numpy")
    for name in ("bytearray", "bytes", "bytes_", "object_", "str", "str_", "sum")
)
"""Functions that give a text where the step before gave one: the next step would open the file that it names."""
_FROM_FILES = ("file", "filename")
_CHANGEABLE = (*_NAMING_METHODS, *_KEYWORDS)
_STATSMODELS = "statsmodels."
_ASKED = ("model", "data", "_results")
"""What results of statsmodels hand on to, and ask for formulas that they evaluate: of a table, columns would answer."""
MOST_OF_RULED = 1_000
"""Entries of a list or dict that a rule looks at: no model has more, and of very long ones only the first are kept."""


def find_bad_attribute(owner: str, key: Value, value: Value, spend: Spend) -> str | None:
    """What is wrong with an attribute of an instance of `owner`, as a sentence; None if nothing is."""
    if key in _CHANGEABLE and isinstance(value, list | tuple | Pairs):
        spend(len(value.pairs if isinstance(value, Pairs) else value))
    if isinstance(value, Name) and opens_files(owner, value):
        return f"It keeps {value.full} as a function, which could open files when it is called."
    if not isinstance(key, str) or _is_harmless(owner, key, value):
        return None
    return f"It gives an instance of {owner} an attribute {key!r} that no model has."


def may_change(key: Value, value: Value) -> bool:
    """Whether an attribute that has a rule can still be changed by what comes later in the file."""
    return key in _CHANGEABLE and isinstance(value, list | Pairs | Made)


def _is_harmless(owner: str, key: str, value: Value) -> bool:
    if key in _NAMING_METHODS:
        return _names_responses(value)
    if key.startswith(_EVALUATED):
        return value is None
    if key in _KEYWORDS:
        return value is None or (isinstance(value, Pairs) and _is_numbers(value))
    if key in _FUNCTIONS:
        return not isinstance(value, Name) or value.full not in _MAKE_TEXTS
    if key == "input":
        return isinstance(value, str) and value not in _FROM_FILES
    if key in _ASKED and owner.startswith(_STATSMODELS):
        return value is None or (
            isinstance(value, Made) and value.instance_of.startswith(_STATSMODELS)
        )
    replaced = key in _METHODS and isinstance(value, Name | Made)
    return not replaced or owner.startswith(_REQUESTS)


def opens_files(owner: str, value: Name) -> bool:
    """Whether an attribute of `owner` may not be this name. Classes whose instances may be restored, and memory maps: their constructors take paths."""
    if value.full == _MEMMAP:
        return not owner.startswith(_ARRAY_WRAPPER)
    return value.trust is Trust.RESTORED and not value.full.startswith(_WITHOUT_PATHS)


def _names_responses(value: Value) -> bool:
    texts = value if isinstance(value, list | tuple) else (value,)
    return len(texts) < MOST_OF_RULED and all(
        one is None or (isinstance(one, str) and one in _RESPONSES) for one in texts
    )


def _is_numbers(keywords: Pairs) -> bool:
    """Keywords of a function: a text or an object among them could be what it hands on to the next step."""
    return len(keywords.pairs) < MOST_OF_RULED and all(
        value is None or isinstance(value, int | float | Name) for _, value in keywords.pairs
    )
