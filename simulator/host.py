"""The workers, by the rules of the Functions host (azure-sdk-for-net, QueueListener).

A message is hidden for ten minutes while it is worked on. It comes back after a few seconds where its
function raises, after the ten minutes where its process dies, and goes to the poison queue after five
tries. Several lanes of a worker work at once, and die at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.adapters.memory_queue import MemoryQueue, Received
from shared.domain.errors import LongshoreError, Missing, Unavailable
from shared.domain.policy import DEPLOY_REQUESTS, RECONCILE_JOBS
from simulator.chance import Counted
from simulator.effects import Effect, Effects
from simulator.faults import Kind, Surprise
from simulator.machines import Machine
from simulator.timeline import BEGINNING, FAR, SECOND, Actor, Died, Task, Timeline

HIDDEN, SHOWN_AGAIN = 600.0, 5.0
MOST_TRIES = 5
POISON = "-poison"
_LONGEST_POLL = 1.0
Function = Callable[[str, Task], None]


@dataclass(slots=True)
class Lane:
    """Works on one message of one queue at a time."""

    actor: Actor
    machine: Machine
    queue: str
    function: Function
    idle: bool = False


class Host:
    """All lanes of all workers."""

    def __init__(
        self, timeline: Timeline, effects: Effects, queue: MemoryQueue, chance: Counted
    ) -> None:
        self._timeline, self._effects = timeline, effects
        self._queue, self._chance = queue, chance
        self._lanes: list[Lane] = []

    def add_lane(self, name: str, machine: Machine, queue: str, function: Function) -> None:
        """One more lane, from now on."""
        lane = Lane(Actor(name), machine, queue, function)
        self._lanes.append(lane)
        self._timeline.start(lane.actor, lambda: self._work(lane))

    def is_idle(self) -> bool:
        """Whether no message is being worked on, and none is waiting."""
        queues = {lane.queue for lane in self._lanes}
        return all(lane.idle for lane in self._lanes) and not any(map(self._next_visible, queues))

    def notice(self, queue: str) -> None:
        """A message was put into a queue: its idle lanes look when it can be seen."""
        for lane in self._lanes:
            if lane.idle and lane.queue == queue:
                self._timeline.wake(lane.actor, self._next_look(lane))

    def _work(self, lane: Lane) -> None:
        while True:
            if not self._is_due(lane.queue):
                self._rest(lane)
                continue
            try:
                lane.machine.enter(lane.actor)
                self._take(lane)
            except Died:
                self._timeline.require_running()
            finally:
                lane.actor.process, lane.actor.task = None, Task("nothing")

    def _rest(self, lane: Lane) -> None:
        lane.idle = True
        self._timeline.wait_until(self._next_look(lane))
        lane.idle = False

    def _take(self, lane: Lane) -> None:
        """Takes a message, if another lane was not faster, and does what it asks for."""
        try:
            received = self._receive(lane.queue)
        except Unavailable:
            self._timeline.sleep(1)
            return
        if received is None:
            return
        if received.dequeue_count > MOST_TRIES:
            self._move_to_poison(lane.queue, received)
            return
        try:
            lane.function(received.text, lane.actor.task)
        except (LongshoreError, Surprise):
            self._show_again(lane.queue, received)
        else:
            self._acknowledge(lane.queue, received)

    def _receive(self, queue: str) -> Received | None:
        taken: list[Received | None] = []

        def take(hidden: float = HIDDEN) -> None:
            taken.append(self._queue.receive(queue, lease=hidden))

        effect = Effect(
            name=f"take {_short(queue)}",
            kind=Kind.RECEIPT,
            about=(),
            do=take,
            unclear=Unavailable("no answer"),
            odd=lambda _fault: take(self._chance.fraction("given twice") * 4),
        )
        self._effects.change(effect, "queue")
        return taken[0]

    def _acknowledge(self, queue: str, received: Received) -> None:
        """Removes a message that was worked on; where that fails, it comes again."""
        effect = Effect(
            name=f"acknowledge {_short(queue)}",
            kind=Kind.ACKNOWLEDGEMENT,
            about=(),
            do=lambda: self._queue.delete(queue, received),
            unclear=Unavailable("no answer"),
        )
        try:
            self._effects.change(effect, "queue")
        except (Missing, Unavailable):
            return  # somebody else has it, or it comes again

    def _show_again(self, queue: str, received: Received) -> None:
        """After a failure; a message of a poison queue stays hidden for its time."""
        if received.dequeue_count >= MOST_TRIES:
            self._move_to_poison(queue, received)
        elif not queue.endswith(POISON):
            self._queue.show_again(queue, received, after=SHOWN_AGAIN)
            self.notice(queue)

    def _move_to_poison(self, queue: str, received: Received) -> None:
        """Copies, then removes, so that a crash between leaves both; a poison queue has none."""
        if queue.endswith(POISON):
            return
        self._queue.send(queue + POISON, received.text)
        self.notice(queue + POISON)
        self._acknowledge(queue, received)

    def _next_visible(self, queue: str) -> int | None:
        visible = self._queue.next_visible(queue)
        return None if visible is None else round((visible - BEGINNING).total_seconds() * SECOND)

    def _is_due(self, queue: str) -> bool:
        visible = self._next_visible(queue)
        return visible is not None and visible <= self._timeline.now

    def _next_look(self, lane: Lane) -> int:
        visible = self._next_visible(lane.queue)
        if visible is None:
            return FAR
        poll = _LONGEST_POLL * self._chance.fraction("poll", lane.actor.name)
        return max(visible, self._timeline.now) + round(poll * SECOND)


def _short(queue: str) -> str:
    if queue.endswith(POISON):
        return "poison"
    return {DEPLOY_REQUESTS: "event", RECONCILE_JOBS: "run hint"}.get(queue, "hint")
