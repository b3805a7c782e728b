"""Reading what a forest of 100 MB is, without running it, against `joblib.load` of the same file.

Ours is the whole of it: a new process, its walls, the reading, its answer. The floor is the bare call in a process that has
imported scikit-learn already, and its memory is what that process grows by.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench import parts
from bench.report import Figure, at_most, spread

MEGABYTE = 1_000_000
SIZE = 100 * MEGABYTE
ROUNDS = 5

_TRAIN = """
import sys, joblib, numpy
from sklearn.ensemble import RandomForestRegressor
numbers = numpy.random.default_rng(1)
rows = numbers.random((10_000, 8))
trees = RandomForestRegressor(8, random_state=1, n_jobs=-1).fit(rows, numbers.random(10_000))
joblib.dump(trees, sys.argv[1])
import os
trees.set_params(n_estimators=int(8 * float(sys.argv[3]) / os.path.getsize(sys.argv[1])) + 1)
joblib.dump(trees.fit(rows, numbers.random(10_000)), sys.argv[1])
joblib.dump(trees, sys.argv[2], compress=3)
"""
_LOAD = """
import json, resource, sys, time
import joblib, sklearn.ensemble, sklearn.tree
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begin = time.perf_counter()
joblib.load(sys.argv[1])
taken = time.perf_counter() - begin
print(json.dumps([taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""
_READ = """
import json, resource, sys, time
from shared.adapters.model_reader import ProcessModelReader
begin = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    found = ProcessModelReader().read(file, digest="0" * 64)
taken = time.perf_counter() - begin
assert found.estimator, found.reasons
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def measure() -> list[Figure]:
    """Time and memory of both, for the plain file and for the compressed one."""
    with parts.folder() as folder:
        plain, packed = folder / "forest.joblib", folder / "forest.z.joblib"
        _run(_TRAIN, str(plain), str(packed), str(SIZE))
        return [*_compare("forest", plain, 1), *_compare("forest, zlib", packed, 1.25)]


def _compare(name: str, path: Path, goal: float) -> list[Figure]:
    ours: list[tuple[float, float]] = []
    floor: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        ours.append(json.loads(_run(_READ, str(path))))
        floor.append(json.loads(_run(_LOAD, str(path))))
    seconds, floor_seconds = [each for each, _ in ours], [each for each, _ in floor]
    memory, floor_memory = median(each for _, each in ours), median(each for _, each in floor)
    size = f"{path.stat().st_size / MEGABYTE:.0f} MB"
    note = f"{size}; {spread(seconds)}; joblib.load {spread(floor_seconds)}"
    return [
        at_most(
            f"reading: {name}",
            median(seconds),
            "s",
            floor=median(floor_seconds),
            goal=goal,
            note=note,
        ),
        at_most(
            f"reading: {name}, memory",
            memory,
            "MiB",
            floor=floor_memory,
            goal=1,
            note="the reading process, all of it",
        ),
    ]


def _run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=parts.ROOT)
    return done.stdout
