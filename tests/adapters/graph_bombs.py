"""Pickles that share their parts, or hold themselves, so that whoever gathers facts from them would walk without end."""

import io
import struct
import zipfile
from collections.abc import Callable

from tests.adapters.assembling import (
    BUILD,
    LINEAR,
    NEW,
    NO_ARGS,
    POP,
    VERSION,
    dict_of,
    get,
    keep,
    list_of,
    long_tuple,
    made,
    many_keys,
    model,
    named,
    packed,
    put,
)
from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of

SEARCH = name("sklearn.model_selection._search", "GridSearchCV")
INNER = (
    "best_estimator_ estimator_ regressor_ classifier_ classifier regressor base_estimator_ estimator base_estimator"
)  # fmt: skip


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


GRAPH_BOMBS: dict[str, Callable[[], bytes]] = {
    **named(
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
        ]
    ),
    "branching searches": lambda: branching(20),
    "branching searches of one column": lambda: branching(20, text("n_features_in_") + b"K\x01"),
}
