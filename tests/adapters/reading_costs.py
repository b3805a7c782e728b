"""What reading a model file costs, measured by a small process: its children begin with what their parent weighs.

Run as `python -m tests.adapters.reading_costs`: has each file whose path comes in read, and tells its `Cost`. Each is
read in a fork, which has no other child.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from shared.adapters.model_reader import ProcessModelReader
from shared.domain.inspection import UnreadableModel


@dataclass(frozen=True)
class Cost:
    """What the reading process took of the machine, and its verdict, or why there is none."""

    cpu_seconds: float
    peak_bytes: int
    verdict: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Scales:
    """A running one."""

    orders: IO[str]
    answers: IO[str]

    def weigh(self, path: Path, *, enough: float) -> Cost:
        """What it costs to read a file under the limits that the app has.

        The least of five times, or the first below `enough` seconds: a crowded processor takes longer.
        """
        costs: list[Cost] = []
        while len(costs) < 5 and not any(each.cpu_seconds < enough for each in costs):
            print(path, file=self.orders, flush=True)
            costs.append(Cost(**json.loads(self.answers.readline())))
        return min(costs, key=lambda each: each.cpu_seconds)


@contextmanager
def running() -> Iterator[Scales]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.reading_costs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={},
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Scales(process.stdin, process.stdout)


def _weigh(path: Path) -> Cost:
    try:
        with path.open("rb") as file:
            found = {"verdict": str(ProcessModelReader().read(file, digest="d").verdict)}
    except UnreadableModel as error:
        found = {"code": str(error.code), "reason": error.reason}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, **found)


def _main() -> None:
    for line in sys.stdin:
        if os.fork():
            os.wait()
        else:
            sys.stdout.write(json.dumps(asdict(_weigh(Path(line.rstrip("\n"))))) + "\n")
            sys.stdout.flush()
            os._exit(0)


if __name__ == "__main__":
    _main()
