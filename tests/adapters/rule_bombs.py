"""Pickles in which rules would look through one and the same long value again and again, or whose parts are many pickles."""

import random
import struct
from collections.abc import Callable

from tests.adapters.assembling import (
    BUILD,
    LINEAR,
    NEW,
    NO_ARGS,
    POP,
    dict_of,
    get,
    keep,
    list_of,
    long_tuple,
    made,
    many_keys,
    model,
    named,
)
from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of


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


def own_code_of_long_names() -> bytes:
    shared = keep(name("types", "CodeType"), 1) + keep(text("a." * 30_000), 2)
    args = keep(tuple_of(b"C\x00", b")", tuple_of(get(2) * 20)), 3)
    return model(shared, args, (get(1) + get(3) + REDUCE + POP) * 5_000)


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


RULE_BOMBS: dict[str, Callable[[], bytes]] = {
    **named(
        [
            long_arguments,
            long_states,
            rebuilt_with_many_attributes,
            formulas,
            own_code_of_long_names,
            wide_letters,
            arrays_of_objects,
        ]
    ),
    "many keywords": lambda: _one_attribute("kw_args", b"}" + many_keys(b"N", 900)),
    "many responses": lambda: _one_attribute("stack_method", list_of(b"N" * 900)),
}
