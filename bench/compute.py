"""What the worker computes for one deployment that takes the cloud 480 s.

Which turns there are comes from the real service on a virtual clock (`virtual`), what a turn of each
kind takes from the real local cloud (`observed`), in the same run. The floor is a worker that blocks
for those 480 s.
"""

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean, median

from bench import observed, virtual
from bench.observed import Observed
from bench.report import Figure, at_most
from bench.turns import LOOK, Turn
from bench.virtual import CLOUD_SECONDS, Run

LATER = 40
SPREAD = 0.1  # how far the cloud's operations differ from time to time
GOAL = 0.01


def measure() -> list[Figure]:
    """Billed seconds of a deployment of a new installation, and of a later one; CPU seconds."""
    logging.getLogger("longshore").setLevel(logging.INFO)
    seen = observed.observe()
    first, *later = virtual.deploy_often(1 + LATER, spread=SPREAD)
    cold = _cold(seen)
    warm = [turn for each in seen for turn in each.turns][1:]
    billed = {kind: _billed(seconds) for kind, seconds in _typical(warm, "wall").items()}
    cpu = _typical(warm, "cpu")
    started = _billed(cold.wall)
    count = mean(len(run.kinds) for run in later)
    return [
        at_most(
            "compute: billed, later",
            mean(_sum(run, billed) for run in later) + started,
            "s",
            floor=CLOUD_SECONDS,
            goal=GOAL,
            note=f"{count:.1f} turns of {_listed(billed)} s, and {started:.1f} s of cold import",
        ),
        _plain(
            "compute: CPU, later", mean(_sum(run, cpu) for run in later) + cold.cpu, _counts(later)
        ),
        _plain("compute: later, at 1 s a turn", count + started, ""),
        _plain(
            "compute: billed, the very first",
            _sum(first, billed) + started,
            f"{len(first.kinds)} turns: nothing is known yet of how long this cloud takes",
        ),
        _plain("compute: the very first, at 1 s a turn", len(first.kinds) + started, ""),
    ]


def _plain(name: str, value: float, note: str) -> Figure:
    ratio = value / CLOUD_SECONDS
    return Figure(name=name, value=value, unit="s", floor=CLOUD_SECONDS, ratio=ratio, note=note)


def _typical(turns: Sequence[Turn], what: str) -> dict[str, float]:
    """The median of each kind of turn."""
    kinds = {turn.kind for turn in turns}
    return {kind: median(getattr(t, what) for t in turns if t.kind == kind) for kind in kinds}


def _cold(seen: Sequence[Observed]) -> Turn:
    """What the first turn of a new process took beyond a turn of its kind."""
    first, *others = [turn for each in seen for turn in each.turns]
    same = [turn for turn in others if turn.kind == first.kind]
    wall, cpu = (median(getattr(turn, what) for turn in same) for what in ("wall", "cpu"))
    return Turn(deployment_id="", kind="cold", wall=first.wall - wall, cpu=first.cpu - cpu)


def _sum(run: Run, cost: Mapping[str, float]) -> float:
    unknown = set(run.kinds) - set(cost)
    if unknown:
        raise RuntimeError(f"no turn of kind {', '.join(unknown)} was seen on the real host")
    return sum(cost[kind] for kind in run.kinds)


def _billed(seconds: float) -> float:
    return math.ceil(seconds * 10) / 10


def _counts(runs: Sequence[Run]) -> str:
    kinds = Counter(kind for run in runs for kind in run.kinds)
    looks = kinds.pop(LOOK, 0)
    return f"{looks / len(runs):.1f} looks and {sum(kinds.values()) / len(runs):.1f} other turns"


def _listed(billed: Mapping[str, float]) -> str:
    return ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in sorted(billed.items()))
