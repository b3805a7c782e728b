"""The service keeps its promises whatever goes wrong, seed after seed."""

import pytest

from simulator.campaign import count_cores, run_chunk, run_seeds
from simulator.faults import FEWEST
from simulator.tally import COVERED_FROM

CHUNK = 50
FEWEST_DEPLOYMENTS, FEWEST_EFFECTS = 3, 150


@pytest.mark.parametrize("first", range(0, 400, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    tally = run_chunk(first, CHUNK)

    assert not tally.broken, f"make simulate SEED={min(tally.broken)}"
    assert tally.fewest_faults >= FEWEST
    assert tally.fewest_deployments >= FEWEST_DEPLOYMENTS
    assert tally.median >= FEWEST_EFFECTS


@pytest.mark.proof
@pytest.mark.parametrize("first", range(0, 100_000, COVERED_FROM))
def test_every_promise_is_kept_under_every_fault_at_every_effect(first: int) -> None:
    tally = run_seeds(first, COVERED_FROM, jobs=count_cores(), stops=False)

    assert not tally.broken, f"make simulate SEED={min(tally.broken)}"
    assert tally.fewest_faults >= FEWEST
    assert tally.fewest_deployments >= FEWEST_DEPLOYMENTS
    assert tally.never_hit() == []
