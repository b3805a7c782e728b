"""What can go wrong at an effect, and where it does in this run.

An effect is a call that changes something outside; which kinds of fault can hit it follows from what
it changes. Most faults of a run are planned before it, each kind at each effect with equal chance, so
that the rare effects are hit as often as the daily ones. The others come as the run goes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.chance import Chance


class Fault(StrEnum):
    """A kind of fault, in the words that a history shows."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    STALLS = "stalls"
    ANSWER_LOST = "answer lost"
    NOT_DONE = "not done"
    RETRY_REFUSED = "own retry refused"
    LANDS_LATE = "lands late"
    DOUBLED = "doubled"
    LOST = "lost"
    DELAYED = "delayed"
    EARLY = "early"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    MALFORMED = "malformed"
    FAILS = "operation fails"
    SLOW = "operation slow"
    QUOTA = "no quota"


class Kind(StrEnum):
    """What an effect changes."""

    ROWS = "rows"
    REMOVAL = "removal"
    BLOB = "blob"
    COPY = "copy"
    HINT = "hint"
    MESSAGE = "message"
    RECEIPT = "receipt"
    ACKNOWLEDGEMENT = "acknowledgement"
    CHANGE = "change"
    OPERATION = "operation"
    DEPLOYMENT = "deployment"


_UNCLEAR = (
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.STALLS,
    Fault.ANSWER_LOST,
    Fault.NOT_DONE,
)
_CLOUD = (
    *_UNCLEAR,
    Fault.THROTTLED,
    Fault.UNAVAILABLE,
    Fault.CONFLICT,
    Fault.FORBIDDEN,
    Fault.REFUSED,
    Fault.MALFORMED,
)
APPLICABLE: Mapping[Kind, Sequence[Fault]] = {
    Kind.ROWS: (*_UNCLEAR, Fault.RETRY_REFUSED, Fault.LANDS_LATE),
    Kind.REMOVAL: (*_UNCLEAR, Fault.LANDS_LATE),  # a client takes the 404 of its own retry for done
    Kind.BLOB: (*_UNCLEAR, Fault.RETRY_REFUSED),
    Kind.COPY: _UNCLEAR,
    Kind.HINT: (*_UNCLEAR, Fault.DOUBLED, Fault.LOST, Fault.DELAYED, Fault.EARLY),
    Kind.MESSAGE: (Fault.ANSWER_LOST, Fault.NOT_DONE, Fault.DOUBLED, Fault.DELAYED),
    Kind.RECEIPT: (Fault.DOUBLED,),  # given to another lane too
    Kind.ACKNOWLEDGEMENT: (Fault.DIES_BEFORE, Fault.NOT_DONE),
    Kind.CHANGE: _CLOUD,
    Kind.OPERATION: (*_CLOUD, Fault.FAILS, Fault.SLOW),
    Kind.DEPLOYMENT: (*_CLOUD, Fault.FAILS, Fault.SLOW, Fault.QUOTA),
}


class Surprise(Exception):
    """An error that nobody expects: the fault `MALFORMED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One fault: at which occurrence of an effect in the run, from 1, and of which kind."""

    effect: str
    occurrence: int
    fault: Fault


FEWEST = 3
"""Faults that a run has at least."""
_PLANNED = (3, 7)
_OCCURRENCES = (1, 1, 1, 1, 1, 2, 2, 4, 9)
_GAP = (5, 50)  # effects between two faults that come as the run goes
_PATIENCE = 120  # effects, after which a run has its fewest faults at once


def list_cells(effects: Mapping[str, Kind], seldom: Sequence[str]) -> Sequence[tuple[str, Fault]]:
    """Every fault of every effect; of the seldom ones twice more for each time they are named."""
    return [
        (effect, fault)
        for effect, kind in effects.items()
        for fault in APPLICABLE[kind]
        for _ in range(1 + 2 * seldom.count(effect))
    ]


def plan_faults(
    chance: Chance, cells: Sequence[tuple[str, Fault]], leads_to: Mapping[str, Sequence[Hit]]
) -> tuple[Hit, ...]:
    """Faults of a run, to come if their effect occurs so often; what `leads_to` an effect comes too."""
    hits: list[Hit] = []
    for number in range(chance.whole(*_PLANNED, "faults")):
        effect, fault = chance.pick(cells, "cell", number)
        occurrence = chance.pick(_OCCURRENCES, "occurrence", number)
        hits += [*leads_to.get(effect, ()), Hit(effect=effect, occurrence=occurrence, fault=fault)]
    return tuple(hits)


class Faults:
    """Decides at each effect whether it goes wrong.

    Beside those planned, faults come as the run goes until there have been `fewest`.
    """

    def __init__(self, chance: Chance, planned: Iterable[Hit], fewest: int) -> None:
        self.hits: list[Hit] = []
        self.last_at = 0
        self._chance = chance
        self._planned = {(each.effect, each.occurrence): each for each in planned}
        self._fewest = fewest
        self._drawn = 0
        self._stopped = False
        self._gap = self._next_gap()
        self._occurrences: Counter[str] = Counter()

    def choose(self, effect: str, kind: Kind) -> Hit | None:
        """The fault of this occurrence of an effect; None where it goes well."""
        self._occurrences[effect] += 1
        if self._stopped:
            return None
        occurrence = self._occurrences[effect]
        if planned := self._planned.get((effect, occurrence)):
            return planned
        self._gap -= 1
        if len(self.hits) >= self._fewest or (self._gap > 0 and not self._is_late()):
            return None
        self._drawn += 1
        self._gap = self._next_gap()
        fault = self._chance.pick(APPLICABLE[kind], "fault", self._drawn)
        return Hit(effect=effect, occurrence=occurrence, fault=fault)

    def stop(self) -> None:
        """Nothing goes wrong from now on."""
        self._stopped = True

    def happened(self, hit: Hit, at: int) -> None:
        """A fault that was chosen has come to pass, at this time."""
        self.hits.append(hit)
        self.last_at = at

    def _is_late(self) -> bool:
        return len(self.hits) < FEWEST and self._occurrences.total() > _PATIENCE

    def _next_gap(self) -> int:
        return self._chance.whole(*_GAP, "gap", self._drawn)
