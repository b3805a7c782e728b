"""Files of joblib before 0.10: read where all is in one file, else refused with what to do."""

import io
import pickle
import zlib

import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.reading.reader import read_model
from tests.domain.reading.confusing import within_a_model
from tests.domain.reading.malicious import REDUCE, STOP, name, text, tuple_of

ARRAY_ELSEWHERE = b")\x81}(" + text("filename") + text("model.pkl_01.npy") + b"ub"


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)


def old_form(data: bytes, *, blanks: int = 19) -> bytes:
    """joblib 0.9's form: a mark, the length in hex padded with blanks, and a zlib stream."""
    return b"ZF" + hex(len(data)).encode().ljust(blanks) + zlib.compress(data)


@pytest.mark.parametrize("blanks", [19, 20])
def test_a_model_in_one_compressed_file_is_read(blanks: int) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    found = read(old_form(pickle.dumps(model), blanks=blanks))
    assert (found.verdict, found.format, found.classes) == (
        Verdict.CLEAN,
        ModelFormat.JOBLIB,
        (0, 1),
    )


@pytest.mark.parametrize("wrapper", ["NDArrayWrapper", "ZNDArrayWrapper"])
@pytest.mark.parametrize("module", ["joblib.numpy_pickle", "joblib.numpy_pickle_compat"])
@pytest.mark.parametrize("form", [bytes, old_form])
def test_arrays_in_other_files_are_named_with_a_way_out(
    module: str, wrapper: str, form: type[bytes]
) -> None:
    with pytest.raises(UnreadableModel, match="other files beside it") as caught:
        read(form(within_a_model(name(module, wrapper) + ARRAY_ELSEWHERE)))
    assert caught.value.code is UnreadableCode.UNSUPPORTED
    assert "joblib.dump" in caught.value.next


def test_what_asked_for_commands_before_such_an_array_is_dangerous() -> None:
    evil = name("posix", "mkdir") + tuple_of(text("/x")) + REDUCE + b"0"
    array = name("joblib.numpy_pickle", "NDArrayWrapper") + ARRAY_ELSEWHERE
    assert read(b"\x80\x02" + evil + array + STOP).verdict is Verdict.DANGEROUS


def test_a_broken_old_file_is_broken() -> None:
    whole = old_form(pickle.dumps([1]))
    for broken in (whole[:-1], whole + b"\0", whole[:21]):
        with pytest.raises(UnreadableModel) as caught:
            read(broken)
        assert caught.value.code is UnreadableCode.CORRUPT
