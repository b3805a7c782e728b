"""Deployments through the real local cloud, observed once for the measurements that need them.

Two users deploy in turns. At the very first deployment nothing is known of how long the cloud
takes, and the worker has just been started; later both are better.
"""

import functools
import json
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import parts
from bench.turns import Turn, of
from local.cloud import LocalCloud, Options

OPERATION_SECONDS = 8.0
DEPLOYMENTS = 4
_LONGEST = 120.0  # seconds that one of them may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One deployment: seconds from the request to `active`, and of the cloud's own operations."""

    seconds: float
    cloud: float
    turns: list[Turn]

    @property
    def added(self) -> float:
        """Seconds beyond the cloud's own."""
        return self.seconds - self.cloud


@functools.cache
def observe() -> tuple[Observed, ...]:
    """Runs the deployments, one after another."""
    with parts.folder() as folder:
        turns_file = folder / "turns.jsonl"
        options = Options(
            folder=folder,
            app=_copy_timed_app(folder),
            in_memory=True,
            operation_seconds=OPERATION_SECONDS,
            settings={"BENCH_TURNS": str(turns_file), "PYTHONPATH": str(parts.ROOT)},
        )
        with LocalCloud(options) as cloud:
            ended = [_deploy(cloud.base_url, f"user-{number % 2}") for number in range(DEPLOYMENTS)]
            state = cloud.state
        turns = [Turn(**json.loads(line)) for line in turns_file.read_text().splitlines()]
        operations = _operations(state / "azure-ml")
    return tuple(
        Observed(
            seconds=seconds,
            cloud=sum(
                each for target, each in operations if f"/{record['endpoint_name']}" in target
            ),
            turns=of(turns, record["id"]),
        )
        for seconds, record in ended
    )


def _deploy(url: str, user: str) -> tuple[float, Mapping[str, Any]]:
    """Seconds from the request to `active` on the record, and the record as the API shows it."""
    model = parts.upload(url, user)
    body = json.dumps({"model_id": model}).encode()
    begin = time.time()
    reply = parts.call(url, "POST", f"/deployments/deploy?user_id={user}", body)
    path = f"/deployments/{parts.require(reply, 202)['deployment_id']}?user_id={user}"
    while time.time() - begin < _LONGEST:
        record = parts.require(parts.call(url, "GET", path), 200)
        if record["status"] == "active":
            return datetime.fromisoformat(record["deployed_at"]).timestamp() - begin, record
        if record["status"] == "failed":
            break
        time.sleep(0.5)  # noqa: TID251 - the time is read from the record, not from this look
    raise RuntimeError(f"a deployment did not become active: {record}")


def _operations(folder: Path) -> list[tuple[str, float]]:
    """(target, seconds) of every operation the emulator has run; it must have ended."""
    with closing(sqlite3.connect(folder / "state.sqlite3")) as connection:
        rows = connection.execute("SELECT record FROM operation").fetchall()
    records = [json.loads(row) for (row,) in rows]
    return [
        (each["target"], (_time(each["ended"]) - _time(each["started"])).total_seconds())
        for each in records
    ]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _copy_timed_app(folder: Path) -> Path:
    app = folder / "timed"
    app.mkdir()
    shutil.copyfile(parts.ROOT / "bench" / "timed_app.py", app / "function_app.py")
    shutil.copyfile(parts.ROOT / "host.json", app / "host.json")
    return app
