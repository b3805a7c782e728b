"""The simulator sees each of the ways to break the machine that `mutations` lists."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.run import UNEXPECTED
from tests.simulator.mutations import MUTATIONS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_machine_is_seen(name: str, tmp_path: Path) -> None:
    mutation = MUTATIONS[name]
    for folder in ("shared", "simulator"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    file = tmp_path / mutation.file
    text = file.read_text()
    assert text.count(mutation.old) == 1, f"{mutation.file} has changed: look at this mutation"
    file.write_text(text.replace(mutation.old, mutation.new))

    command = [sys.executable, "-m", "simulator", "--stop", "--jobs", "1"]
    command += ["--first", str(mutation.first), "--seeds", str(mutation.within)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "make simulate SEED=" in done.stdout, done.stderr
    assert UNEXPECTED not in done.stdout, "an error tells nothing about the promises"
