"""Virtual time, and the actors who live in it.

An actor is a greenlet that runs the service's own code. It stops where it waits (`Timeline.sleep`),
and the one whose time comes first goes on: nothing runs at once, everything interleaves, and the
same waits give the same order again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush

from greenlet import GreenletExit, getcurrent, greenlet

from shared.adapters.memory_clock import START

BEGINNING = START + timedelta(hours=23, minutes=45)
"""When a run begins: a day ends in each."""
SECOND = 1_000_000  # times are whole microseconds since the beginning, so that sums are exact
FAR = 2**62
"""Later than anything that happens."""


class Died(BaseException):
    """The process is gone; no code of the service may catch this."""


class Broken(BaseException):
    """A promise is broken: which, in a sentence, and the deployments and endpoints concerned."""

    def __init__(self, sentence: str, *about: str) -> None:
        super().__init__(sentence)
        self.about = frozenset(about)


@dataclass(eq=False, slots=True)
class Process:
    """What dies as one.

    `skew` is what its clock is ahead of the true time, in seconds; `slowness` how many times as long
    as usual its calls take.
    """

    name: str
    skew: float = 0.0
    slowness: float = 1.0
    alive: bool = True


@dataclass(eq=False, slots=True)
class Task:
    """One thing an actor does (a turn, a request) for a user; `deployment_id` where it is of one."""

    kind: str
    user_key: str = ""
    deployment_id: str = ""
    generation: int = 0  # of the record, when this turn leased it
    accepted: str = ""  # the deployment whose next generation this request has brought about
    run_id: str = ""  # of the reconciliation whose turn it is
    looked_at: int = FAR  # when this turn of it has begun to look, since it last changed anything
    unknown: set[str] = field(default_factory=set)  # of what a listing has failed it
    names: bool = False  # it has begun to list names that were given up
    files: bool = False  # it has begun to list what is kept in files


@dataclass(eq=False, slots=True)
class Actor:
    """Somebody who acts. `process` is where it runs now, and `task` what it is doing."""

    name: str
    process: Process | None = None
    task: Task = field(default_factory=lambda: Task("nothing"))
    flow: greenlet | None = None
    is_late: bool = False  # it is a call that nobody waits for any more
    ticket: int = 0  # of its valid entry in the order of events


class Timeline:
    """The order of events. `now` is the true time in microseconds since the beginning."""

    def __init__(self) -> None:
        self.now = 0
        self.current = Actor("nobody")
        self._hub = getcurrent()
        self._order: list[tuple[int, int, Actor]] = []
        self._tickets = 0
        self._actors: list[Actor] = []
        self._ended = False

    def start(self, actor: Actor, act: Callable[[], None], *, after: float = 0) -> None:
        """Lets an actor begin `after` seconds from now."""
        actor.flow = greenlet(lambda: self._live(act), parent=self._hub)
        self._actors.append(actor)
        self._enter(actor, self.now + round(after * SECOND))

    def run(self) -> None:
        """Goes on until somebody ends it, or nothing is left to happen."""
        while self._order and not self._ended:
            due, ticket, actor = heappop(self._order)
            if ticket == actor.ticket and actor.flow is not None:
                self.now, self.current = due, actor
                actor.flow.switch()

    def end(self) -> None:
        """Nothing happens after this."""
        self._ended = True

    def close(self) -> None:
        """Lets go of every actor that has not finished."""
        self._ended = True
        for actor in self._actors:
            if actor.flow and not actor.flow.dead:
                with suppress(Died):  # of what it does at last
                    actor.flow.throw(GreenletExit)

    def sleep(self, seconds: float) -> None:
        """The current actor goes on later. Raises Died where its process is gone by then."""
        actor, due = self.current, self.now + round(seconds * SECOND)
        self.require_alive(actor)
        if self._order and self._order[0][0] <= due:
            self._enter(actor, due)
            self._hub.switch()
        else:
            self.now = due  # nobody else comes before
        self.require_alive(actor)

    def wait_until(self, at: int) -> None:
        """The current actor goes on at a time, or as soon as it is woken."""
        self._enter(self.current, max(at, self.now))
        self._hub.switch()

    def wake(self, actor: Actor, at: int) -> None:
        """A waiting actor goes on at a time."""
        self._enter(actor, max(at, self.now))

    def require_alive(self, actor: Actor) -> None:
        """Raises Died where the actor's process is gone, or the run is over."""
        if self._ended or (actor.process is not None and not actor.process.alive):
            raise Died

    def require_running(self) -> None:
        """Raises Died where the run is over: who survives the death of a process goes no further."""
        if self._ended:
            raise Died

    def _live(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Died:
            if not self._ended:
                raise

    def _enter(self, actor: Actor, due: int) -> None:
        self._tickets += 1
        actor.ticket = self._tickets
        heappush(self._order, (due, self._tickets, actor))


class SkewedClock:
    """The `Clock` port: the true time as the process of whoever asks sees it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def now(self) -> datetime:
        """The time on the current process's clock."""
        process = self._timeline.current.process
        skew = process.skew if process else 0.0
        return BEGINNING + timedelta(microseconds=self._timeline.now, seconds=skew)


class TrueClock:
    """The `Clock` port of the outside: of the storage service and of the cloud."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def now(self) -> datetime:
        """The true time."""
        return BEGINNING + timedelta(microseconds=self._timeline.now)
