"""What the reader tells about real models, however they were saved."""

import io
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from shared.domain.inspection import (
    Column,
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.inspection_json import parse_inspection, render_inspection
from shared.domain.reading.reader import read_model
from shared.domain.scoring import sample_payload

X, Y = load_iris(return_X_y=True)
PEOPLE = pd.DataFrame(
    {
        "age": [20.0, 30, 40, 50],
        "city": ["Bonn", "Rom", "Bonn", "Ulm"],
        "class": [1, 2, 3, 1],
        "note": list("abcd"),
    }
)
ANSWERS = np.array(["no", "yes", "no", "yes"])

ESTIMATORS: dict[str, Callable[[], Any]] = {
    "logistic regression": lambda: LogisticRegression(max_iter=500),
    "scaled forest": lambda: Pipeline(
        [("scale", StandardScaler()), ("forest", RandomForestClassifier(5))]
    ),
    "neighbours": KNeighborsClassifier,
    "support vectors": SVC,
    "boosting": lambda: GradientBoostingClassifier(n_estimators=3),
    "histogram boosting": lambda: HistGradientBoostingRegressor(max_iter=3),
    "gradient descent": SGDClassifier,
    "search": lambda: GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=2),
    "selection and ufunc": lambda: Pipeline(
        [
            ("log", FunctionTransformer(np.log1p)),
            ("best", SelectKBest(f_classif, k=2)),
            ("lr", LogisticRegression()),
        ]
    ),
}


def _joblib(compress: Any) -> Callable[[Any], bytes]:
    def dump(model: Any) -> bytes:
        file = io.BytesIO()
        joblib.dump(model, file, compress=compress)
        return file.getvalue()

    return dump


WRITERS: dict[str, Callable[[Any], bytes]] = {
    **{f"pickle {protocol}": partial(pickle.dumps, protocol=protocol) for protocol in range(6)},
    "cloudpickle": cloudpickle.dumps,
    "joblib": _joblib(0),
    "joblib 3": _joblib(3),
    **{f"joblib {name}": _joblib((name, 3)) for name in ("gzip", "bz2", "xz", "lzma")},
}


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)


def people_model() -> Pipeline:
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [
            ("numbers", numbers, ["age"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), PEOPLE.columns[1:3]),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(PEOPLE, ANSWERS)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_is_clean_and_described_alike_however_it_was_saved(name: str) -> None:
    model = ESTIMATORS[name]().fit(X, Y)
    expected = (
        f"sklearn.{type(model).__module__.split('.')[1]}.{type(model).__name__}",
        (("scikit-learn", "1.7.2"),),
    )
    for writer, dump in WRITERS.items():
        found = read(dump(model))
        assert (found.verdict, found.refused, found.reasons) == (Verdict.CLEAN, (), ()), writer
        assert (found.estimator, found.libraries) == expected, writer
        assert found.features == (Column(name=None, type="double"),) * 4, writer
        assert found.classes == (() if "histogram" in name else (0, 1, 2)), writer


def test_columns_have_names_types_and_a_sample_from_the_file() -> None:
    for dump in WRITERS.values():
        found = read(dump(people_model()))
        assert found.named_features
        assert [(column.name, column.type) for column in found.features] == [
            ("age", "double"),
            ("city", "string"),
            ("class", "long"),
        ]
        assert found.sample_row == (35.0, "Bonn", 1)
        assert found.classes == ("no", "yes")


def test_the_format_and_its_writer_are_told_by_content() -> None:
    model = LogisticRegression().fit(X[:100], Y[:100])
    told = {writer: read(dump(model)) for writer, dump in WRITERS.items()}
    assert {told[f"pickle {protocol}"].format for protocol in range(6)} == {ModelFormat.PICKLE}
    assert {found.format for writer, found in told.items() if "joblib" in writer} == {
        ModelFormat.JOBLIB
    }
    assert [told[f"joblib {kind}"].compression for kind in ("3", "gzip", "bz2", "xz", "lzma")] == [
        "zlib",
        "gzip",
        "bz2",
        "xz",
        "lzma",
    ]


def test_a_model_of_texts_is_called_with_a_list_of_them() -> None:
    model = make_pipeline(TfidfVectorizer(), SVC())
    search = GridSearchCV(model, {"svc__C": [1]}, cv=2)
    for each in (model, search):
        found = read(pickle.dumps(each.fit(["a fish", "a tree", "fish", "tree"], [0, 1, 0, 1])))
        payload = sample_payload(found)
        assert (found.features, payload) == ((), {"input_data": ["a text"]})
        assert each.predict(["a text"]).shape == (1,)
        assert parse_inspection(render_inspection(found)) == found
    files = make_pipeline(TfidfVectorizer(input="filename"), SVC())
    assert sample_payload(read(pickle.dumps(files))) is None


def test_an_inspection_survives_its_json_form() -> None:
    found = read(pickle.dumps(people_model()))
    assert parse_inspection(render_inspection(found)) == found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "fine"),
        ("size", "1"),
        ("classes", [[1]]),
        ("features", [["a"]]),
        ("more", 1),
        ("schema_version", 2),
    ],
)
def test_a_changed_json_form_is_refused(field: str, value: object) -> None:
    document = render_inspection(read(pickle.dumps(people_model()))) | {field: value}
    with pytest.raises(ValueError, match=r"inspection|Verdict"):
        parse_inspection(document)


def test_a_function_of_ones_own_is_reported_as_code() -> None:
    model = FunctionTransformer(lambda rows: rows).fit(X)
    found = read(cloudpickle.dumps(model))
    assert found.verdict is not Verdict.CLEAN
    assert found.written_by == "cloudpickle"
    assert "Python code of its own" in " ".join(found.reasons)


SCRIPTED = b"\x80\x04\x8c\x08__main__\x8c%c%s\x93)\x81."


def test_a_class_of_a_notebook_is_unknown_with_the_way_out() -> None:
    found = read(SCRIPTED % (8, b"MyScaler"))
    assert (found.verdict, found.refused) == (Verdict.UNKNOWN, ("__main__.MyScaler",))
    assert "classes or functions of your own, defined in a script or notebook" in found.reasons[0]
    assert found.obstacle is not None
    assert "__main__.MyScaler" in found.obstacle.why
    assert "module of a package" in found.obstacle.next


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "np.os.system",
        "system",
        "eval",
        "__builtins__",
        "__builtins__.eval",
        "My.method",
    ],
)
def test_what_is_more_than_a_plain_name_of_a_notebook_stays_dangerous(name: str) -> None:
    found = read(SCRIPTED % (len(name), name.encode()))
    assert found.verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("value", [{"a": 1}, [1], np.zeros(3), "text", StandardScaler])
def test_what_is_no_estimator_is_no_model(value: object) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read(pickle.dumps(value))
    assert caught.value.code is UnreadableCode.NOT_A_MODEL


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"model": SVC().fit(X, Y), "features": ["a"]}, "a dict that holds one: SVC at 'model'."),
        ([SVC().fit(X, Y)], "a list that holds one: SVC at 0."),
        (None, "None"),
        (StandardScaler, "the class sklearn.preprocessing.StandardScaler, and no fitted instance"),
        (np.zeros(3), "a numpy array"),
        (np.float64(1), "a number"),
        (PEOPLE, "a pandas DataFrame"),
        ({"a": 1}, "a dict"),
        (b"bytes", "bytes"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_named_as_a_person_would(value: object, told: str) -> None:
    for dump in (pickle.dumps, partial(pickle.dumps, protocol=0), _joblib(0)):
        with pytest.raises(UnreadableModel) as caught:
            read(dump(value))
        assert told in caught.value.reason


def test_where_a_model_lies_is_told_with_what_to_save_instead() -> None:
    model, scaler = SVC().fit(X, Y), StandardScaler().fit(X)
    with pytest.raises(UnreadableModel) as alone:
        read(pickle.dumps({"model": model}))
    with pytest.raises(UnreadableModel) as several:
        read(pickle.dumps({"model": model, "scaler": scaler}))

    assert "Save what is at 'model' alone" in alone.value.next
    assert "SVC at 'model', StandardScaler at 'scaler'" in several.value.reason
    assert "one pipeline" in several.value.next


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"\x89PNG\r\n\x1a\n", b"\x00" * 100])
def test_a_file_of_another_kind_is_no_model(data: bytes) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read(data)
    assert caught.value.code is UnreadableCode.NOT_A_MODEL


@pytest.mark.parametrize(
    ("data", "named", "remedy"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html></html>", "web page", "Download the model's own file"),
        (b"\xef\xbb\xbf\n <HTML lang=en>", "web page", "Download the model's own file"),
    ],
)  # fmt: skip
def test_what_is_often_uploaded_in_a_models_place_is_named(
    data: bytes, named: str, remedy: str
) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read(data)
    assert caught.value.code is UnreadableCode.NOT_A_MODEL
    assert named in caught.value.reason
    assert remedy in caught.value.next


def test_a_cut_or_lengthened_file_is_broken() -> None:
    for writer, dump in WRITERS.items():
        data = dump(people_model())
        for broken in (data[:-1], data[: len(data) // 2], data + b"\0", data + data):
            with pytest.raises(UnreadableModel) as caught:
                read(broken)
            assert caught.value.code in (UnreadableCode.CORRUPT, UnreadableCode.NOT_A_MODEL), writer


def test_a_long_array_is_skipped_without_losing_the_way() -> None:
    model = KNeighborsClassifier().fit(
        np.random.default_rng(1).normal(size=(20_000, 8)), np.arange(20_000) % 3
    )
    for dump in WRITERS.values():
        found = read(dump(model))
        assert (found.verdict, len(found.features), found.classes) == (Verdict.CLEAN, 8, (0, 1, 2))


def test_joblib_s_older_form_without_alignment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.numpy_pickle.NumpyArrayWrapper.__init__", _old_wrapper)
    data = _joblib(0)(LogisticRegression().fit(X[:100], Y[:100]))
    assert b"numpy_array_alignment_bytes" not in data
    assert read(data).classes == (0, 1)


def _old_wrapper(self: Any, subclass: Any, shape: Any, order: Any, dtype: Any, **rest: Any) -> None:
    self.subclass, self.shape, self.order, self.dtype = subclass, shape, order, dtype
    self.allow_mmap = rest.get("allow_mmap", False)


def test_a_zip_without_a_model_is_no_model() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(UnreadableModel, match="no MLmodel") as caught:
        read(file.getvalue())
    assert caught.value.code is UnreadableCode.NOT_A_MODEL
