"""Pickles that share their parts, or hold themselves: what is looked at more than once costs nothing to write.

All ask for an unknown name first, so that none of them is clean.
"""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterable

from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of

NEW, BUILD, POP, NO_ARGS = b"\x81", b"b", b"0", b")"
LINEAR = name("sklearn.linear_model._base", "LinearRegression")
SEARCH = name("sklearn.model_selection._search", "GridSearchCV")
VERSION = text("_sklearn_version") + text("1.8.0")
INNER = (
    "best_estimator_ estimator_ regressor_ classifier_ classifier regressor base_estimator_ estimator base_estimator"
)  # fmt: skip


def put(at: int) -> bytes:
    """Remember the topmost value."""
    return b"r" + struct.pack("<I", at)


def get(at: int) -> bytes:
    return b"j" + struct.pack("<I", at)


def keep(value: bytes, at: int) -> bytes:
    """Make a value and only remember it."""
    return value + put(at) + POP


def dict_of(*parts: bytes) -> bytes:
    return b"}(" + b"".join(parts) + b"u"


def list_of(*parts: bytes) -> bytes:
    return b"](" + b"".join(parts) + b"e"


def made(cls: bytes, *state: bytes) -> bytes:
    return cls + NO_ARGS + NEW + dict_of(*state) + BUILD


def long_tuple(length: int = 200_000) -> bytes:
    return b"(" + b"N" * length + b"t"


def many_keys(first: bytes, count: int = 19_000) -> bytes:
    """Pairs of a dict that is being filled."""
    return b"(" + keep(text("a"), 90) + (get(90) + first) * count + b"u"


def packed(*parts: bytes) -> bytes:
    unknown = name("their_library", "Thing") + POP
    return gzip.compress(b"\x80\x04" + unknown + b"".join(parts) + STOP)


def model(*parts: bytes) -> bytes:
    """Some values that are thrown away, and a model after them."""
    return packed(*parts, made(LINEAR, VERSION))


def pipeline_in_itself() -> bytes:
    step = tuple_of(text("a"), get(1))
    pipeline = name("sklearn.pipeline", "Pipeline") + NO_ARGS + NEW + put(1)
    return packed(pipeline, dict_of(text("steps"), list_of(step), VERSION), BUILD)


def branching(levels: int, *last: bytes) -> bytes:
    """Searches each of which has the next as nine attributes."""
    parts = [keep(made(LINEAR, VERSION), 100)]
    for level in range(100, 100 + levels):
        inner = b"".join(text(key) + get(level) for key in INNER.split())
        own = b"".join(last) if level == 99 + levels else b""
        parts.append(keep(made(SEARCH, inner, VERSION, own), level + 1))
    return packed(*parts, get(100 + levels))


def encoder_of_many_categories() -> bytes:
    """10,000 columns with the same 20,000 categories each."""
    categories = keep(list_of(b"K\x01" * 19_000), 1)
    encoder = name("sklearn.preprocessing._encoders", "OrdinalEncoder")
    columns = text("n_features_in_") + b"M\x10\x27"
    all_of_them = text("categories_") + list_of(get(1) * 10_000)
    return packed(categories, made(encoder, columns, all_of_them, VERSION))


def dict_that_grows_later() -> bytes:
    """Instances that share an empty dict, which is filled after it was looked at."""
    shared = keep(b"}", 1) + keep(LINEAR, 2)
    instances = list_of((get(2) + NO_ARGS + NEW + get(1) + BUILD) * 40_000)
    booster = made(name("xgboost.sklearn", "XGBModel"), text("all"), instances)
    return packed(shared, keep(booster, 3), get(1), many_keys(b"N"), POP, get(3))


def calls_with_the_same_arguments() -> bytes:
    shared = keep(long_tuple(20_000), 1) + keep(name("builtins", "object"), 2)
    calls = list_of((get(2) + get(1) + REDUCE) * 2_000)
    return packed(shared, made(name("xgboost.sklearn", "XGBModel"), text("all"), calls))


def broken_boosters() -> bytes:
    """Each is skimmed to its end, where it turns out to be none."""
    text_of_one = b'{"learner":{"a":[' + b'"",' * 20_000 + b"!"
    handle = keep(b"B" + struct.pack("<I", len(text_of_one)) + text_of_one, 1)
    state = keep(dict_of(text("handle"), name("builtins", "bytearray"), tuple_of(get(1)), REDUCE), 2)  # fmt: skip
    booster = keep(name("xgboost.core", "Booster"), 3)
    boosters = list_of((get(3) + NO_ARGS + NEW + get(2) + BUILD) * 5_000)
    root = made(name("xgboost.sklearn", "XGBModel"), text("all"), boosters)
    return packed(handle, state, booster, root)


def records_of_records() -> bytes:
    """Data types with two fields each, which are both of the type before."""
    new = name("numpy", "dtype") + tuple_of(text("V8"), b"\x89", b"\x88") + REDUCE
    parts = [keep(new, 100)]
    for level in range(100, 130):
        field = tuple_of(get(level), b"K\x00")
        fields = dict_of(text("a"), field, text("b"), field)
        state = tuple_of(b"K\x03", text("|"), b"N", b"N", fields, b"K\x08", b"K\x01", b"K\x00")
        parts.append(keep(new + state + BUILD, level + 1))
    return model(*parts)


def long_arguments() -> bytes:
    shared = keep(LINEAR, 1) + keep(long_tuple(), 2)
    return model(shared, (get(1) + get(2) + REDUCE + POP) * 100_000)


def long_states() -> bytes:
    shared = keep(name("builtins", "object"), 1) + keep(long_tuple(), 2)
    return model(shared, (get(1) + NO_ARGS + REDUCE + get(2) + BUILD + POP) * 100_000)


def _one_attribute(key: str, value: bytes) -> bytes:
    """Many instances that get the same long value under a name that has a rule."""
    shared = keep(LINEAR, 1) + keep(value, 2) + keep(text(key), 3)
    one = get(1) + NO_ARGS + NEW + b"}" + get(3) + get(2) + b"s" + BUILD + POP
    return model(shared, one * 100_000)


def rebuilt_with_many_attributes() -> bytes:
    shared = keep(b"}" + many_keys(b"N", 900), 2) + keep(name("copyreg", "_reconstructor"), 3)
    attributes = b"}(" + (keep(text("kw_args"), 4) + get(4) + get(2)) * 900 + b"u"
    args = keep(tuple_of(LINEAR, name("builtins", "dict"), attributes), 5)
    return model(shared, args, (get(3) + get(5) + REDUCE + POP) * 2_000)


def formulas() -> bytes:
    data = name("statsmodels.base.data", "PandasData")
    state = dict_of(text("formula"), text("y ~ " + " + ".join(["abc"] * 1_600)))
    shared = keep(data, 1) + keep(state, 2)
    return model(shared, (get(1) + NO_ARGS + NEW + get(2) + BUILD + POP) * 50_000)


def wide_letters() -> bytes:
    """Texts with one letter that takes four bytes, and as many empty dicts as there may be."""
    one = text("a" * 65_000 + "\U0001f600")
    noise = random.Random(1).randbytes(560_000)  # noqa: S311 - it only has to be incompressible
    padding = b"B" + struct.pack("<I", len(noise)) + noise + POP
    return model(padding, b"(", one * 1_500, b"}" * 690_000, b"1")


def arrays_of_objects() -> bytes:
    """Each is a pickle of its own behind joblib's wrapper."""
    new = name("numpy", "dtype") + tuple_of(text("O8"), b"\x89", b"\x88") + REDUCE
    wrapper = made(
        name("joblib.numpy_pickle", "NumpyArrayWrapper"),
        *(text("subclass"), name("numpy", "ndarray"), text("shape"), tuple_of(b"K\x01")),
        *(text("order"), text("C"), text("dtype"), new, text("allow_mmap"), b"\x89"),
    )
    return model((wrapper + b"\x80\x04" + b"N0" * 1_990_000 + b"N" + STOP + POP) * 8)


def own_code_of_long_names() -> bytes:
    shared = keep(name("types", "CodeType"), 1) + keep(text("a." * 30_000), 2)
    args = keep(tuple_of(b"C\x00", b")", tuple_of(get(2) * 20)), 3)
    return model(shared, args, (get(1) + get(3) + REDUCE + POP) * 5_000)


def _torch(pickle: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/data.pkl", b"\x80\x02" + pickle + STOP)
        archive.writestr("m/version", "3\n")
        archive.writestr("m/data/0", bytes(4))
    return file.getvalue()


def _layer(kind: str, modules: bytes, *more: bytes) -> bytes:
    groups = (text("_parameters") + b"}", text("_buffers") + b"}", text("_modules") + modules)
    return (
        name("torch.nn.modules.container", kind) + NO_ARGS + NEW + put(1)
        + dict_of(text("training"), b"\x89", *groups, *more) + BUILD
    )  # fmt: skip


def sequential_in_itself() -> bytes:
    return _torch(_layer("Sequential", dict_of(*(text(at) + get(1) for at in "012"))))


def layer_of_many_groups() -> bytes:
    shared = keep(b"}" + many_keys(b"N"), 2)
    return _torch(shared + _layer("ModuleList", b"}", (text("_modules") + get(2)) * 19_000))


def parameters_of_parameters() -> bytes:
    storage = tuple_of(
        text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), b"K\x01"
    )
    places = (b"K\x00", tuple_of(b"K\x00"), tuple_of(b"K\x01"), b"\x89", b"N")
    tensor = name("torch._utils", "_rebuild_tensor_v2") + tuple_of(storage + b"Q", *places) + REDUCE
    parts = [keep(tensor, 1), keep(name("torch._utils", "_rebuild_parameter"), 2)]
    again = get(2) + tuple_of(get(1), b"\x89", b"N") + REDUCE
    parts += [keep(again, 1)] * 800
    return _torch(b"".join(parts) + (again + POP) * 20_000 + made(LINEAR))


def _named(made_by: Iterable[Callable[[], bytes]]) -> dict[str, Callable[[], bytes]]:
    return {function.__name__.replace("_", " "): function for function in made_by}


GRAPH_BOMBS: dict[str, Callable[[], bytes]] = {
    **_named(
        [
            pipeline_in_itself,
            encoder_of_many_categories,
            dict_that_grows_later,
            calls_with_the_same_arguments,
            broken_boosters,
            records_of_records,
            sequential_in_itself,
            layer_of_many_groups,
            parameters_of_parameters,
            long_arguments,
            long_states,
            rebuilt_with_many_attributes,
            formulas,
            arrays_of_objects,
            wide_letters,
            own_code_of_long_names,
        ]
    ),
    "many keywords": lambda: _one_attribute("kw_args", b"}" + many_keys(b"N", 900)),
    "many responses": lambda: _one_attribute("stack_method", list_of(b"N" * 900)),
    "branching searches": lambda: branching(20),
    "branching searches of one column": lambda: branching(20, text("n_features_in_") + b"K\x01"),
}
