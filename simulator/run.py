"""One seed: lets it happen, and tells what came of it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from simulator.chance import Chance
from simulator.faults import Hit
from simulator.history import History
from simulator.scenario import Scenario, draw_scenario
from simulator.timeline import Broken
from simulator.world import World

UNEXPECTED = "an error nobody expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a seed; `broken` is the promise that was, in a sentence, or empty."""

    seed: int
    broken: str
    about: frozenset[str]
    hits: Sequence[Hit]
    late: int
    deployments: int
    scenario: Scenario
    history: History


def run_seed(seed: int, scenario: Scenario | None = None) -> Outcome:
    """Runs a seed, or a scenario that was kept, under it."""
    scenario = scenario or draw_scenario(Chance(seed))
    world = World(seed, scenario)
    broken, about = "", frozenset[str]()
    try:
        with _quietly():
            world.run()
    except Broken as error:
        broken, about = str(error), error.about
    except Exception as error:  # noqa: BLE001 - whatever the service raises unasked is a finding
        broken = f"{UNEXPECTED}: {type(error).__name__}: {error}"
    return Outcome(
        seed=seed,
        broken=broken,
        about=about,
        hits=tuple(world.faults.hits),
        late=len(world.watch.clouds.late) + len(world.watch.clearing.late),
        deployments=len(world.ledger.deployments),
        scenario=scenario,
        history=world.history,
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the service's log: the history tells more."""
    log = logging.getLogger("longshore")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
