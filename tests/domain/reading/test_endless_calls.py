"""Calls of Python's own containers and numbers that would take all memory or time of whoever loads the file."""

import pickle
from collections import OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from shared.domain.inspection import Verdict
from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of
from tests.domain.reading.rezipped import verdict

MANY = b"\x8a\x06" + (10**12).to_bytes(6, "little")
LONG_TEXT = text("1E+999999999")


def called(module: str, attribute: str, *args: bytes) -> bytes:
    return name(module, attribute) + tuple_of(*args) + REDUCE


RANGE = called("builtins", "range", MANY)
DECIMAL = called("decimal", "Decimal", LONG_TEXT)


def within_a_model(value: bytes) -> bytes:
    model = pickle.dumps(LinearRegression(), 2)[2:-1]
    return b"\x80\x02" + value + b"0" + model + STOP


@pytest.mark.parametrize(
    "call",
    [
        called("builtins", "bytes", MANY),
        called("builtins", "bytearray", MANY),
        called("builtins", "bytearray", called("builtins", "int", MANY)),
        *(called("builtins", kind, RANGE) for kind in ("list", "tuple", "set", "frozenset")),
        called("collections", "deque", RANGE),
        called("builtins", "dict", b"](" + RANGE + b"e"),
        called("collections", "OrderedDict", b"](" + RANGE + b"e"),
        called("collections", "defaultdict", b"N", b"](" + RANGE + b"e"),
        called("builtins", "int", DECIMAL),
        called("fractions", "Fraction", DECIMAL),
        called("fractions", "Fraction", LONG_TEXT),
        called("numpy.random.bit_generator", "SeedSequence", b"K\x00", b")", MANY),
        called("scipy.sparse._csr", "csr_matrix", tuple_of(MANY, b"K\x01")),
        called(
            "numpy.core.multiarray", "_reconstruct",
            name("numpy", "ndarray"), tuple_of(MANY), text("O"),
        ),
    ],
)  # fmt: skip
def test_a_call_that_would_not_end_or_take_all_memory_is_dangerous(call: bytes) -> None:
    assert verdict(within_a_model(call)) is Verdict.DANGEROUS


@pytest.mark.parametrize("protocol", range(6))
def test_what_models_keep_of_such_values_is_clean(protocol: int) -> None:
    model = LinearRegression()
    model.extra_ = [
        *(b"", b"bytes", bytearray(), bytearray(b"\xff"), Fraction(-1, 3), Decimal("1E+9")),
        *(range(10**12), {1}, frozenset({1}), deque([1]), defaultdict(list), defaultdict(None)),
        *(OrderedDict([("a", 1)]), np.arange(3), np.ma.masked_array([1], [True]), 10**30),
    ]
    assert verdict(pickle.dumps(model, protocol)) is Verdict.CLEAN
