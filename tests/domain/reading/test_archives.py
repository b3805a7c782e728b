"""Zipped MLflow folders: archives that could lead an unpacker astray are refused, and folders with code are not clean."""

import io
import json
import pickle
import stat
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import cloudpickle
import pytest
import yaml
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from shared.domain.inspection import (
    Column,
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.members import open_member
from shared.domain.reading.limits import Limits
from shared.domain.reading.reader import read_model
from tests.domain.reading import confusing

MODEL = pickle.dumps(LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True)))
PYTHON = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl", "python_version": "3.10.4"}
SKLEARN = {
    "pickled_model": "model.pkl",
    "serialization_format": "pickle",
    "sklearn_version": "1.7.2",
}
INPUTS = [{"type": "double", "name": name, "required": True} for name in "abcd"]


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def folder(
    python: Mapping[str, Any] = PYTHON, sklearn: Mapping[str, Any] | None = SKLEARN, **more: Any
) -> dict[str, Any]:
    flavors = {"python_function": dict(python)} | ({"sklearn": dict(sklearn)} if sklearn else {})
    return {"MLmodel": yaml.safe_dump({"flavors": flavors} | more), "model.pkl": MODEL}


def read(data: bytes, limits: Limits = Limits()) -> Inspection:  # noqa: B008 - frozen
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load, limits)


def refusal(data: bytes, limits: Limits = Limits()) -> UnreadableModel:  # noqa: B008 - frozen
    with pytest.raises(UnreadableModel) as caught:
        read(data, limits)
    return caught.value


def test_a_folder_tells_its_versions_signature_and_sample() -> None:
    files = folder(signature={"inputs": json.dumps(INPUTS), "outputs": None})
    files["requirements.txt"] = (
        "mlflow==2.9\nScikit_Learn==1.7.2\nnumpy==1.26.4 # why\nother>=2\nevil==1;x\n"
    )
    found = read(zipped({f"m/{name}": data for name, data in files.items()}))
    assert (found.format, found.verdict, found.flavor) == (
        ModelFormat.MLFLOW,
        Verdict.CLEAN,
        "sklearn",
    )
    assert found.features == tuple(Column(name=name, type="double") for name in "abcd")
    assert (found.sample_row, found.python_version) == ((0.0,) * 4, "3.10.4")
    assert dict(found.libraries) == {"scikit-learn": "1.7.2", "numpy": "1.26.4"}
    assert dict(found.details) == {"requirements left out": "evil"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (folder(PYTHON | {"code": "code"}), "code/"),
        (folder(PYTHON | {"loader_module": "mlflow.pyfunc.model"}), "custom Python model"),
        (folder(PYTHON | {"loader_module": "theirs"}), "code of its own: 'theirs'"),
        (folder(PYTHON | {"loader_module": "mlflow.xgboost"}, None), "mlflow.xgboost"),
        (folder(PYTHON | {"predict_fn": "__reduce__"}), "unusual function"),
        (folder() | {"python_model.pkl": cloudpickle.dumps(lambda: 1)}, "Python code of its own"),
    ],
)
def test_a_folder_with_code_or_of_another_flavor_is_not_clean(
    files: dict[str, Any], said: str
) -> None:
    found = read(zipped(files))
    assert found.verdict is not Verdict.CLEAN
    assert any(said in reason for reason in found.reasons)


def test_a_hidden_pickle_is_judged_though_nothing_mentions_it() -> None:
    found = read(zipped(folder() | {"notes.txt": b"\x80\x02cposix\nmkdir\n(X\x01\x00\x00\x00xtR."}))
    assert (found.verdict, found.refused) == (Verdict.DANGEROUS, ("posix.mkdir",))


def test_joblib_arrays_in_a_folder_are_refused_for_pickle_would_run_their_bytes() -> None:
    data = zipped(folder() | {"model.pkl": confusing.within_a_model(confusing.HONEST_ARRAY)})
    assert "joblib" in refusal(data).reason


def test_what_is_not_looked_at_is_not_passed_on() -> None:
    found = read(
        zipped(
            folder(PYTHON | {"config": {"x": 1}, "env": "../x"}, metadata={"a": 1}, model_uuid="u")
        )
    )
    assert found.mlmodel is not None
    kept = json.loads(found.mlmodel)
    assert set(kept) == {"flavors", "model_uuid"}
    assert set(kept["flavors"]["python_function"]) == {"loader_module", "model_path", "predict_fn"}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x",
        "../x",
        "a/../../x",
        "a\\b",
        "C:/x",
        "C:x",
        "a//b",
        "./x",
        "a/./b",
        "a\nb",
        "x" * 400,
        "MLMODEL",
        "mlmodel/x",
    ],
)
def test_an_entry_with_an_unsafe_name_is_refused(name: str) -> None:
    assert refusal(zipped(folder() | {name: b"x"})).code is UnreadableCode.CORRUPT


def test_a_name_cut_by_a_null_is_refused() -> None:
    data = zipped(folder() | {"aXb": b"x"}).replace(b"aXb", b"a\0b")
    assert "unsafe name" in refusal(data).reason


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    file = io.BytesIO(zipped(folder()))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "no plain file" in refusal(file.getvalue()).reason


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused() -> None:
    file = io.BytesIO(zipped(folder()))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("model.pkl", b"x")
    assert "twice" in refusal(file.getvalue()).reason


def test_encrypted_entries_are_refused() -> None:
    data = bytearray(zipped(folder()))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "encrypted" in refusal(bytes(data)).reason


def test_sizes_that_only_fill_a_disk_are_refused() -> None:
    data = zipped(folder() | {"zeros": bytes(3_000_000)})
    assert refusal(data, Limits(free_ratio_below=1_000_000)).code is UnreadableCode.OVER_LIMITS
    assert refusal(data, Limits(unpacked=2_000_000)).code is UnreadableCode.OVER_LIMITS
    assert refusal(data, Limits(entries=2)).code is UnreadableCode.OVER_LIMITS
    assert read(data).verdict is Verdict.CLEAN


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(zipped(folder() | {"zeros": bytes(3_000_000)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    assert refusal(bytes(data)).code is UnreadableCode.CORRUPT


@pytest.mark.parametrize("cut", [10, 100, -1, -30])
def test_a_broken_archive_is_refused(cut: int) -> None:
    assert refusal(zipped(folder())[:cut]).code is UnreadableCode.CORRUPT


def test_a_changed_byte_is_found_by_its_checksum() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in folder().items():
            archive.writestr(name, content)
    data = bytearray(file.getvalue())
    data[data.index(b"intercept_scaling")] ^= 1
    assert refusal(bytes(data)).code is UnreadableCode.CORRUPT


@pytest.mark.parametrize(
    "document", ["", "[1]", "flavors: 1", "flavors: {python_function: 1}", "{1: 2}"]
)
def test_an_mlmodel_of_another_shape_is_refused(document: str) -> None:
    assert refusal(zipped(folder() | {"MLmodel": document})).code is UnreadableCode.CORRUPT


def test_a_model_that_is_not_where_mlmodel_says_is_refused() -> None:
    error = refusal(
        zipped(
            folder(
                sklearn=SKLEARN | {"serialization_format": "skops", "pickled_model": "model.skops"}
            )
        )
    )
    assert error.code is UnreadableCode.CORRUPT
    assert "model.skops, which is not in the archive" in error.reason
    assert "Zip the whole folder" in error.next


def test_a_model_in_a_folder_of_another_form_is_refused_as_that() -> None:
    files = folder() | {"model.pkl/part": b"x"}
    del files["model.pkl"]
    error = refusal(zipped(files))
    assert error.code is UnreadableCode.UNSUPPORTED
    assert "in a form that is not read here (model.pkl)" in error.reason


def test_macos_extras_are_left_out() -> None:
    data = zipped(
        {"m/" + name: content for name, content in folder().items()}
        | {"__MACOSX/m/._MLmodel": "x", "m/.DS_Store": "x"}
    )
    assert read(data).verdict is Verdict.CLEAN
    assert [entry.name for entry in Archive(io.BytesIO(data), len(data), Limits()).entries] == [
        "m/MLmodel",
        "m/model.pkl",
    ]


def test_a_member_streams_as_it_was_zipped() -> None:
    assert open_member(io.BytesIO(zipped(folder())), "model.pkl").read() == MODEL
