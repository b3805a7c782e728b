"""`make proof` goes on where it was: what has passed at a commit is not run again there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
from pathlib import Path

def test_passes():
    with Path("build/runs").open("a") as runs:
        runs.write("run ")

def test_needs_a_file():
    assert Path("build/wanted").exists()
"""


def git(project: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=proof", "-c", "user.email=proof@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "build").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n__pycache__/\n.pytest_cache/\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def prove(project: Path) -> dict[str, Any]:
    """Runs the proof; what the record says of each test."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.proof", "--rootdir", str(project)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
    )
    record = json.loads((project / "build" / "proof.json").read_text())
    assert all(entry["seconds"] >= 0 for entry in record["tests"])
    return {entry["test"].partition("::")[2]: entry["outcome"] for entry in record["tests"]}


def test_what_passed_at_a_commit_is_not_run_again_there(project: Path) -> None:
    assert prove(project) == {"test_passes": "passed", "test_needs_a_file": "failed"}
    (project / "build" / "wanted").touch()

    assert prove(project) == {"test_passes": "passed", "test_needs_a_file": "passed"}
    assert (project / "build" / "runs").read_text() == "run "


def test_a_changed_checkout_is_proved_anew(project: Path) -> None:
    prove(project)
    (project / "test_it.py").write_text(TESTS + "\n")

    prove(project)
    prove(project)

    assert (project / "build" / "runs").read_text() == "run run run "
