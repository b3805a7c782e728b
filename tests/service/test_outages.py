"""Storage goes away and comes back, one service alone or all, for minutes or from call to call.

`Host` does what the Functions host does around the service: it brings a message that failed back after
five seconds, puts it on the poison queue after the fifth time, and receives nothing where the queue is
away itself.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.domain.errors import StoreError, Unavailable
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_JOBS_POISON
from shared.domain.records import Deployment, Status
from shared.ports import Row
from shared.service import run
from shared.service.claims import Mint
from shared.service.hints import Hint
from shared.service.queues import poison
from tests.service.promises import check_rest
from tests.service.world import ANNA, BERT, World

SERVICES = ("tables", "queue", "blobs")
TRIES, RETRY_SECONDS, SWEEP_SECONDS = 5, 5, 30
OUTAGE = 20 * 60  # longer than a message's five tries, and than the lease


class Storage:
    """Which services are away; each call asks. `done_first` of those that fail have been done."""

    def __init__(self) -> None:
        self.fails: Callable[[str], bool] = lambda _service: False
        self.done_first: Callable[[], bool] = lambda: False

    def take_away(self, *services: str) -> None:
        self.fails = lambda service: service in services

    def flap(self, seed: int, *, share: float) -> None:
        """So large a share of all calls fails; half of those have been done."""
        chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.fails = lambda _service: chance.random() < share
        self.done_first = lambda: chance.random() < 0.5

    def come_back(self) -> None:
        self.fails = lambda _service: False


class Shaky:
    """A port of storage that fails as it is told."""

    def __init__(self, real: Any, service: str, storage: Storage) -> None:
        self._real, self._service, self._storage = real, service, storage

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._real, name)

        def shaky(*args: Any, **options: Any) -> Any:
            if not self._storage.fails(self._service):
                return call(*args, **options)
            if self._storage.done_first():
                call(*args, **options)
            raise Unavailable(f"{self._service}: no answer")

        return shaky

    def scan(self, *args: Any, **options: Any) -> Iterator[Row]:
        """It may break off at any row."""
        for row in self._real.scan(*args, **options):
            if self._storage.fails(self._service):
                raise Unavailable(f"{self._service}: the listing breaks off")
            yield row
        if self._storage.fails(self._service):
            raise Unavailable(f"{self._service}: no answer")


class Host(World):
    """A world whose storage may go away."""

    def __init__(self) -> None:
        super().__init__(operation_seconds=20)
        self.storage = Storage()
        for service in SERVICES:
            shaky = Shaky(getattr(self.ports, service), service, self.storage)
            self.ports = dataclasses.replace(self.ports, **{service: shaky})
        self.mint = Mint(self.ports.tables, self.clock, self.ports.random)
        self.poisoned = 0
        self._seconds = 0

    def go_on(self, seconds: float) -> None:
        """Lets everything work for a while, a second at a time."""
        for _ in range(int(seconds)):
            self._seconds += 1
            if not self.storage.fails("queue"):
                while self._run(DEPLOY_JOBS) or self._run(DEPLOY_JOBS_POISON):
                    pass
            if self._seconds % SWEEP_SECONDS == 0:
                self._try(self.sweep)
            self.clock.advance(1)

    def _run(self, queue: str) -> bool:
        """One message and its function; False where there is none."""
        message = self.queue.receive(queue, lease=600)
        if message is None:
            return False
        hint = Hint.model_validate_json(message.text)
        if queue == DEPLOY_JOBS:
            done = self._try(lambda: run.run_turn(self.ports, self.policy, hint))
        else:
            body = message.text.encode()
            done = self._try(lambda: poison.take_hint(self.ports, hint, body))
        if done:
            self.queue.delete(queue, message)
        elif queue == DEPLOY_JOBS and message.dequeue_count >= TRIES:
            self.queue.send(DEPLOY_JOBS_POISON, message.text)
            self.queue.delete(queue, message)
            self.poisoned += 1
        else:
            self.queue.show_again(queue, message, after=RETRY_SECONDS)
        return True

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except StoreError:
            return False
        return True

    def ask(self, request: Callable[[], Deployment]) -> Deployment:
        """Sends a request until it is answered, as clients do under a key."""
        for _ in range(500):
            try:
                return request()
            except StoreError:
                self.go_on(2)
        raise AssertionError("never answered")


def check_all(host: Host, live: list[Deployment], deleted: list[Deployment]) -> None:
    check_rest(host)
    for record in live:
        assert host.read(record).status is Status.ACTIVE, host.read(record).failure
    for record in deleted:
        assert host.read(record).torn_down_at is not None
    assert len(host.all_deployments()) == len(live) + len(deleted)
    assert len(host.in_cloud().deployments) == len(live)


@pytest.mark.parametrize("after", [0, 1, 25, 45])
@pytest.mark.parametrize("away", [*((each,) for each in SERVICES), SERVICES], ids="+".join)
def test_nothing_fails_because_storage_was_away_for_longer_than_messages_are_tried(
    away: tuple[str, ...], after: int
) -> None:
    host = Host()
    model, others = host.upload(), host.upload(BERT)
    gone = host.deploy(model)
    host.settle()
    live = [host.deploy(model), host.deploy(others, BERT)]
    host.delete(gone)
    host.go_on(after)
    host.storage.take_away(*away)
    host.go_on(OUTAGE)
    host.storage.come_back()
    host.go_on(15 * 60)
    check_all(host, live, [gone])


def test_a_message_that_an_outage_made_poison_is_made_good_by_the_sweep() -> None:
    host = Host()
    record = host.deploy(host.upload())
    host.storage.take_away("tables")
    host.go_on(OUTAGE)
    assert host.poisoned == 1
    host.storage.come_back()
    host.go_on(5 * 60)
    check_all(host, [record], [])


@pytest.mark.parametrize("away", ["tables", "queue"])
def test_a_request_during_an_outage_is_accepted_once_or_not_at_all(away: str) -> None:
    host = Host()
    model = host.upload()
    host.storage.take_away(away)
    if away == "queue":  # the hint is lost, the acceptance is not
        live = [host.deploy(model, key="k")]
    else:
        with pytest.raises(StoreError):
            host.deploy(model, key="k")
        live = []
    host.storage.come_back()
    live = live or [host.deploy(model, key="k")]
    host.go_on(10 * 60)
    check_all(host, live, [])


@pytest.mark.parametrize("seed", range(8))
def test_everything_converges_after_storage_that_came_and_went_from_call_to_call(seed: int) -> None:
    host = Host()
    model, others = host.upload(), host.upload(BERT)
    gone = host.deploy(model)
    host.settle()
    host.storage.flap(seed, share=0.25)
    live = [
        host.ask(lambda: host.deploy(model, key="first")),
        host.ask(lambda: host.deploy(others, BERT, key="second")),
        host.ask(lambda: host.deploy(model, ANNA, key="third")),
    ]
    host.ask(lambda: host.delete(gone))
    host.go_on(10 * 60)
    host.storage.come_back()
    host.go_on(40 * 60)
    check_all(host, live, [gone])
