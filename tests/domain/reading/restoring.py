"""Models of other libraries, bent: instances that would do more than keep their attributes when they are restored.

`live` are those that really make the folder when Python's own pickle loads them with the libraries installed.
"""

from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of

NEW = b")\x81"
BUILD = b"b"
FRAME = "pandas.core.frame", "DataFrame"
DATA = "statsmodels.base.data", "PandasData"
BOOSTERS = {
    "xgboost": ("xgboost.core", "Booster"),
    "lightgbm": ("lightgbm.basic", "Booster"),
}


def restored(cls: tuple[str, str], *state: bytes) -> bytes:
    """An instance made without its constructor and filled with a dict of these keys and values in turn."""
    return name(*cls) + NEW + b"}(" + b"".join(state) + b"u" + BUILD


def whole(value: bytes) -> bytes:
    return b"\x80\x02" + value + STOP


def array(value: bytes) -> bytes:
    """A numpy array of one Python object."""
    made = name("numpy.core.multiarray", "_reconstruct")
    kind = name("numpy", "dtype") + tuple_of(text("O8"), b"\x89", b"\x88") + REDUCE
    empty = tuple_of(name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b") + REDUCE
    return (
        made + empty + tuple_of(b"K\x01", b"K\x01\x85", kind, b"\x89", b"]" + value + b"a") + BUILD
    )


def index(*labels: str) -> bytes:
    """A pandas Index of texts."""
    made = name("numpy.core.multiarray", "_reconstruct")
    kind = name("numpy", "dtype") + tuple_of(text("O8"), b"\x89", b"\x88") + REDUCE
    empty = tuple_of(name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b") + REDUCE
    values = b"](" + b"".join(map(text, labels)) + b"e"
    data = (
        made
        + empty
        + tuple_of(b"K\x01", bytes([75, len(labels)]) + b"\x85", kind, b"\x89", values)
        + BUILD
    )
    state = b"}(" + text("data") + data + text("name") + b"Nu"
    cls = name("pandas.core.indexes.base", "Index")
    return name("pandas.core.indexes.base", "_new_Index") + tuple_of(cls, state) + REDUCE


def frame(*columns: str) -> bytes:
    """A DataFrame of these columns and one row, of numbers."""
    kind = name("numpy", "dtype") + tuple_of(text("f8"), b"\x89", b"\x88") + REDUCE
    empty = tuple_of(name("numpy", "ndarray"), b"K\x00\x85", b"C\x01b") + REDUCE
    shape = bytes([75, len(columns)]) + b"K\x01\x86"
    data = b"C" + bytes([8 * len(columns)]) + bytes(8 * len(columns))
    values = (
        name("numpy.core.multiarray", "_reconstruct")
        + empty
        + tuple_of(b"K\x01", shape, kind, b"\x89", data)
        + BUILD
    )
    places = (
        name("builtins", "slice") + tuple_of(b"K\x00", bytes([75, len(columns)]), b"K\x01") + REDUCE
    )
    block = (
        name("pandas._libs.internals", "_unpickle_block")
        + tuple_of(values, places, b"K\x02")
        + REDUCE
    )
    axes = b"](" + index(*columns) + index("0") + b"e"
    manager = (
        name("pandas.core.internals.managers", "BlockManager")
        + tuple_of(block + b"\x85", axes)
        + REDUCE
    )
    return restored(FRAME, text("_mgr"), manager, text("_typ"), text("dataframe"))


def formula(formula: str, flag: str, data: bytes) -> bytes:
    return restored(
        DATA, text("formula"), text(formula), text("frame"), data, text(flag), b"\x88"
    )  # fmt: skip


def live(marker: str, flag: str) -> dict[str, bytes]:
    """Files that make the folder `marker`; `flag` is the key with which the installed statsmodels restores formulas."""
    code = f"__import__('os').mkdir({marker!r})"
    template = (
        f"{code}\ndef _parse_args(self): pass\n_parse_args_stats = _parse_args_rvs = _parse_args"
    )
    return {
        "formula": whole(formula(f"y ~ a + {code}", flag, frame("y", "a"))),
        "formula in C": whole(formula(f"y ~ C({code})", flag, frame("y", "a"))),
        "formula in I": whole(formula(f"y ~ I(a + {code})", flag, frame("y", "a"))),
        "formula of numpy": whole(formula(f"y ~ np.log({code})", flag, frame("y", "a"))),
        "distribution": whole(
            restored(
                ("scipy.stats._continuous_distns", "norm_gen"),
                text("_parse_arg_template"),
                text(template),
            )
        ),
    }


def bent() -> dict[str, bytes]:
    """Instances with a state that no model has, or calls of what is only restored. `numpy.exp` stands for any allowed name."""
    exp = name("numpy", "exp")
    reference = name("numpy", "exp")
    empty_frame = name(*FRAME) + NEW
    pandas_index = name("pandas.core.indexes.base", "_new_Index")
    cases = {
        "lightgbm opens a file": name(*BOOSTERS["lightgbm"]) + tuple_of(b"N", b"N", text("/etc/hosts")) + REDUCE,
        "xgboost opens a file": name(*BOOSTERS["xgboost"]) + tuple_of(b"N", b")", text("/etc/hosts")) + REDUCE,
        "catboost is called": name("catboost.core", "CatBoost") + tuple_of(b"}") + REDUCE,
        "lightgbm frees by a method": restored(
            BOOSTERS["lightgbm"], text("_handle"), b"N", text("_network"), b"\x88", text("free_network"), exp
        ),
        "lightgbm model is a number": restored(BOOSTERS["lightgbm"], text("_handle"), b"J\x41\x41\x41\x41"),
        "xgboost model is a number": restored(BOOSTERS["xgboost"], text("handle"), b"J\x41\x41\x41\x41"),
        "xgboost model is an array": restored(BOOSTERS["xgboost"], text("handle"), array(b"N")),
        "xgboost matrix": restored(("xgboost.core", "DMatrix"), text("handle"), b"J\x41\x41\x41\x41"),
        "lightgbm data": restored(("lightgbm.basic", "Dataset"), text("_handle"), b"J\x41\x41\x41\x41"),
        "attributes one by one": name(*BOOSTERS["lightgbm"]) + NEW + b"N}" + text("x") + b"K\x01s\x86" + BUILD,
        "method of a negative binomial": restored(
            ("statsmodels.discrete.discrete_model", "NegativeBinomial"), text("_initialize"), exp
        ),
        "formula over no table": formula("y ~ a", "restore_design_info", array(b"N")),
        "formula, joined by a stranger": restored(
            DATA, text("formula"), text("y ~ a"), text("orig_endog"),
            restored(("types", "SimpleNamespace"), text("join"), exp), text("restore_design_info"), b"\x88",
        ),
        "formula with a column of a function's name": formula("y ~ np.log(a)", "restore_design_info", frame("y", "a", "np")),
        "formula over an unreadable table": formula("y ~ np.log(a)", "restore_design_info", empty_frame),
        "formula is no text": restored(DATA, text("formula"), b"K\x01", text("restore_design_info"), b"\x88"),
        "pycaret opens a cache": restored(("pycaret.internal.pipeline", "Pipeline"), text("_memory"), text("/etc")),
        "pycaret asks a stranger": restored(("pycaret.internal.pipeline", "Pipeline"), text("_pycaret_versions"), exp),
        "unmemorized function": restored(("joblib.memory", "NotMemorizedFunc"), text("func"), exp),
        "cache that deletes": restored(("pycaret.internal.memory", "FastMemory"), text("location"), text("/etc")),
        "table with a function in it": restored(FRAME, text("_typ"), text("dataframe"), text("_mgr"), reference),
        "table with a stranger's manager": restored(
            FRAME, text("_typ"), text("dataframe"), text("_mgr"),
            restored(("types", "SimpleNamespace"), text("set_axis"), exp), text("index"), b"N",
        ),
        "table of a computed dict": name(*FRAME) + NEW + name("builtins", "dict")
        + b"](" + text("_mgr") + exp + b"\x86e\x85" + REDUCE + BUILD,
        "index of a function": pandas_index
        + tuple_of(name("pandas.core.indexes.base", "Index"), b"}" + text("data") + exp + b"s") + REDUCE,
        "index opens a time zone": name("pandas._libs.tslibs.timestamps", "Timestamp")
        + tuple_of(text("2020-01-01"), b"N", text("dateutil//etc/hosts")) + REDUCE,
        "index with keywords": b"\x80\x04" + name("pandas.core.indexes.base", "Index") + b")}"
        + text("data") + b"K\x01s\x92",
        "distribution with a method": restored(
            ("scipy.stats._continuous_distns", "norm_gen"), text("_attach_methods"), exp
        ),
        "item that is an attribute": name("scipy.optimize._optimize", "OptimizeResult") + NEW
        + text("__setstate__") + exp + b"s}" + BUILD,
        "bunch with such an item": name("copyreg", "_reconstructor")
        + tuple_of(name("statsmodels.tools.tools", "Bunch"), name("builtins", "dict"), b"}" + text("__setstate__") + exp + b"s")
        + REDUCE,
        "too many attributes": name("sklearn.svm._classes", "SVC") + NEW + b"}("
        + b"".join(b"M" + at.to_bytes(2, "little") + b"N" for at in range(20_001)) + b"u" + BUILD,
        "attributes of a computed dict": name("sklearn.svm._classes", "SVC") + NEW + b"N" + name("builtins", "dict")
        + b"](" + text("__class__") + exp + b"\x86e\x85" + REDUCE + b"\x86" + BUILD,
        "filter of a function": name("statsmodels.tsa.statespace._representation", "dStatespace") + tuple_of(exp) + REDUCE,
        "namespace of arguments": name("types", "SimpleNamespace") + tuple_of(b"}") + REDUCE,
    }  # fmt: skip
    return {case: whole(value) for case, value in cases.items()}
