"""`python -m bench [NAME...]`: measures, prints a table, writes `build/bench.json`.

Exit code 1 where a goal is missed. Every figure with a floor is measured beside it in the same run,
in turns, because the machine's speed differs from minute to minute.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.parts import ROOT
from bench.report import Figure, render_table, write_json

OUTPUT = ROOT / "build" / "bench.json"
MEASUREMENTS = (
    "accept",
    "cold_start",
    "compute",
    "added_time",
    "ids",
    "sweep",
    "reading",
    "intake",
    "reconcile",
)
"""Modules of `bench`, each with `measure()`; they are loaded as they run."""


def main(arguments: Sequence[str] | None = None, output: Path = OUTPUT) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    wanted = parser.parse_args(arguments).names or MEASUREMENTS
    if unknown := set(wanted) - set(MEASUREMENTS):
        parser.error(f"no measurement named {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in wanted:
        print(f"{name} ...", end=" ", flush=True)
        begin = time.monotonic()
        figures += importlib.import_module(f"bench.{name}").measure()
        print(f"{time.monotonic() - begin:.0f} s", flush=True)
    print(f"\n{render_table(figures)}")
    write_json(figures, output)
    return 1 if any(figure.ok is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
