"""Whatever the bytes, the reader answers with an inspection or with its own typed error, and never calls a guess clean."""

import contextlib
import io
import pickle
import pickletools
import zipfile
import zlib
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

import joblib
import numpy as np
import yaml
from hypothesis import given, settings, strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.reading.limits import Limits
from shared.domain.reading.reader import read_model
from shared.domain.reading.trust.allowed import BUILDERS, MENTIONED, RESTORED
from shared.domain.reading.trust.names import ALLOWED, judge_name
from tests.corpus.keeping import FOLDER

SMALL = Limits(
    opcodes=20_000,
    objects=5_000,
    memo=5_000,
    stack=5_000,
    unpacked=1_000_000,
    free_ratio_below=100_000,
)
OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


_OTHER_LIBRARIES = (
    "statsmodels-0.15.0/ols-formula.pickle",
    "lightgbm-3.3.5/LGBMClassifier-texts.pickle-4",
    "xgboost-3.2.0/XGBClassifier.pickle-2",
    "catboost-1.2.10/CatBoostClassifier.pickle-4",
    "pycaret-3.3.2/regression-ridge.pkl",
    "sklearn-1.7.2/people.joblib-lz4",
)


def _seeds() -> list[bytes]:
    model = Pipeline([("s", StandardScaler()), ("m", LogisticRegression())]).fit(
        np.eye(4), [0, 1, 0, 1]
    )
    seeds = [pickle.dumps(model, protocol) for protocol in range(6)]
    for compress in (0, 3, ("bz2", 1), ("xz", 1)):
        file = io.BytesIO()
        joblib.dump(model, file, compress=compress)
        seeds.append(file.getvalue())
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w") as archive:
        archive.writestr(
            "MLmodel", "flavors: {python_function: {loader_module: mlflow.sklearn}, sklearn: {}}"
        )
        archive.writestr("model.pkl", seeds[4])
    others = [(FOLDER / name).read_bytes() for name in _OTHER_LIBRARIES]
    return [*seeds, folder.getvalue(), *others]


SEEDS = _seeds()


def answer(data: bytes) -> Inspection | UnreadableModel:
    try:
        return read_model(io.BytesIO(data), len(data), "0" * 64, _parse_yaml, SMALL)
    except UnreadableModel as error:
        return error


def _parse_yaml(data: bytes) -> object:
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError):
        return None


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_get_a_typed_answer(data: bytes) -> None:
    assert isinstance(answer(data), UnreadableModel | Inspection)


@given(
    st.lists(st.sampled_from(OPCODES) | st.binary(max_size=6), max_size=40),
    st.sampled_from([b"", b"\x80\x02", b"\x80\x04"]),
)
@settings(max_examples=300, deadline=None)
def test_any_row_of_instructions_gets_a_typed_answer_that_is_not_clean(
    parts: list[bytes], start: bytes
) -> None:
    found = answer(start + b"".join(parts) + b".")
    assert isinstance(found, UnreadableModel) or found.verdict is not Verdict.CLEAN


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_model_gets_a_typed_answer(seed: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(seed) - 1))
    until = data.draw(st.integers(at, min(len(seed), at + 20)))
    changed = seed[:at] + data.draw(st.binary(max_size=12)) + seed[until:]
    found = answer(changed)
    if isinstance(found, Inspection) and found.verdict is Verdict.CLEAN:
        assert all(judge_name(*name.rpartition(".")[::2]) in ALLOWED for name in found.names)


class _Inert:
    """Stands for whatever is looked up; takes every call and every state."""

    def __init__(self, *args: object, **keywords: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    append = extend = add = __setitem__ = __init__


class _Recording(pickle._Unpickler):
    """Python's own unpickler, which only notes the names it would have looked up."""

    asked: set[str]
    proto: int

    def find_class(self, module: str, name: str) -> type[_Inert]:
        if self.proto < 3:
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[(module, name)]
            else:
                module = IMPORT_MAPPING.get(module, module)
        self.asked.add(f"{module}.{name}")
        return _Inert


def _asked_by_python(data: bytes) -> set[str]:
    unpickler = _Recording(io.BytesIO(data))
    unpickler.asked = set()
    with contextlib.suppress(Exception):
        unpickler.load()
    return unpickler.asked


@given(st.sampled_from(SEEDS[:6]), st.data())
@settings(max_examples=300, deadline=None)
def test_no_name_that_python_would_look_up_is_missed_in_a_file_not_called_dangerous(
    seed: bytes, data: st.DataObject
) -> None:
    changed = seed
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        piece = data.draw(st.sampled_from([*OPCODES, b"cos\nopen\n", b"h\x01", b"q\x01"]))
        changed = changed[:at] + piece + changed[at + data.draw(st.integers(0, 3)) :]
    found = answer(changed)
    if isinstance(found, Inspection) and found.verdict is not Verdict.DANGEROUS:
        assert _asked_by_python(changed) <= set(found.names)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_compressed_bytes_get_a_typed_answer(data: bytes) -> None:
    assert isinstance(answer(zlib.compress(data)), UnreadableModel | Inspection)


@given(
    st.from_regex(r"[a-z_]{1,12}(\.[a-z_]{1,12}){0,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z_.]{1,15}", fullmatch=True),
)
def test_a_name_that_is_not_listed_is_never_allowed(module: str, name: str) -> None:
    full = f"{module}.{name}"
    if full not in BUILDERS | MENTIONED | RESTORED and not module.startswith(("sklearn", "_loss")):
        assert judge_name(module, name) not in ALLOWED
