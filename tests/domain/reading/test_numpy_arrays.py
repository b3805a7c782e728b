"""numpy's own files are data, and one of Python objects is judged as the pickle that it is."""

import io
import pickle

import numpy as np
import pytest
import yaml

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel, Verdict
from shared.domain.reading.reader import read_model
from tests.domain.reading import malicious


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "array", [np.zeros((3, 2)), np.array(["a"]), np.array(["a", None], dtype=object)]
)
def test_an_array_is_data_and_not_a_model(array: np.ndarray) -> None:
    with pytest.raises(UnreadableModel, match="data, and not a model") as caught:
        read(saved(array))
    assert caught.value.code is UnreadableCode.NOT_A_MODEL


@pytest.mark.parametrize("sample", ["reduce", "eval", "stack global", "broken after"])
def test_an_array_of_objects_that_would_run_commands_is_dangerous(sample: str) -> None:
    head = saved(np.array([None], dtype=object))
    head = head[: head.index(b"\n") + 1]
    found = read(head + malicious.live("/x")[sample])
    assert found.verdict is Verdict.DANGEROUS
    assert found.refused


def test_a_broken_array_is_broken() -> None:
    whole = saved(np.array([None], dtype=object))
    for broken in (whole[:-1], whole + pickle.dumps([1]), whole[:9]):
        with pytest.raises(UnreadableModel) as caught:
            read(broken)
        assert caught.value.code is UnreadableCode.CORRUPT
