"""Models put together of allowed parts alone, so that the parts do more than compute: here, write a file or make a folder.

`live` are those that really do when they are loaded and asked for a prediction. Run as a program, it loads
the pickles that it reads as JSON, and asks each.
"""

import contextlib
import io
import json
import pickle
import sys
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import StackingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression
from sklearn.metrics._scorer import _PassthroughScorer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from statsmodels.regression.linear_model import OLS, RegressionResults

from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of


def live(marker: str) -> dict[str, bytes]:
    """By technique; each makes `marker`."""
    data = np.array([b"harmless"])
    last = _made(LinearRegression, coef_=np.ones(1), intercept_=0.0)
    writer = _made(
        StackingRegressor, estimators_=[data], stack_method_=["tofile"], passthrough=False
    )
    code = f"np.f2py.os.mkdir({marker!r})"
    design = _bare(LinearRegression, design_info=code, model_spec=code)
    model = _bare(OLS, formula="y ~ a", data=design)
    path = _function(np.sum, dtype=object, initial=marker, where=False)
    evaluated = f"a + I(np.f2py.os.mkdir({marker!r}))"
    table = pd.Series(["y ~ a", evaluated], index=["formula", "model_spec"], dtype=object)
    return {
        "a curve is built by a pipeline": pickle.dumps(
            _made(
                IsotonicRegression,
                X_thresholds_=_steps(writer, last),
                y_thresholds_=marker,
                _build_f=_PassthroughScorer.__new__(_PassthroughScorer),
            )
        ),
        "a stack asks for another method": pickle.dumps(_steps(path, writer, last)),
        "a function opens a file": pickle.dumps(
            _steps(path, _function(np.memmap, mode="w+", shape=(4,)), last)
        ),
        "a formula is kept as the parsed one": pickle.dumps(
            _bare(RegressionResults, model=model, params=np.ones(1), _data_attr=[])
        ),
        "a table answers for a model": _results(table),
        "a frozen table answers for a model": _results(_made(FrozenEstimator, estimator=table)),
        "a table answers for a model's data": _results(_bare(OLS, formula="y ~ a", data=table)),
    }


def latent() -> dict[str, bytes]:
    """Those that need other data or versions to bite, or would end the process."""
    vectorizer = {"input": "filename", "_sklearn_version": sklearn.__version__}
    flagless = _state("O8", b"N", b"N", b"J\xff\xff\xff\xff", b"K\x00")
    outside = b"}" + text("a") + _kind("f8") + b"M\xe8\x03\x86s"
    later = b"}q\x07" + text("a") + _kind("f4") + b"K\x00\x86s"
    pointers = b"h\x07" + text("a") + _kind("O8") + b"K\x00\x86s0"
    names = text("a") + b"\x85"
    stack = name("sklearn.ensemble._stacking", "StackingRegressor") + b")\x81}"
    return {
        "documents are files": b"\x80\x02"
        + name("sklearn.feature_extraction.text", "CountVectorizer")
        + b")\x81}("
        + b"".join(text(key) + text(value) for key, value in vectorizer.items())
        + b"ub"
        + STOP,
        "a text is handed on": pickle.dumps(_function(np.sum)),
        "bytes taken for addresses": _in_model(flagless),
        "fields out of bounds": _in_model(_state("V8", names, outside, b"K\x08", b"K\x00")),
        "fields exchanged later": _in_model(
            _state("V8", names, later, b"K\x08", b"K\x00") + pointers
        ),
        "methods named later": _in_model(
            stack + text("stack_method_") + b"]q\x07sbh\x07" + text("tofile") + b"a0"
        ),
        "a computed attribute": _in_model(
            stack
            + name("numpy.core.multiarray", "scalar")
            + tuple_of(_kind("U9"), b"C$" + "__class__".encode("utf-32-le"))
            + REDUCE
            + name("sklearn.svm._classes", "SVC")
            + b"sb"
        ),
        "attributes in a computed bunch": _in_model(
            name("sklearn.ensemble._stacking", "StackingRegressor")
            + b")\x81"
            + name("sklearn.utils._bunch", "Bunch")
            + b")\x81b"
        ),
        "a text made of an object": _in_model(name("builtins", "str") + b"N\x85" + REDUCE),
        **_hidden(),
    }


def _hidden() -> dict[str, bytes]:
    """What a rule looks for, where no rule looked: behind thousands of others, inside, or in another form."""
    pair = tuple_of(text("predict"), name("numpy", "memmap"))
    bunch = name("sklearn.utils._bunch", "Bunch") + name("builtins", "dict") + b"](" + pair + b"e"
    zone = "datetime64[ns, dateutil//etc/hostname]"
    index = b"}" + text("data") + b"]s" + text("dtype") + text(zone) + b"s"
    first, vectorizer = ["predict"] * 20_000, CountVectorizer().fit(["a text"])
    vectorizer.input = np.array(["filename"])
    joblib.dump(vectorizer, joined := io.BytesIO())
    return {
        "an array over any memory": _called("numpy", "ndarray", b"K\x01\x85", _kind("O8"), b"C\x08AAAAAAAA"),
        "an array over objects": _called("numpy.ma.core", "MaskedArray", name("builtins", "len")),
        "attributes as pairs": _in_model(name("copyreg", "_reconstructor") + b"(" + bunch + b"t" + REDUCE),
        "a method behind thousands": pickle.dumps(_made(StackingRegressor, stack_method_=[*first, "tofile"])),
        "a keyword behind thousands": _in_model(
            name("sklearn.preprocessing._function_transformer", "FunctionTransformer") + b")\x81}" + text("kw_args")
            + b"}(" + text("axis") + b"q\x07N" + b"h\x07N" * 20_000 + text("out") + text("x") + b"usb"
        ),
        "documents are files, said by an array": joined.getvalue(),
        "a file of time zones in a longer text": _called(
            "pandas.core.indexes.base", "_new_Index", name("pandas.core.indexes.base", "Index"), index
        ),
        "a memory map in a list": pickle.dumps(_made(LinearRegression, coef_=[(np.memmap,)])),
        "a memory map in a table": pickle.dumps(_made(LinearRegression, coef_=pd.Series([{"a": np.memmap}], dtype=object))),
    }  # fmt: skip


def _called(module: str, attribute: str, *args: bytes) -> bytes:
    return _in_model(name(module, attribute) + tuple_of(*args) + REDUCE)


def _results(model: object) -> bytes:
    return pickle.dumps(_bare(RegressionResults, model=model, params=np.ones(2), _data_attr=[]))


def _made(cls: type, **attributes: object) -> Any:
    return _bare(cls, _sklearn_version=sklearn.__version__, n_features_in_=1, **attributes)


def _bare(cls: type, **attributes: object) -> Any:
    made: Any = object.__new__(cls)
    made.__dict__.update(attributes)
    return made


def _steps(*steps: object) -> Any:
    named = [(f"s{at}", step) for at, step in enumerate(steps)]
    return _made(Pipeline, steps=named, memory=None, verbose=False, transform_input=None)


def _function(function: object, **keywords: object) -> Any:
    unused = dict.fromkeys(("inverse_func", "inv_kw_args", "feature_names_out"))
    flags = dict.fromkeys(("validate", "accept_sparse", "check_inverse"), False)
    return _made(FunctionTransformer, func=function, kw_args=keywords, **unused, **flags)


def _kind(code: str) -> bytes:
    return name("numpy", "dtype") + tuple_of(text(code), b"\x89", b"\x88") + REDUCE


def _state(code: str, names: bytes, fields: bytes, size: bytes, flags: bytes) -> bytes:
    """A data type that is told what it is by the file."""
    state = tuple_of(
        b"K\x03", text("|"), b"N", names, fields, size, b"J\xff\xff\xff\xff", flags
    )  # fmt: skip
    return _kind(code) + state + b"b"


def _in_model(value: bytes) -> bytes:
    state = text("x") + value + text("_sklearn_version") + text(sklearn.__version__)
    return b"\x80\x03" + name("sklearn.svm._classes", "SVC") + b")\x81}(" + state + b"ub" + STOP


def _ask(data: bytes) -> None:
    for asked in (np.ones((1, 1)), pd.DataFrame({"a": [1.0]})):
        with contextlib.suppress(Exception):
            pickle.loads(data).predict(asked)  # noqa: S301 - what it does is asked


if __name__ == "__main__":
    for hexed in json.load(sys.stdin):
        _ask(bytes.fromhex(hexed))
