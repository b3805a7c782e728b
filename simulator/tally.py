"""What many seeds came to: counts that add up, and the table of which fault hit which effect."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.catalogue import EFFECTS
from simulator.faults import APPLICABLE, Fault, Kind
from simulator.run import Outcome

COVERED_FROM = 20_000
"""From so many seeds on, an effect that a kind of fault has never hit is a failure."""
_HOSTS = (Kind.RECEIPT, Kind.ACKNOWLEDGEMENT)  # effects of the host, not of the service


@dataclass(slots=True)
class Tally:
    """Counts over seeds; `broken` are the seeds that broke a promise, with which."""

    seeds: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    fewest_deployments: int = 1000
    fewest_faults: int = 1000
    late: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    hits: Counter[tuple[str, Fault]] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> None:
        """Adds a seed."""
        effects = [line for line in outcome.history.lines if line.kind]
        self.seeds += 1
        self.late += outcome.late
        self.sizes[sum(line.kind not in _HOSTS for line in effects)] += 1
        self.fewest_deployments = min(self.fewest_deployments, outcome.deployments)
        self.fewest_faults = min(self.fewest_faults, len(outcome.hits))
        self.effects.update(line.call for line in effects)
        self.hits.update((hit.effect, hit.fault) for hit in outcome.hits)
        if outcome.broken:
            self.broken[outcome.seed] = outcome.broken

    def add(self, other: "Tally") -> None:
        """Adds the counts of other seeds."""
        self.seeds += other.seeds
        self.late += other.late
        self.sizes.update(other.sizes)
        self.fewest_deployments = min(self.fewest_deployments, other.fewest_deployments)
        self.fewest_faults = min(self.fewest_faults, other.fewest_faults)
        self.effects.update(other.effects)
        self.hits.update(other.hits)
        self.broken.update(other.broken)

    @property
    def median(self) -> int:
        """The median number of effects of a seed, the host's own not counted."""
        rest = self.seeds // 2
        for size in sorted(self.sizes):
            rest -= self.sizes[size]
            if rest < 0:
                return size
        return 0

    def never_hit(self) -> list[str]:
        """What has not been tried: effects, each with a kind of fault that never hit it."""
        return [
            f"{effect}: {fault}"
            for effect, kind in EFFECTS.items()
            for fault in APPLICABLE[kind]
            if not self.hits[effect, fault]
        ]

    def render(self) -> Iterator[str]:
        """The table and what is above it."""
        yield (
            f"{self.seeds:,} schedules, {sum(self.effects.values()):,} effects, "
            f"median {self.median} a seed; {sum(self.hits.values()):,} faults; "
            f"at least {self.fewest_deployments} deployments and {self.fewest_faults} faults a seed; "
            f"{self.late:,} late calls of zombies"
        )
        faults = list(Fault)
        yield f"{'effect':<22}{'times':>11}" + "".join(f"{_short(each):>10}" for each in faults)
        for effect, kind in EFFECTS.items():
            cells = (self._cell(effect, kind, each) for each in faults)
            yield f"{effect:<22}{self.effects[effect]:>11,}" + "".join(
                f"{each:>10}" for each in cells
            )

    def _cell(self, effect: str, kind: Kind, fault: Fault) -> str:
        return f"{self.hits[effect, fault]:,}" if fault in APPLICABLE[kind] else ""


def _short(fault: Fault) -> str:
    """A heading of one word that fits its column."""
    return {
        Fault.DIES_BEFORE: "dies<",
        Fault.DIES_AFTER: "dies>",
        Fault.ANSWER_LOST: "ans.lost",
        Fault.NOT_DONE: "not done",
        Fault.RETRY_REFUSED: "retry 412",
        Fault.LANDS_LATE: "late",
        Fault.UNAVAILABLE: "unavail.",
        Fault.FAILS: "fails",
        Fault.SLOW: "slow",
    }.get(fault, fault.value)
