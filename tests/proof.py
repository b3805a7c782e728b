"""Makes `make proof` resumable: a pytest plugin that keeps each outcome in build/proof.json.

A test that has passed at this commit, in a checkout without changes, is not run again. The file is
written after every test, so that an interrupted proof goes on where it was.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

FILE = Path("build") / "proof.json"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Proof(config.rootpath, config.rootpath / FILE), "proof-record")


class Proof:
    """One run of the proof, with what earlier ones have shown."""

    def __init__(self, root: Path, file: Path) -> None:
        self._file = file
        self._commit = _read_commit(root)
        self._entries = self._load()
        self._earlier = 0
        self._phases: list[pytest.TestReport] = []

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        passed = {each["test"] for each in self._entries if each["outcome"] == "passed"}
        done = [item for item in items if item.nodeid in passed]
        items[:] = [item for item in items if item.nodeid not in passed]
        self._earlier = len(done)
        if done:
            config.hook.pytest_deselected(items=done)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self._phases = []
        result = yield
        self._keep(item.nodeid, self._phases)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._phases.append(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(
            f"{FILE}: {len(self._entries)} entries, {self._earlier} of them passed before"
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Nothing left to run is no failure here."""
        self._save()
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def _keep(self, test: str, phases: Sequence[pytest.TestReport]) -> None:
        outcomes = {phase.outcome for phase in phases}
        outcome = next((each for each in ("failed", "skipped") if each in outcomes), "passed")
        self._entries = [each for each in self._entries if each["test"] != test]
        self._entries.append(
            {
                "test": test,
                "outcome": outcome,
                "seconds": round(sum(phase.duration for phase in phases), 2),
            }
        )
        self._save()

    def _load(self) -> list[dict[str, Any]]:
        if not self._commit or not self._file.exists():
            return []
        kept = json.loads(self._file.read_text())
        entries: list[dict[str, Any]] = kept["tests"] if kept["commit"] == self._commit else []
        return entries

    def _save(self) -> None:
        self._file.parent.mkdir(exist_ok=True)
        record = {"commit": self._commit, "tests": self._entries}
        self._file.write_text(json.dumps(record, indent=1) + "\n")


def _read_commit(root: Path) -> str:
    """The commit that is checked out; "" where files differ from it, or git knows none."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    return "" if git("status", "--porcelain") else git("rev-parse", "HEAD")
