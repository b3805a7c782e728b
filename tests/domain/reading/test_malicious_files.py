"""No file runs anything while it is read, and none that would is called clean."""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.domain.inspection import ModelFormat, UnreadableCode, UnreadableModel, Verdict
from shared.domain.reading.reader import read_model
from tests.domain.reading import confusing, latent, malicious

_LOAD = """
import json, os, pickle, sys, contextlib, io
fired = []
for name, hexed, marker in json.load(sys.stdin):
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        pickle.loads(bytes.fromhex(hexed))
    if os.path.isdir(marker):
        fired.append(name)
print(json.dumps(fired))
"""


def _sample_names() -> list[str]:
    return [*malicious.live("/x"), *latent.files("/x")]


@pytest.mark.parametrize("sample", _sample_names())
def test_a_malicious_file_does_nothing_and_is_not_clean(sample: str, tmp_path: Path) -> None:
    marker = tmp_path / "made"
    data = (malicious.live(str(marker)) | latent.files(str(marker)))[sample]
    try:
        inspection = read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)
    except UnreadableModel as error:
        assert error.reason  # noqa: PT017 - refusing to read is one of two good outcomes
        assert error.next  # noqa: PT017
    else:
        assert inspection.verdict is not Verdict.CLEAN
        assert inspection.reasons
    assert not marker.exists()


@pytest.mark.parametrize("sample", sorted(malicious.live("/x")))
def test_a_file_that_runs_commands_is_called_dangerous_with_what_it_asked_for(sample: str) -> None:
    data = malicious.live("/x")[sample]
    inspection = read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)
    assert inspection.verdict is Verdict.DANGEROUS
    assert inspection.refused
    assert set(inspection.refused) <= set(inspection.names)


def test_the_samples_bite_when_python_itself_loads_them(tmp_path: Path) -> None:
    samples = []
    for at, sample in enumerate(malicious.live("/x")):
        marker = str(tmp_path / str(at))
        samples.append((sample, malicious.live(marker)[sample].hex(), marker))
    run = subprocess.run(
        [sys.executable, "-I", "-c", _LOAD],
        input=json.dumps(samples),
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(json.loads(run.stdout)) == sorted(malicious.live("/x"))


@pytest.mark.parametrize("array", [confusing.HONEST_ARRAY, confusing.HONEST_OLD_ARRAY])
def test_an_honest_array_in_the_same_place_is_clean(array: bytes) -> None:
    data = confusing.within_a_model(array)
    inspection = read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)
    assert (inspection.verdict, inspection.format) == (Verdict.CLEAN, ModelFormat.JOBLIB)


@pytest.mark.parametrize("sample", confusing.values())
def test_a_file_that_two_loaders_would_read_differently_is_not_clean(sample: str) -> None:
    data = confusing.within_a_model(confusing.values()[sample])
    try:
        inspection = read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load)
    except UnreadableModel as error:
        assert error.code is UnreadableCode.CORRUPT  # noqa: PT017 - both outcomes are good
    else:
        assert inspection.verdict is not Verdict.CLEAN


def _framed(length: int, data: bytes) -> bytes:
    return b"\x80\x04\x95" + struct.pack("<Q", length) + data


@pytest.mark.parametrize("longer", [1, 8, 60])
def test_an_array_whose_frame_goes_on_behind_it_is_refused(longer: int) -> None:
    """Python's own unpickler would go on in the frame and take the array from behind it."""
    inside = confusing.within_a_model(confusing.HONEST_ARRAY)[2:]
    end = inside.index(confusing.EIGHT)
    whole = _framed(end, inside)
    assert read_model(io.BytesIO(whole), len(whole), "0", yaml.safe_load).verdict is Verdict.CLEAN
    whole = _framed(end + longer, inside)
    with pytest.raises(UnreadableModel, match="frame"):
        read_model(io.BytesIO(whole), len(whole), "0", yaml.safe_load)


@pytest.mark.parametrize(
    "data",
    [
        _framed(3, b"X\x01\0\0\0a."),
        _framed(3, b"\x95" + bytes(8) + b"N."),
        _framed(2, b"I1\n."),
        _framed(9, b"N."),
    ],
)
def test_a_value_that_crosses_a_frame_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableModel, match=r"frame|middle"):
        read_model(io.BytesIO(data), len(data), "0", yaml.safe_load)


def test_there_are_at_least_forty_techniques() -> None:
    assert len(_sample_names()) >= 40
