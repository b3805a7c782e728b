"""The one door between the service and the outside: every call of every port passes here.

A call takes a little virtual time, in which others act; that is all the interleaving there is. A
call that changes something is an effect, and may meet a fault.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from shared.domain.errors import CloudError, StoreError
from simulator.catalogue import EFFECTS
from simulator.chance import Chance, Counted
from simulator.faults import Fault, Faults, Hit, Kind
from simulator.history import NO_WORDS, History, Line
from simulator.outages import Outages
from simulator.timeline import FAR, Actor, Broken, Died, Timeline

T = TypeVar("T")
_QUICK, _SLOWER = 0.9, 0.985  # of all calls; the rest takes seconds
_KEEPS = "keep run"  # it keeps the right to go on, and changes nothing that was looked at
_LONGEST_STALL, _LATEST, _HELD_UP = 1200.0, 20.0, 0.6


@dataclass(slots=True, kw_only=True)
class Effect:
    """A call that changes something.

    `do` does it; `unclear` and `refused` are what the port raises where the answer is lost, and where
    the client's own retry is refused. `odd` does it in the way of a fault that only this port knows.
    """

    name: str
    kind: Kind
    about: Collection[str]
    do: Callable[[], object]
    unclear: Exception
    refused: Exception | None = None
    odd: Callable[[Fault], None] | None = None
    became: Callable[[], str] = NO_WORDS


class Effects:
    """Lets calls through, each at its time, with the faults of the run.

    `begun` is asked whether an effect that begins makes somebody act.
    """

    def __init__(
        self,
        timeline: Timeline,
        chance: Chance,
        faults: Faults,
        outages: Outages,
        history: History,
    ) -> None:
        self._timeline, self._chance = timeline, Counted(chance)
        self._faults, self._outages, self._history = faults, outages, history
        self.begun: Callable[[Effect], bool] = lambda _effect: False

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return self._timeline.current

    @property
    def now(self) -> int:
        """The true time."""
        return self._timeline.now

    def read(self, name: str, port: str, about: Collection[str], do: Callable[[], T]) -> T:
        """A call that only looks."""
        line = self._wait(name, about, None)
        task = self._timeline.current.task
        task.looked_at = min(task.looked_at, self._timeline.now)
        try:
            self._outages.check(port, self._timeline.now)
            return do()
        except (StoreError, CloudError) as error:
            line.mark = _told(error)
            raise

    def change(self, effect: Effect, port: str) -> None:
        """A call that changes something."""
        if EFFECTS.get(effect.name) is not effect.kind:
            raise Broken(f"the effect {effect.name!r} ({effect.kind}) is not in the catalogue")
        hit = self._faults.choose(effect.name, effect.kind)
        fault = hit.fault if hit else None
        actor = self._timeline.current
        if self.begun(effect):  # somebody acts just now: a race, and not lost before it begins
            self._timeline.sleep(_HELD_UP * self._chance.fraction("held up", actor.name))
        if fault is Fault.STALLS:
            self._stall(effect, hit)
        line = self._wait(effect.name, effect.about, effect.kind)
        line.mark, line.became = fault or "", effect.became
        if fault is Fault.DIES_BEFORE:
            self._die(hit)
        try:
            self._outages.check(port, self._timeline.now)
            self._do(effect, hit)
        except (StoreError, CloudError) as error:
            line.mark = f"{line.mark}: {_told(error)}" if line.mark else _told(error)
            raise
        if effect.name != _KEEPS:
            actor.task.looked_at = FAR
        self._timeline.require_alive(actor)

    def _do(self, effect: Effect, hit: Hit | None) -> None:
        fault = hit.fault if hit else None
        if fault in (Fault.NOT_DONE, Fault.LANDS_LATE):
            self._meet(hit)
            if fault is Fault.LANDS_LATE:
                self._land_later(effect)
            raise effect.unclear
        if fault in _DONE_AS_USUAL:
            effect.do()
        elif effect.odd is not None and fault is not None:
            self._meet(hit)
            effect.odd(fault)
        if fault is Fault.DIES_AFTER:
            self._die(hit)
        if fault is Fault.ANSWER_LOST:
            self._meet(hit)
            raise effect.unclear
        if fault is Fault.RETRY_REFUSED and effect.refused is not None:
            self._meet(hit)
            raise effect.refused

    def _land_later(self, effect: Effect) -> None:
        """Nobody waits any more for what is still on its way; it may be refused when it arrives."""
        asker = self._timeline.current
        late = Actor(f"{asker.name}'s late", task=asker.task, is_late=True)

        def land() -> None:
            line = Line(self._timeline.now, late.name, effect.name, effect.about, effect.kind)
            self._history.add(line)
            line.became = effect.became
            try:
                effect.do()
            except StoreError as error:
                line.mark = _told(error)

        after = _LATEST * self._chance.fraction("late", asker.name)
        self._timeline.start(late, land, after=after)

    def _meet(self, hit: Hit | None) -> None:
        if hit is not None:
            self._faults.happened(hit, self._timeline.now)

    def _die(self, hit: Hit | None) -> None:
        self._meet(hit)
        process = self._timeline.current.process
        if process is not None:
            process.alive = False
        raise Died

    def _stall(self, effect: Effect, hit: Hit | None) -> None:
        """The process stands still just before the call, often for longer than its lease."""
        self._meet(hit)
        name = self._timeline.current.name
        seconds = _stall_seconds(self._chance.fraction("stall", name, effect.name))
        mark = f"stands still for {seconds:.0f} s before it"
        self._history.add(Line(self._timeline.now, name, effect.name, effect.about, None, mark))
        self._timeline.sleep(seconds)

    def _wait(self, name: str, about: Collection[str], kind: Kind | None) -> Line:
        """A call is on its way for a while; its line in the history is of when it arrives."""
        actor = self._timeline.current
        slowness = actor.process.slowness if actor.process else 1.0
        chance = self._chance.fraction("latency", actor.name, name)
        self._timeline.sleep(slowness * _latency_seconds(chance))
        return self._history.add(Line(self._timeline.now, actor.name, name, about, kind))


_DONE_AS_USUAL = (
    None,
    Fault.STALLS,
    Fault.DIES_AFTER,
    Fault.ANSWER_LOST,
    Fault.RETRY_REFUSED,
)


def _latency_seconds(chance: float) -> float:
    """Nearly always milliseconds, sometimes a good part of one, rarely several."""
    if chance < _QUICK:
        return 0.003 + 0.04 * chance
    if chance < _SLOWER:
        return 0.04 + 10 * (chance - _QUICK)
    return 1 + 400 * (chance - _SLOWER)


def _stall_seconds(chance: float) -> float:
    """As often below two minutes as above."""
    return float(10 * (_LONGEST_STALL / 10) ** chance)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
