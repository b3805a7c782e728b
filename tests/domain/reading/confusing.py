"""Joblib files that two loaders would read differently: what is an array's data to one is code to the other.

Each is a value inside an estimator that is otherwise clean. The two honest ones show that the place itself is no offence.
"""

import pickle

from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of


def within_a_model(value: bytes) -> bytes:
    """A fitted-looking estimator that keeps `value` in an attribute."""
    estimator = name("sklearn.svm._classes", "SVC") + b")\x81"
    state = text("x") + value + text("_sklearn_version") + text("1.7.2")
    return b"\x80\x02" + estimator + b"}(" + state + b"ub" + STOP


def _dtype(code: str, state: bytes = b"") -> bytes:
    return name("numpy", "dtype") + tuple_of(text(code), b"\x89", b"\x88") + REDUCE + state


def _array_state(dtype: bytes, *more: bytes, shape: bytes = b"K\x01\x85") -> bytes:
    subclass = text("subclass") + name("numpy", "ndarray")
    parts = (subclass, text("shape"), shape, text("order"), text("C"), text("dtype"), dtype, *more)
    return b"}(" + b"".join(parts) + b"u"


WRAPPER = name("joblib.numpy_pickle", "NumpyArrayWrapper")
INSTANCE = WRAPPER + b")\x81"
EIGHT = b"\0" * 8
HONEST_ARRAY = INSTANCE + _array_state(_dtype("f8")) + b"b" + EIGHT
HONEST_OLD_ARRAY = (
    name("copyreg", "_reconstructor") + tuple_of(WRAPPER, name("builtins", "object"), b"N") + REDUCE
    + _array_state(_dtype("f8")) + b"b" + EIGHT
)  # fmt: skip


def values() -> dict[str, bytes]:
    """Values that joblib would read with other borders than a reader who trusts appearances: what is data to one is code to the other."""
    state = _array_state(_dtype("f8")) + b"b"
    empty = b"}"
    objects = _dtype("O8")
    sized = tuple_of(b"K\x03", text("|"), b"N", b"N", b"N", b"K\x10", b"K\x01", b"K\x00") + b"b"
    flagged = (
        tuple_of(
            b"K\x03",
            text("|"),
            b"N",
            b"N",
            b"N",
            b"J\xff\xff\xff\xff",
            b"J\xff\xff\xff\xff",
            b"K\x01",
        )
        + b"b"
    )
    number = name("numpy.core.multiarray", "scalar")
    return {
        "instance by newObj": name("sklearn.neighbors._kd_tree", "newObj") + tuple_of(WRAPPER) + REDUCE + state,
        "instance by an index": name("pandas.core.indexes.base", "_new_Index") + tuple_of(WRAPPER, empty) + REDUCE + state,
        "instance handed back": number + tuple_of(objects, INSTANCE) + REDUCE + state,
        "instance by a generator": name("numpy.random._pickle", "__bit_generator_ctor") + tuple_of(WRAPPER) + REDUCE + state,
        "instance called": WRAPPER + tuple_of(b"K\x01") + REDUCE + state + EIGHT,
        "method replaced": INSTANCE + _array_state(_dtype("f8"), text("read"), name("numpy", "exp")) + b"b" + EIGHT,
        "attribute twice": INSTANCE + _array_state(_dtype("f8"), text("shape"), b")") + b"b" + EIGHT,
        "filled twice": INSTANCE + b"q\x01" + state + EIGHT + b"0h\x01" + state + EIGHT,
        "size of another type": INSTANCE + _array_state(_dtype("f8", sized)) + b"b" + EIGHT,
        "size not as named": INSTANCE + _array_state(_dtype("V8", sized)) + b"b" + EIGHT,
        "objects not as named": INSTANCE + _array_state(_dtype("f8", flagged)) + b"b" + EIGHT,
        "objects denied": INSTANCE + _array_state(_dtype("O8", flagged[:-3] + b"\x00tb")) + b"b" + pickle.dumps([], 2),
        "type from a class": INSTANCE
        + _array_state(name("numpy", "dtype") + tuple_of(name("numpy", "float64")) + REDUCE) + b"b" + EIGHT,
        "length computed": INSTANCE
        + _array_state(_dtype("f8"), shape=name("builtins", "int") + tuple_of(b"K\x01") + REDUCE + b"\x85") + b"b" + EIGHT,
        "append replaced": name("collections", "OrderedDict") + b")" + REDUCE
        + b"}" + text("extend") + name("numpy", "exp") + b"sb(K\x01e",
        "factory": name("collections", "defaultdict") + tuple_of(name("numpy", "exp")) + REDUCE,
        "text computed": name("_codecs", "encode") + tuple_of(text("a"), text("rot13")) + REDUCE,
        "array of another class": name("numpy.core.multiarray", "_reconstruct") + tuple_of(WRAPPER, b")", text("b")) + REDUCE,
    }  # fmt: skip
