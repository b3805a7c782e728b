"""The command line: many seeds, or the history of one.

python -m simulator --seeds 20000          many, on all cores; ends with what was hit how often
python -m simulator --seed 1234            one: what happened to what it is about, line by line
python -m simulator --seed 1234 --all      one: everything that happened
python -m simulator --kept FILE            a regression that was kept
"""

import argparse
import sys
import time
from pathlib import Path

from simulator.campaign import count_cores, run_seeds
from simulator.keeping import keep, load
from simulator.run import Outcome, run_seed
from simulator.tally import COVERED_FROM, Tally


def main(arguments: list[str] | None = None) -> int:
    """0 where every promise was kept, 1 where one was broken."""
    asked = _parser().parse_args(arguments)
    if asked.kept or asked.seed is not None:
        outcome = _run_one(asked)
        _show(outcome, everything=asked.all, reads=asked.reads)
        if asked.keep:
            keep(outcome, Path(asked.keep))
        return int(bool(outcome.broken))
    return _run_many(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="The seeded simulator."
    )
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=count_cores(), help="processes to run them in")
    parser.add_argument("--stop", action="store_true", help="stop at the first broken promise")
    parser.add_argument("--seed", type=int, help="one seed, with its history")
    parser.add_argument("--kept", type=Path, help="one run that was kept in a file")
    parser.add_argument("--keep", type=Path, help="keep the one run in this file")
    parser.add_argument("--all", action="store_true", help="everything, not only what it is about")
    parser.add_argument("--reads", action="store_true", help="also calls that only look")
    return parser


def _run_one(asked: argparse.Namespace) -> Outcome:
    if asked.kept:
        kept = load(asked.kept)
        return run_seed(kept.seed, kept.scenario)
    return run_seed(asked.seed)


def _show(outcome: Outcome, *, everything: bool, reads: bool) -> None:
    about = () if everything else outcome.about
    for line in outcome.history.render(about=about, reads=reads):
        print(line)
    print(f"\nbroken: {outcome.broken}" if outcome.broken else "\nevery promise was kept")


def _run_many(asked: argparse.Namespace) -> int:
    began = time.monotonic()

    def show(tally: Tally) -> None:
        if sys.stderr.isatty():
            told = f"{tally.seeds:,} of {asked.seeds:,} seeds, {len(tally.broken)} broken"
            print(f"\r{told}, {time.monotonic() - began:.0f} s ", end="", file=sys.stderr)

    tally = run_seeds(asked.first, asked.seeds, jobs=asked.jobs, stops=asked.stop, progress=show)
    print("\n".join(tally.render()))
    print(f"{time.monotonic() - began:.0f} s on {asked.jobs} cores")
    for seed, sentence in sorted(tally.broken.items())[:20]:
        print(f"broken: {sentence}\n    make simulate SEED={seed}")
    missing = tally.never_hit() if tally.seeds >= COVERED_FROM else []
    if missing:
        print(f"never hit, so never tried: {'; '.join(missing)}")
    return int(bool(tally.broken or missing))


if __name__ == "__main__":
    sys.exit(main())
