"""`python -m bench.load`: calls one thing from several threads for some seconds, in a process of its own.

Reads a `Job` as JSON from standard input and prints a `Load` as JSON. It is either requests to a
host, or the bare writes, so that both sides have a driver of the same kind beside them.
"""

import dataclasses
import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bench.parts import ROOT

STAMP = 14  # digits of an id that this run's clock gives; a counter gives the other six


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to call: `url` with `body` by POST, or else the writes of `template` in `storage`."""

    threads: int
    seconds: float
    url: str = ""
    body: str = ""
    storage: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of it; times in seconds."""

    latencies: list[float]
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.latencies) / self.wall


def run(job: Job) -> Load:
    """Does the job in a fresh process. Raises RuntimeError where a call failed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(dataclasses.asdict(job)),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=job.seconds + 120,
    )
    if done.returncode:
        raise RuntimeError(f"the load could not be put on:\n{done.stderr[-2000:]}")
    return Load(**json.loads(done.stdout))


def _drive(job: Job) -> Load:
    make = _requests if job.url else _writes
    calls = make(job)
    calls[0]()  # connections and imports of the first call are not what is measured
    latencies: list[float] = []
    failures: list[Exception] = []
    cpu, begin = time.process_time(), time.perf_counter()
    end = begin + job.seconds

    def work(call: Callable[[], None]) -> None:
        try:
            while (start := time.perf_counter()) < end:
                call()
                latencies.append(time.perf_counter() - start)
        except Exception as error:  # noqa: BLE001 - told by the thread that started this one
            failures.append(error)

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    wall = time.perf_counter() - begin
    return Load(latencies=latencies, wall=wall, cpu=time.process_time() - cpu)


def _requests(job: Job) -> list[Callable[[], None]]:
    """A call for each thread: one POST on a connection that stays open, to be answered 202."""
    parts = urlsplit(job.url)
    path, body = f"{parts.path}?{parts.query}", job.body.encode()

    def caller() -> Callable[[], None]:
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)

        def call() -> None:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 202:
                raise RuntimeError(f"{job.url} answered {answer.status}: {text[:500]!r}")

        return call

    return [caller() for _ in range(job.threads)]


def _writes(job: Job) -> list[Callable[[], None]]:
    """A call for each thread: the writes of one acceptance by clients that all threads share."""
    from bench.writes import BareWrites  # noqa: PLC0415 - a load of requests needs no SDK

    bare = BareWrites(job.storage, job.template)
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    numbers = itertools.count()

    def call() -> None:
        bare.accept(f"{stamp}{next(numbers):06d}")

    return [call] * job.threads


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(_drive(Job(**json.load(sys.stdin))))))
