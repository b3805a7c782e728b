"""Some three hundred hostile files: none does anything while it is read, and none is called clean."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.adapters.model_reader import ProcessModelReader
from shared.domain.inspection import UnreadableModel, Verdict
from shared.domain.reading.reader import read_model
from tests.malicious.carriers import carriers
from tests.malicious.gadgets import BITING, gadgets
from tests.malicious.techniques import called, techniques

_LOAD = """
import contextlib, io, json, os, pickle, sys, warnings
import joblib, numpy, scipy.io, yaml
warnings.simplefilter("ignore")
fired = []
for name, hexed, marker in json.load(sys.stdin):
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        with contextlib.suppress(BaseException):
            pickle.loads(bytes.fromhex(hexed))
        os._exit(0)
    os.waitpid(child, 0)
    for _ in range(100):
        if os.path.lexists(marker) or name != "subprocess.Popen":
            break
        os.sched_yield()
    if os.path.lexists(marker):
        fired.append(name)
print(json.dumps(fired))
"""


def corpus(marker: str) -> dict[str, bytes]:
    """Every file by what it tries."""
    calls = gadgets(marker)
    by_gadget = {f"calls {name}": called(gadget) for name, gadget in calls.items()}
    by_technique = {
        f"written as {name}": data for name, data in techniques(calls["posix.mkdir"]).items()
    }
    by_carrier = {f"carried by {name}": data for name, data in carriers(marker).items()}
    return by_gadget | by_technique | by_carrier


NAMES = sorted(corpus("/nowhere"))


def parse_yaml(data: bytes) -> object:
    """As the reading process does: plain values only."""
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError):
        return None


def test_there_are_more_than_three_hundred_files_and_each_is_another() -> None:
    files = corpus("/nowhere")

    assert len(files) > 300
    assert len(set(files.values())) >= len(files) - 1  # the plain call is a gadget and a technique


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_does_nothing_and_is_not_clean(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "made"
    data = corpus(str(marker))[name]
    try:
        found = read_model(io.BytesIO(data), len(data), "0" * 64, parse_yaml)
    except UnreadableModel as error:
        assert error.reason  # noqa: PT017 - refusing to read is one of two good outcomes
        assert error.next  # noqa: PT017
    else:
        assert found.verdict is not Verdict.CLEAN
        assert found.reasons
    assert not os.path.lexists(marker)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("carried by ")])
def test_the_reading_process_answers_the_same(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "made"
    data = corpus(str(marker))[name]
    try:
        found = ProcessModelReader().read(io.BytesIO(data), digest="0" * 64)
    except UnreadableModel as error:
        assert error.code != "model_reader_stopped", error.reason  # noqa: PT017 - a refusal is a good outcome
    else:
        assert found.verdict is not Verdict.CLEAN
    assert not os.path.lexists(marker)


def test_the_samples_bite_when_python_itself_loads_them(tmp_path: Path) -> None:
    samples = []
    for at, name in enumerate(BITING):
        marker = str(tmp_path / str(at))
        samples.append((name, called(gadgets(marker)[name]).hex(), marker))
    run = subprocess.run(
        [sys.executable, "-I", "-c", _LOAD],
        input=json.dumps(samples),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert sorted(json.loads(run.stdout)) == sorted(BITING)
