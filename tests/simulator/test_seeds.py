"""The service keeps its promises under faults, and a seed tells the same story each time."""

import os
import subprocess
import sys
from pathlib import Path

from simulator.run import run_seed

ROOT = Path(__file__).parents[2]
SEED = "11"


def history(hash_seed: str) -> str:
    command = [sys.executable, "-m", "simulator", "--seed", SEED, "--all", "--reads"]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True).stdout


def test_a_seed_has_the_same_history_in_every_process() -> None:
    first, second = history("1"), history("2")

    assert len(first.splitlines()) > 300
    assert first == second


def test_different_seeds_have_different_histories() -> None:
    first, second = (list(run_seed(seed).history.render()) for seed in (1, 2))

    assert first != second
