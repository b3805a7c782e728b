"""Which state may be filled into a restored instance, where its class does more with it than to keep it.

Most classes just put the state into their attributes. The ones below call something, open something or evaluate a text
while they are restored: each gets only what real models give it. The rules tell what is wrong, or nothing.
"""

import hashlib
from collections.abc import Callable
from typing import TypeAlias

from shared.domain.reading.pickles.attribute_rules import find_bad_attribute, may_change
from shared.domain.reading.pickles.dtypes import DTYPE, count_fields, is_sound_dtype
from shared.domain.reading.pickles.formulas import is_plain_formula
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Skipped, Value
from shared.domain.reading.pickles.plain_data import SHORT, Spend, is_plain, is_special
from shared.domain.reading.pickles.tables import find_labels
from shared.domain.reading.trust.names import Trust

_Rule: TypeAlias = Callable[[Pairs, Spend], str | None]

_PANDAS = "pandas."
_FRAME = "pandas.core.frame.DataFrame"
_PYCARET_STEP = "pycaret.internal.pipeline._"
_SHOWN = 80
_MOST_COLUMNS = 20_000
_COLUMNS_COST = 5_000
"""What it costs to read the names of a table's columns, in looks at a value: few models have more than one table."""
_DISTRIBUTION = frozenset(
    {
        "__doc__",
        "_ctor_param",
        "_parse_arg_template",
        "_random_state",
        "_stats_has_moments",
        "a",
        "b",
        "badvalue",
        "extradoc",
        "moment_type",
        "name",
        "numargs",
        "shapes",
        "xtol",
    }
)
_TEMPLATE = "96f157988cf1d55f5c7b3c2aa53ca72c1c4dc99d336ac790ae623a86665f9c5e"
"""The SHA-256 of the code that scipy 1.10 to 1.17 give each distribution without shape parameters."""
_DICTS = ("dict", "OrderedDict", "defaultdict", "Bunch", "OptimizeResult", "_nandict")


def find_bad_state(target: Made, state: Value, kept_items: int, spend: Spend) -> str | None:
    """What is wrong with the state that a file fills into an instance, as a sentence; None if nothing is."""
    full = target.instance_of
    spend(len(_parts(state)) // SHORT)
    for part in _parts(state):
        if isinstance(part, Pairs | Made):
            if len(part.pairs) >= kept_items:
                return f"It gives an instance of {full} more attributes than any model has."
            bad = find_bad_attributes(full, part, spend)
            if bad:
                return bad
        if isinstance(part, Made) and part is not target and _is_dict(part):
            return "It computes the attributes of an object while loading."
    if full == DTYPE:
        spend(count_fields(state))
        return None if is_sound_dtype(target, state) else _odd(full)
    if full.startswith(_PANDAS):
        return None if is_plain(state, spend) else _odd(full)
    return _find_bad_restored(target, state, spend) if _is_restored(target) else None


def find_bad_attributes(owner: str, attributes: Pairs | Made, spend: Spend) -> str | None:
    """What is wrong with the attributes that an instance of `owner` gets, as a sentence; None if nothing is."""
    spend(len(attributes.pairs))
    if any(is_special(key) for key, _ in attributes.pairs):
        return "It sets a special attribute (such as __class__) of an object."
    if any(isinstance(key, Made | Name) for key, _ in attributes.pairs):
        return "It computes the name of an object's attribute while loading."
    found = (find_bad_attribute(owner, key, value, spend) for key, value in attributes.pairs)
    return next((bad for bad in found if bad), None)


def may_turn_bad(target: Made, state: Value) -> bool:
    """Whether a state that has a rule may be changed by what comes later in the file: it is looked at again at the end."""
    if target.instance_of == DTYPE:
        return True
    return any(
        may_change(key, value)
        for part in _parts(state)
        if isinstance(part, Pairs | Made)
        for key, value in part.pairs
    )


def _parts(state: Value) -> tuple[Value, ...]:
    return state if isinstance(state, tuple) else (state,)


def _is_dict(value: Made) -> bool:
    return value.instance_of.rpartition(".")[2] in _DICTS


def _find_bad_restored(target: Made, state: Value, spend: Spend) -> str | None:
    if not isinstance(state, Pairs):
        return None if state is target else _odd(target.instance_of)
    rule = _RULES.get(target.instance_of)
    return rule(state, spend) if rule else None


def _is_restored(target: Made) -> bool:
    made = target.callee
    if target.full == "copyreg._reconstructor" and target.args:
        made = target.args[0]
    return isinstance(made, Name) and made.trust is Trust.RESTORED


def _odd(full: str) -> str:
    return f"It fills {full} with what no model fills it with."


def _xgboost_booster(state: Pairs, _spend: Spend) -> str | None:
    """The compiled library reads from the address of `handle`: it has to be a run of bytes."""
    handle = state.get("handle")
    packed = isinstance(handle, bytes | Skipped) or (
        isinstance(handle, Made) and handle.full == "builtins.bytearray"
    )
    return None if handle is None or packed else _odd("xgboost.core.Booster")


def _lightgbm_booster(state: Pairs, _spend: Spend) -> str | None:
    """The model is text; when a booster goes it may call its `free_network`."""
    handles = (state.get("handle"), state.get("_handle"))
    text = all(handle is None or isinstance(handle, str | Skipped) for handle in handles)
    replaced = any(key == "free_network" for key, _ in state.pairs)
    return None if text and not replaced else _odd("lightgbm.basic.Booster")


def _model_data(state: Pairs, spend: Spend) -> str | None:
    """Restoring evaluates the formula, whose parts are Python, over the training data; under what flag depends on the version."""
    if not any(key == "formula" for key, _ in state.pairs):
        return None
    data = [state.get(key) for key in ("frame", "orig_endog", "orig_exog")]
    if not all(isinstance(one, Made) and one.instance_of == _FRAME for one in data if one):
        return _odd("statsmodels.base.data.ModelData")
    formula = state.get("formula")
    spend(_COLUMNS_COST + (len(formula) if isinstance(formula, str) else 0))
    if isinstance(formula, str) and is_plain_formula(formula, find_labels(data[0], _MOST_COLUMNS)):
        return None
    shown = formula[:_SHOWN] if isinstance(formula, str) else "which is no text"
    return (
        f"Loading it evaluates the formula {shown!r} as Python code: known to be harmless are only column names, numbers, "
        "the operators ~ + - : *, and simple functions of them such as C(a), I(a ** 2) and np.log(a)."
    )


def _negative_binomial(state: Pairs, _spend: Spend) -> str | None:
    """Restoring calls the method `_initialize`, which an attribute of that name would replace."""
    replaced = any(key == "_initialize" for key, _ in state.pairs)
    return _odd("statsmodels.discrete.discrete_model.NegativeBinomial") if replaced else None


def _pycaret_pipeline(state: Pairs, spend: Spend) -> str | None:
    """A cache is opened where `_memory` says, and the recorded versions are printed."""
    harmless = state.get("_memory") is None and is_plain(state.get("_pycaret_versions"), spend)
    return None if harmless else _odd("pycaret.internal.pipeline.Pipeline")


def _unmemorized(state: Pairs, _spend: Spend) -> str | None:
    """The stand-in of joblib for a cached function calls the function that it holds."""
    known = [
        key == "func" and isinstance(value, Name) and value.full.startswith(_PYCARET_STEP)
        for key, value in state.pairs
    ]
    return None if all(known) else _odd("joblib.memory.NotMemorizedFunc")


def _distribution(state: Pairs, spend: Spend) -> str | None:
    """SciPy runs `exec` on a text in the state, and calls methods that other attributes could replace."""
    code = state.get("_parse_arg_template")
    spend(len(code) if isinstance(code, str) else 0)
    digest = hashlib.sha256(code.encode()).hexdigest() if isinstance(code, str) else ""
    known = all(key in _DISTRIBUTION for key, _ in state.pairs) and is_plain(state, spend)
    if known and digest == _TEMPLATE:
        return None
    return "Loading it runs code from a text inside of a distribution of scipy.stats."


_RULES: dict[str, _Rule] = {
    **{
        f"scipy.stats._continuous_distns.{name}": _distribution
        for name in ("norm_gen", "cauchy_gen", "logistic_gen")
    },
    "xgboost.core.Booster": _xgboost_booster,
    "lightgbm.basic.Booster": _lightgbm_booster,
    **{
        f"statsmodels.base.data.{name}": _model_data
        for name in ("ModelData", "PandasData", "PatsyData")
    },
    "statsmodels.discrete.discrete_model.NegativeBinomial": _negative_binomial,
    "pycaret.internal.pipeline.Pipeline": _pycaret_pipeline,
    "joblib.memory.NotMemorizedFunc": _unmemorized,
}
