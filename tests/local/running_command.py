"""A command of the local cloud as a person runs it, and the processes below it."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from local import processes

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Command:
    """A running `python -m ...`, its output in a file."""

    process: Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> str:
        """Waits until it has printed `text`; returns all it printed."""

        def printed() -> str:
            said = self.said()
            assert text in said or self.process.poll() is None, said
            return said if text in said else ""

        return processes.wait_until(printed, seconds=WAIT_SECONDS, what=f"{text!r} in {self.log}")

    def end(self, number: signal.Signals) -> int:
        """Sends it a signal and waits for its end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    def descendants(self) -> list[int]:
        """All processes it has started, directly or not."""
        parents = {pid: stat[1] for pid, stat in _read_processes().items()}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]


@contextmanager
def running(
    module: str, *arguments: str, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Command]:
    """Runs `python -m module`, ended on leaving if it has not by then."""
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = processes.start(
        [sys.executable, "-m", module, *arguments], env={**passed, **(env or {})}, log=log, cwd=ROOT
    )
    try:
        yield Command(process, log)
    finally:
        processes.stop(process)


def require_gone(pids: list[int]) -> None:
    """Waits until none of the processes is left; a zombie is gone."""

    def gone() -> bool:
        found = _read_processes()
        return all(pid not in found or found[pid][0] == "Z" for pid in pids)

    processes.wait_until(gone, seconds=20, what=f"the end of {pids}")


def command_line(pid: int) -> str:
    """The arguments of a process, separated by spaces."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _read_processes() -> dict[int, tuple[str, int]]:
    """State and parent of each process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            found[int(folder.name)] = (fields[0], int(fields[1]))
    return found
