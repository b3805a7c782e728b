"""What can go wrong at an effect, and where it does in this run.

An effect is a call that changes something outside. Which kinds of fault can hit it follows from what
it changes. The first time an effect of a name occurs in a run it is much likelier to be hit than
later, so that the rare ones, of which many runs have none, are hit as often as the daily ones.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    DOUBLED = "doubled"
    LOST = "lost"
    DELAYED = "delayed"
    EARLY = "early"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
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


_PROCESS = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS)
_UNCLEAR = (*_PROCESS, Fault.ANSWER_LOST, Fault.NOT_DONE)
_CLOUD = (*_UNCLEAR, Fault.THROTTLED, Fault.UNAVAILABLE, Fault.CONFLICT, Fault.FORBIDDEN)
APPLICABLE: Mapping[Kind, Sequence[Fault]] = {
    Kind.ROWS: (*_UNCLEAR, Fault.RETRY_REFUSED),
    Kind.REMOVAL: _UNCLEAR,  # a client takes the 404 of its own retry for done
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One fault: at which occurrence of an effect in the run, from 1, and of which kind."""

    effect: str
    occurrence: int
    fault: Fault


_FIRST, _LATER = 8, 1  # how much nearer an occurrence brings the next fault
_GAP = (4, 44)
FEWEST, _MOST = 3, 10


class Faults:
    """Decides at each effect whether it goes wrong: as drawn from the seed, or as kept."""

    def __init__(self, chance: Chance, kept: Sequence[Hit] | None = None) -> None:
        self.hits: list[Hit] = []
        self.last_at = 0
        self._chance = chance
        self._kept = {(each.effect, each.occurrence): each.fault for each in kept or ()}
        self._planned = len(kept) if kept is not None else chance.whole(FEWEST, _MOST, "faults")
        self._drawn = kept is None
        self._occurrences: Counter[str] = Counter()
        self._chosen = 0
        self._gap = self._next_gap()

    @property
    def left(self) -> int:
        """How many faults are still to come."""
        return self._planned - len(self.hits)

    def choose(self, effect: str, kind: Kind) -> Hit | None:
        """The fault of this occurrence of an effect; None where it goes well."""
        self._occurrences[effect] += 1
        occurrence = self._occurrences[effect]
        fault = self._draw(effect, kind, occurrence) if self._drawn else None
        fault = fault or self._kept.get((effect, occurrence))
        return Hit(effect=effect, occurrence=occurrence, fault=fault) if fault else None

    def happened(self, hit: Hit, at: int) -> None:
        """A fault that was chosen has come to pass, at this time."""
        self.hits.append(hit)
        self.last_at = at

    def _draw(self, effect: str, kind: Kind, occurrence: int) -> Fault | None:
        self._gap -= _FIRST if occurrence == 1 else _LATER
        if self._gap > 0 or self.left <= 0:
            return None
        self._chosen += 1
        self._gap = self._next_gap()
        return self._chance.pick(APPLICABLE[kind], "fault", self._chosen, effect)

    def _next_gap(self) -> int:
        return self._chance.whole(*_GAP, "gap", self._chosen)
