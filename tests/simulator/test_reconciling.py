"""The reconciliation has enough to do in the simulator: each repair is made, and what must not be made is about to be."""

import pytest

from simulator.run import run_seed
from simulator.tally import Tally

SEEDS = range(7000, 7060)
REPAIRS = (
    "clear deployment",
    "clear endpoint",
    "clear model",
    "mark failed",
    "forget version",
    "release name",
    "reindex",
    "approve run",
    "retag endpoint",
    "put away",
    "bring back",
    "empty trash",
    "mark",
)


@pytest.fixture(scope="module")
def tally() -> Tally:
    """Some seeds."""
    tally = Tally()
    for seed in SEEDS:
        tally.count(run_seed(seed))
    return tally


@pytest.mark.parametrize("effect", REPAIRS)
def test_each_repair_is_made(tally: Tally, effect: str) -> None:
    assert not tally.broken
    assert tally.effects[effect] > 0


def test_each_seed_ends_with_two_runs_that_leave_nothing_to_repair(tally: Tally) -> None:
    assert tally.effects["begin run"] >= 2 * len(SEEDS)
    assert tally.effects["end run"] >= 2 * len(SEEDS)
