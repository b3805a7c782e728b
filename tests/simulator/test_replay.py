"""A seed tells the same story each time, and a kept run tells it without the seed's drawing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain.records import Event
from simulator.__main__ import main
from simulator.campaign import run_seeds
from simulator.keeping import keep, load
from simulator.ledger import Ledger
from simulator.promises import writes
from simulator.run import Outcome, run_seed
from simulator.timeline import Broken

ROOT = Path(__file__).parents[2]


def history(outcome: Outcome) -> list[str]:
    return list(outcome.history.render(reads=True))


def replay(hash_seed: str) -> str:
    command = [sys.executable, "-m", "simulator", "--seed", "11", "--all", "--reads"]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_seed_has_the_same_history_in_every_process() -> None:
    first, second = replay("1"), replay("2")

    assert len(first.splitlines()) > 300
    assert first == second


def test_different_seeds_have_different_histories() -> None:
    assert history(run_seed(1)) != history(run_seed(2))


def test_counts_do_not_depend_on_the_number_of_processes() -> None:
    alone = run_seeds(0, 12, jobs=1, stops=True)

    assert list(alone.render()) == list(run_seeds(0, 12, jobs=2, stops=True).render())


def test_a_kept_run_does_what_its_seed_did(tmp_path: Path) -> None:
    seen = run_seed(7)
    keep(seen, tmp_path / "kept.json")
    kept = load(tmp_path / "kept.json")

    again = run_seed(kept.seed, kept.scenario)

    assert kept.scenario.fewest_faults == 0
    assert history(again) == history(seen)


def test_a_broken_promise_is_told_with_the_command_that_shows_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_ledger: Ledger, _writes: object, event: Event) -> None:
        raise Broken("an event was written", event.deployment_id)

    monkeypatch.setattr(writes, "_check_event", refuse)

    status = main(["--seed", "3"])
    shown = capsys.readouterr().out.splitlines()

    assert status == 1
    assert shown[-1] == "broken: an event was written"
    assert "admit" in shown[-3]
