"""Queues in memory: the twin of `azure_queue`, and what a worker does with one, on any clock.

A message is visible from a time on. Whoever receives it hides it for a while and gets a receipt,
which is worthless once somebody else has received it.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain import limits
from shared.domain.errors import Missing
from shared.ports import Clock

LIFE = timedelta(days=7)
"""After this time a message is gone, handled or not."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message taken from a queue; `dequeue_count` counts this time too."""

    number: int
    text: str
    receipt: str
    dequeue_count: int


@dataclass(slots=True)
class _Message:
    number: int
    text: str
    visible_at: datetime
    expires_at: datetime
    dequeue_count: int = 0

    @property
    def receipt(self) -> str:
        return f"{self.number}.{self.dequeue_count}"


class MemoryQueue:
    """Queues that come to be by their first use; safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, list[_Message]] = {}
        self._lock = threading.Lock()
        self._sent = 0

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        """Puts a message that becomes visible after `delay` seconds."""
        limits.check_queue(queue)
        limits.check_message(text, delay)
        now = self._clock.now()
        with self._lock:
            self._sent += 1
            message = _Message(self._sent, text, now + timedelta(seconds=delay), now + LIFE)
            self._queues.setdefault(queue, []).append(message)

    def receive(self, queue: str, *, lease: float) -> Received | None:
        """The message that has been visible longest, now hidden for `lease` seconds; or None."""
        now = self._clock.now()
        with self._lock:
            visible = [each for each in self._alive(queue, now) if each.visible_at <= now]
            if not visible:
                return None
            message = min(visible, key=lambda each: (each.visible_at, each.number))
            message.dequeue_count += 1
            message.visible_at = now + timedelta(seconds=lease)
            return Received(message.number, message.text, message.receipt, message.dequeue_count)

    def delete(self, queue: str, received: Received) -> None:
        """Removes a message for good. Raises Missing where the receipt is out of date."""
        with self._lock:
            messages = self._alive(queue, self._clock.now())
            kept = [each for each in messages if each.receipt != received.receipt]
            if len(kept) == len(messages):
                raise Missing(f"message {received.number} of {queue} is gone or somebody else's")
            self._queues[queue] = kept

    def show_again(self, queue: str, received: Received, *, after: float) -> bool:
        """Lets a message be received again after so many seconds; False where somebody else has it."""
        now = self._clock.now()
        with self._lock:
            for message in self._alive(queue, now):
                if message.receipt == received.receipt:
                    message.visible_at = now + timedelta(seconds=after)
                    return True
        return False

    def next_visible(self, queue: str) -> datetime | None:
        """When a message of the queue can next be received; None where there is none."""
        with self._lock:
            messages = self._alive(queue, self._clock.now())
            return min((each.visible_at for each in messages), default=None)

    def _alive(self, queue: str, now: datetime) -> list[_Message]:
        alive = [each for each in self._queues.get(queue, []) if each.expires_at > now]
        self._queues[queue] = alive
        return alive
