"""Starts `python -m local.host` as a child process, for `local.up`, the benches and the tests."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from local import processes

START_SECONDS = 60

_ROOT = Path(__file__).parents[2]
_READY = re.compile(r"^host ready: (http://\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A host that serves; leaving its `with` block stops it."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def stop(self, *, seconds: float = 15) -> int:
        """Drains and ends it, within `seconds`; returns its exit code."""
        return processes.stop(self.process, seconds=seconds)

    def __enter__(self) -> "RunningHost":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    app: Path,
    *,
    env: Mapping[str, str],
    log: Path,
    options: Sequence[str] = ("--port", "0"),
    niceness: int = 0,
) -> RunningHost:
    """Starts a host with exactly `env` and returns once it serves.

    `options` are those of the command line, the port among them. Raises RuntimeError with what
    the host said if it ends instead.
    """
    command = [sys.executable, "-m", "local.host", "--app", str(app), *options]
    offset = log.stat().st_size if log.exists() else 0
    process = processes.start(command, env=env, log=log, cwd=_ROOT, niceness=niceness)

    def ready() -> str | None:
        said = log.read_bytes()[offset:].decode(errors="replace")
        if process.poll() is not None:
            raise RuntimeError(f"the host ended with exit code {process.returncode}:\n{said}")
        found = _READY.search(said)
        return found[1] if found else None

    try:
        url = processes.wait_until(ready, seconds=START_SECONDS, what=f"host of {app}")
    except BaseException:
        processes.stop(process)
        raise
    return RunningHost(process, url, log)
