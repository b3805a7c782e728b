"""Runs that are kept as files: the scenario with the faults that were hit, independent of any drawing.

A seed leads elsewhere once the simulator draws differently; a kept run does the same as long as the
effects it names are there.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from simulator.run import Outcome
from simulator.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A run: what it showed, in a sentence; the seed of its small delays; and all else."""

    showed: str
    seed: int
    scenario: Scenario


def keep(outcome: Outcome, file: Path) -> None:
    """Writes a run to a file."""
    scenario = replace(outcome.scenario, faults=tuple(outcome.hits), fewest_faults=0)
    kept = Kept(showed=outcome.broken, seed=outcome.seed, scenario=scenario)
    document = TypeAdapter(Kept).dump_python(kept, mode="json", exclude_defaults=True)
    file.write_text(json.dumps(document, indent=1) + "\n")


def load(file: Path) -> Kept:
    """The run in a file. Raises pydantic.ValidationError where it holds none."""
    return TypeAdapter(Kept).validate_json(file.read_text())
