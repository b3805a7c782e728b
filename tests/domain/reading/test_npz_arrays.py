"""Zipped numpy arrays: said to be no model, and pickles in them are judged all the same."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from shared.domain.inspection import UnreadableCode, Verdict
from tests.domain.reading.answers import inspect, is_trusted, refusal


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        import posix  # noqa: PLC0415 - named only here

        return posix.mkdir, ("/nowhere/at/all",)


def saved(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_arrays_are_told_and_are_no_model() -> None:
    records = np.array([("a", (1, 2))], dtype=[("name", "U3"), ("pair", "i4", (2,))])
    error = refusal(saved(x=np.zeros((2, 3), np.float32), y=records))
    assert error.code is UnreadableCode.NOT_A_MODEL
    assert "x.npy [2, 3] of <f4" in error.reason
    assert "pickle, joblib, skops or MLflow" in error.next


def test_a_pickle_in_an_array_of_objects_is_judged() -> None:
    assert inspect(saved(x=np.array([Evil()], dtype=object))).verdict is Verdict.DANGEROUS
    assert refusal(saved(x=np.array([1, "a"], dtype=object))).code is UnreadableCode.NOT_A_MODEL


def _npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + data  # fmt: skip


HEADERS = {
    "no magic": b"NUMPY",
    "unknown version": _npy("{}", version=b"\x09\x00"),
    "code instead of a header": _npy("__import__('posix').mkdir('/nowhere')"),
    "missing keys": _npy("{'descr': '<f8'}"),
    "negative shape": _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
    "huge shape": _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999, 9999999999)}"),
    "shape of a text": _npy("{'descr': '<f8', 'fortran_order': False, 'shape': 'a'}"),
    "unknown type": _npy("{'descr': 'zz', 'fortran_order': False, 'shape': ()}"),
    "type of a dict": _npy("{'descr': {}, 'fortran_order': False, 'shape': ()}"),
    "record of a number": _npy("{'descr': [1], 'fortran_order': False, 'shape': ()}"),
    "deep": _npy("(" * 9_000),
    "deep lists": _npy("[" * 9_000),
    "long": _npy(" " * 70_000, version=b"\x02\x00"),
    "longer than the file": b"\x93NUMPY\x02\x00\xff\xff\x00\x00{}",
    "no pickle after objects": _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\xff"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_broken_arrays_are_refused(name: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", HEADERS[name])
    assert not is_trusted(file.getvalue())
