"""Python code that a file brings along is never clean: unknown where cloudpickle rebuilds it, dangerous where it does more."""

import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.domain.inspection import Inspection, Verdict
from tests.domain.reading.answers import inspect
from tests.domain.reading.malicious import calling, name, text, tuple_of

NOTEBOOK = '''
import os
import numpy as np

class Scaler(TransformerMixin, BaseEstimator):
    """Doubles."""
    kinds = ("one", "two")
    def __init__(self, factor=2):
        self.factor = factor
    @property
    def twice(self):
        return self.factor * 2
    @staticmethod
    def make(factor):
        return Scaler(factor)
    def fit(self, rows, answers=None):
        self.mean_ = np.mean(rows)
        return self
    def transform(self, rows):
        return super().transform(rows) if hasattr(super(), "transform") else rows * self.factor

class Rule:
    def predict(self, context, rows):
        return [row * 2 for row in rows]

class Calls:
    def __reduce__(self):
        return log, (1,)

def log(rows):
    return np.log1p(rows)

def by_import(rows):
    import subprocess
    return subprocess.run(rows)

def by_global(rows):
    return os.system(rows)

def by_text(rows):
    return eval(rows)

def inside(rows):
    return [open(row) for row in rows]

def hidden(rows):
    return getattr(np, "o" + "s")

def by_class(rows):
    return ().__class__.__base__.__subclasses__()
'''
HONEST = ("Rule", "log")
REACHING = ("by_import", "by_global", "by_text", "inside", "hidden", "by_class")


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    names: dict[str, Any] = {
        "__name__": "__main__",
        "BaseEstimator": BaseEstimator,
        "TransformerMixin": TransformerMixin,
    }
    exec(NOTEBOOK, names)  # noqa: S102 - what a notebook does
    return names


def by_value(value: object) -> Inspection:
    return inspect(cloudpickle.dumps(value))


@pytest.mark.parametrize("kind", HONEST)
def test_code_by_value_is_unknown(kind: str, notebook: dict[str, Any]) -> None:
    for value in (notebook[kind], [notebook[kind]], FunctionTransformer(notebook[kind])):
        found = by_value(value)
        assert found.verdict is Verdict.UNKNOWN, found.reasons
        assert "Python code of its own" in found.reasons[0]
        assert "module of a package" in found.reasons[0]


def test_a_step_of_ones_own_is_unknown_in_a_pipeline(notebook: dict[str, Any]) -> None:
    rows = np.arange(6.0).reshape(3, 2)
    model = make_pipeline(notebook["Scaler"](), LinearRegression()).fit(rows, [0, 1, 2])

    found = by_value(model)
    assert found.verdict is Verdict.UNKNOWN, found.reasons
    assert (found.estimator, found.obstacle) == ("sklearn.pipeline.Pipeline", None)


@pytest.mark.parametrize("kind", REACHING)
def test_code_that_names_commands_or_files_is_dangerous(
    kind: str, notebook: dict[str, Any]
) -> None:
    found = by_value(FunctionTransformer(notebook[kind]))
    assert found.verdict is Verdict.DANGEROUS
    assert "can run commands or reach files: it names" in found.reasons[0]


def test_code_that_is_called_while_loading_is_dangerous(notebook: dict[str, Any]) -> None:
    assert by_value(notebook["Calls"]()).verdict is Verdict.DANGEROUS


_MODULE = "cloudpickle.cloudpickle"
_STATE = tuple_of(b"}", b"}")
_CODE_TYPE = name(_MODULE, "_builtin_type") + tuple_of(text("CodeType")) + b"R"
DOES_MORE: dict[str, bytes] = {
    "changes a class of a library": calling(_MODULE, "_class_setstate", name("sklearn.svm", "SVC"), _STATE),
    "changes a function of a library": calling(_MODULE, "_function_setstate", name("numpy", "mean"), _STATE),
    "imports os": calling(_MODULE, "subimport", text("os")),
    "imports os.path": calling(_MODULE, "subimport", text("os.path")),
    "loads a pickle": calling(_MODULE, "loads", b"C\x01."),
    "loads a pickle by dots": calling("mlflow.pyfunc.model", "cloudpickle.loads", b"C\x01."),
    "evaluates by dots": calling(_MODULE, "builtins.eval", text("1")),
    "makes a class by type": calling("builtins", "type", text("X"), b")", b"}"),
    "makes another type": b"\x80\x02" + name(_MODULE, "_builtin_type") + tuple_of(text("FunctionType")) + b"R)R.",
    "names computed": b"\x80\x03" + _CODE_TYPE + tuple_of(b"C\x01d", b")", tuple_of(name("builtins", "str") + b")R")) + b"R.",
    "names left out": b"\x80\x03" + _CODE_TYPE + tuple_of(b"C\x01d", b")") + b"R.",
    "names in a list": b"\x80\x03" + name("types", "CodeType") + tuple_of(b"C\x01d", b")", b"]") + b"R.",
    "a property of a library's": calling("builtins", "property", name("numpy", "mean")),
}  # fmt: skip


@pytest.mark.parametrize("what", DOES_MORE)
def test_machinery_of_cloudpickle_that_does_more_than_rebuild_is_dangerous(what: str) -> None:
    assert inspect(DOES_MORE[what]).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("dump", [pickle.dumps, cloudpickle.dumps])
def test_what_is_saved_by_name_brings_no_code(dump: Callable[[object], bytes]) -> None:
    found = inspect(
        dump(make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit([[1.0]], [1]))
    )
    assert found.verdict is Verdict.CLEAN
