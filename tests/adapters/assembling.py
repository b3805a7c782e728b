"""Pickles put together from their parts, which may be kept and had again: what is met more than once costs nothing to write."""

import gzip
import struct
from collections.abc import Callable, Iterable

from tests.domain.reading.malicious import STOP, name, text

NEW, BUILD, POP, NO_ARGS = b"\x81", b"b", b"0", b")"
LINEAR = name("sklearn.linear_model._base", "LinearRegression")
VERSION = text("_sklearn_version") + text("1.8.0")


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
    """A packed file that asks for an unknown name too, so that it cannot be clean."""
    unknown = name("their_library", "Thing") + POP
    return gzip.compress(b"\x80\x04" + unknown + b"".join(parts) + STOP)


def model(*parts: bytes) -> bytes:
    """Some values that are thrown away, and a model after them."""
    return packed(*parts, made(LINEAR, VERSION))


def named(made_by: Iterable[Callable[[], bytes]]) -> dict[str, Callable[[], bytes]]:
    return {function.__name__.replace("_", " "): function for function in made_by}
