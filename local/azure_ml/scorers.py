"""Scoring processes as the emulator sees them: asked for from the nursery, called, ended.

The nursery is started with the emulator and again if it should die. Every process it forks is
known by an open stream whose end tells of the process's end.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import processes

BOOT_SECONDS = 120
_ROOT = Path(__file__).parents[2]
_SOCKET = "nursery.sock"
_SHOWN = 20  # lines of the log of one that does not start
_INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "OMP_NUM_THREADS")


class ScorerDiedError(Exception):
    """A scoring process ended before it answered; its log tells why."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A scoring process that answers on `port`."""

    pid: int
    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return not self.reader.at_eof()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def end(self) -> None:
        """Kills the process; it keeps nothing that could be lost."""
        self.writer.close()
        if self.alive:
            _kill(self.pid)


class Nursery:
    """The process that forks scoring processes; its socket and log are in `folder`.

    `interpreter`: of the environment that they run in.
    """

    def __init__(self, folder: Path, interpreter: Path = Path(sys.executable)) -> None:
        self._folder = folder
        self._interpreter = interpreter
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; its first child has to wait until it has imported MLflow."""
        (self._folder / _SOCKET).unlink(missing_ok=True)
        self._process = processes.start(
            [str(self._interpreter), "-m", f"{__package__}.scoring.nursery", _SOCKET],
            env=base_environment() | {"PYTHONPATH": str(_ROOT)},
            log=self._log,
            cwd=self._folder,
        )

    def stop(self) -> None:
        """Ends it and, with it, all its children."""
        if self._process:
            processes.stop(self._process, seconds=1)

    async def fork(
        self, *, model: Path | None, most: int, log: Path, environment: Mapping[str, str]
    ) -> Scorer:
        """A process that has loaded `model` and answers; raises ScorerDiedError."""
        reader, writer = await self._connect()
        wanted = {
            "model": str(model) if model else None,
            "most": most,
            "log": str(log),
            "environment": base_environment() | dict(environment),
        }
        writer.write(json.dumps(wanted).encode() + b"\n")
        pid = port = 0
        try:
            async with asyncio.timeout(BOOT_SECONDS):
                pid = int(await reader.readline() or 0)
                port = int(await reader.readline() or 0)
        except (OSError, TimeoutError) as error:
            raise ScorerDiedError(f"the scoring process did not come up: {error!r}") from error
        finally:
            if not port:
                _kill(pid)
                writer.close()
        if not port:
            raise ScorerDiedError("the scoring process ended while it started")
        return Scorer(pid, port, reader, writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the nursery, which is started (again) if need be; raises ScorerDiedError."""
        folder = os.open(self._folder, os.O_RDONLY)
        fresh = False
        try:
            # A socket's path has at most 107 characters; this one is short wherever the state is.
            path = f"/proc/self/fd/{folder}/{_SOCKET}"
            async with asyncio.timeout(BOOT_SECONDS):
                while True:
                    if self._process is None or self._process.poll() is not None:
                        if fresh:
                            raise ScorerDiedError(f"the environment does not serve: {self._last()}")
                        self.start()
                        fresh = True
                    try:
                        return await asyncio.open_unix_connection(path)
                    except (FileNotFoundError, ConnectionRefusedError):
                        await asyncio.sleep(0.05)
        finally:
            os.close(folder)

    @property
    def _log(self) -> Path:
        return self._folder / "nursery.log"

    def _last(self) -> str:
        """What the nursery said last."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_SHOWN:])


def base_environment() -> dict[str, str]:
    """What a scoring process gets from the emulator's own environment."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _kill(pid: int) -> None:
    if pid:
        with contextlib.suppress(ProcessLookupError):  # it may just have ended by itself
            os.killpg(pid, signal.SIGKILL)
