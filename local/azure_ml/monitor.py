"""What the emulator measures: every scoring request by deployment, minute and status, and how busy its process was.

Kept in SQLite for as long as Azure Monitor keeps it, written through at once. Used from the event loop's thread only.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from local.azure_ml import quota
from local.azure_ml.state import Resource

_KEPT_MINUTES = 93 * 24 * 60
_EVERY = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_GB = 1024**3
_SHORTEST = 0.5  # seconds: the kernel counts a process's time in hundredths
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS request (
    key TEXT, minute INTEGER, status INTEGER, requests INTEGER, seconds REAL,
    PRIMARY KEY (key, minute, status)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS load (
    key TEXT, minute INTEGER, samples INTEGER, cpu REAL, memory REAL,
    PRIMARY KEY (key, minute)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a minute that were answered with one status, and how long they took together."""

    minute: int
    status: int
    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a deployment's process was in a minute, in percent of an instance of its size."""

    minute: int
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A process as it was last seen: its processor seconds at a time."""

    pid: int
    at: float
    worked: float


class Monitor:
    """Counts and samples; a minute is one of the epoch. What is told of a name stays when its deployment goes."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "monitor.sqlite3", isolation_level=None)
        self._database.executescript(_SCHEMA)
        for table in ("request", "load"):
            oldest = (this_minute() - _KEPT_MINUTES,)
            self._database.execute(f"DELETE FROM {table} WHERE minute < ?", oldest)  # noqa: S608 - our own names
        self._seen: dict[str, _Seen] = {}

    def count(self, deployment: Resource, status: int, seconds: float) -> None:
        """Notes a request that was answered."""
        self._database.execute(
            "INSERT INTO request VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE "
            "SET requests = requests + 1, seconds = seconds + excluded.seconds",
            (deployment.id.lower(), this_minute(), status, seconds),
        )

    def sample(self, deployment: Resource, pid: int | None) -> None:
        """Notes how busy the process has been since it was last looked at, which must be a while ago."""
        key, now = deployment.id.lower(), time.monotonic()
        measured = _measure(pid) if pid else None
        if pid is None or measured is None:
            self._seen.pop(key, None)
            return
        worked, age, memory = measured
        before = self._seen.get(key)
        if before is None or before.pid != pid:
            before = _Seen(pid, now - age, 0.0)
        if now - before.at < _SHORTEST:
            return
        self._seen[key] = _Seen(pid, now, worked)
        size = quota.size_of(deployment.properties["instanceType"])
        cpu = 100 * (worked - before.worked) / (now - before.at) / size.cores
        used = 100 * memory / (size.memory * _GB)
        self._database.execute(
            "INSERT INTO load VALUES (?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET "
            "samples = samples + 1, cpu = cpu + excluded.cpu, memory = memory + excluded.memory",
            (key, this_minute(), min(100.0, cpu), min(100.0, used)),
        )

    def requests(self, resource_id: str, first: int, end: int) -> list[Requests]:
        """The requests of a deployment from a minute to before another."""
        found = self._database.execute(
            "SELECT minute, status, requests, seconds FROM request "
            "WHERE key = ? AND minute >= ? AND minute < ? ORDER BY minute",
            (resource_id.lower(), first, end),
        )
        return [Requests(*row) for row in found]

    def loads(self, resource_id: str, first: int, end: int) -> list[Load]:
        """How busy a deployment's process was in those minutes in which it was looked at."""
        found = self._database.execute(
            "SELECT minute, cpu / samples, memory / samples FROM load "
            "WHERE key = ? AND minute >= ? AND minute < ? ORDER BY minute",
            (resource_id.lower(), first, end),
        )
        return [Load(*row) for row in found]

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


async def watch(
    monitor: Monitor,
    deployments: Callable[[], Iterable[Resource]],
    pid: Callable[[Resource], int | None],
) -> None:
    """Samples all deployments once a minute, until it is cancelled."""
    while True:
        for deployment in deployments():
            monitor.sample(deployment, pid(deployment))
        await asyncio.sleep(_EVERY)


def this_minute() -> int:
    """The minute of the epoch that it is."""
    return int(time.time() // 60)


def _measure(pid: int) -> tuple[float, float, float] | None:
    """Processor seconds, age in seconds and resident bytes of a process; None of one that has ended (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    worked = (int(fields[11]) + int(fields[12])) / _TICKS
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / _TICKS
    return worked, max(age, _SHORTEST), float(resident * _PAGE)
