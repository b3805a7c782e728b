"""The Functions host around the queue functions, in memory: five tries, then the poison queue.

As the real one it copies a poison message and then deletes it, two calls of which the second may
not happen; a message that fails on a poison queue stays hidden for ten minutes, and after five times
for ever.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from shared.adapters.memory_queue import Received
from shared.domain.errors import LongshoreError
from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
)
from shared.service.queues import inbox
from tests.service.faults import Died
from tests.service.world import ANNA, HOST_LEASE, World

RETRY_SECONDS = 5  # visibilityTimeout in host.json
MAX_DEQUEUE = 5
PRODUCERS = ("anna",)
QUEUES = (DEPLOY_JOBS, DEPLOY_JOBS_POISON, DEPLOY_REQUESTS, DEPLOY_REQUESTS_POISON)


class QueueHost:
    """Runs the queue functions of a world; `errors` is what they raised."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.errors: list[Exception] = []
        self.copies = 1
        """How many copies of a message reach the poison queue."""
        ports, policy = world.ports, world.policy
        self.functions: dict[str, Callable[[bytes], None]] = {
            DEPLOY_JOBS: lambda body: inbox.take_hint(ports, policy, body),
            DEPLOY_JOBS_POISON: lambda body: inbox.take_poisoned_hint(ports, body),
            DEPLOY_REQUESTS: lambda body: inbox.take_event(
                ports, world.mint, policy, PRODUCERS, ANNA.issuer, body
            ),
            DEPLOY_REQUESTS_POISON: lambda body: inbox.take_poisoned_event(
                ports, PRODUCERS, ANNA.issuer, body
            ),
        }

    def deliver(self) -> bool:
        """Gives one visible message to its function; False where there is none."""
        for queue in QUEUES:
            lease = HOST_LEASE if queue.endswith("-poison") else RETRY_SECONDS
            message = self.world.queue.receive(queue, lease=lease)
            if message is not None:
                self._take(queue, message)
                return True
        return False

    def run(self, seconds: float) -> None:
        """Lets time pass, with a sweep every minute."""
        clock = self.world.clock
        end = clock.now() + timedelta(seconds=seconds)
        while (now := clock.now()) < end:
            if self.deliver():
                continue
            minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
            comes = [self.world.queue.next_visible(queue) for queue in QUEUES]
            later = min(minute, *(each for each in comes if each is not None), end)
            clock.advance((later - now).total_seconds())
            if later == minute:
                with suppress(LongshoreError):  # the next minute's goes on
                    self.world.sweep()

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds, visible or not."""
        now = self.world.clock.now()
        return len(self.world.queue._alive(queue, now))

    def _take(self, queue: str, message: Received) -> None:
        is_poison = queue.endswith("-poison")
        if is_poison and message.dequeue_count > MAX_DEQUEUE:
            return
        try:
            self.functions[queue](message.text.encode())
        except Died:
            return
        except Exception as error:  # noqa: BLE001 - a host takes whatever a function raises
            self.errors.append(error)
            if is_poison or message.dequeue_count < MAX_DEQUEUE:
                return
            for _ in range(self.copies):
                self.world.queue.send(f"{queue}-poison", message.text)
        self.world.queue.delete(queue, message)
