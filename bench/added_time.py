"""What Longshore adds to the time that the cloud itself takes for a deployment.

From the request to `active`, less the emulator's own operations (`observed`).
"""

from collections.abc import Sequence
from statistics import median

from bench import observed
from bench.observed import Observed
from bench.report import Figure, spread

SHARE, SECONDS = 0.05, 2.0


def measure() -> list[Figure]:
    """Of the very first deployment, and of the later ones."""
    first, *later = observed.observe()
    return [
        _figure("added time: the very first", [first], has_goal=False),
        _figure("added time: later", later, has_goal=True),
    ]


def _figure(name: str, runs: Sequence[Observed], *, has_goal: bool) -> Figure:
    added = median(run.added for run in runs)
    cloud = median(run.cloud for run in runs)
    goal = SHARE * cloud + SECONDS
    return Figure(
        name=name,
        value=added,
        unit="s",
        floor=cloud,
        ratio=added / cloud,
        goal=f"<= 5 % + 2 s = {goal:.2f} s" if has_goal else "",
        ok=added <= goal if has_goal else None,
        note=f"{spread([run.added for run in runs])}; {median(len(r.turns) for r in runs):g} turns",
    )
