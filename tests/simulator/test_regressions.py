"""What the simulator found once does not come back: runs kept as data, each named for what it was."""

from pathlib import Path

import pytest

from simulator.keeping import load
from simulator.run import run_seed

KEPT = sorted((Path(__file__).parent / "kept").glob("*.json"))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_run_that_broke_a_promise_keeps_it_now(file: Path) -> None:
    kept = load(file)

    outcome = run_seed(kept.seed, kept.scenario)

    assert not outcome.broken, f"again: python -m simulator --kept {file}"
