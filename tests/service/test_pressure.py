"""A thousand pieces of work that are due at once: found in one sweep, and not hinted at over and over."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Status
from shared.ports import Insert, Operation, Row, Tables
from shared.service import store, sweep
from tests.service.faults import Died
from tests.service.world import SWEEP_EVERY as WORLD_SWEEPS, World

USERS = [Principal(user_id=f"user-{number}", issuer="tests") for number in range(10)]
EACH = 100
SWEEP_EVERY = 30


def world_with_a_thousand_due() -> tuple[World, list[Deployment]]:
    """Ten users with a hundred deployments each, whose hints are all lost."""
    world = World(operation_seconds=0, policy=Policy(deploys_per_minute=1_000_000))
    world.cloud.cores = 10_000
    accepted = []
    for user in USERS:
        model = world.upload(user)
        for _ in range(EACH):
            world.clock.advance(0.001)
            accepted.append(world.deploy(model, user))
    world.clock.advance(1)
    world.lose_messages()
    return world, accepted


def test_one_sweep_finds_a_thousand_that_are_due() -> None:
    world, accepted = world_with_a_thousand_due()
    world.clock.advance(SWEEP_EVERY)
    assert world.sweep().rehinted == len(accepted)
    assert world.sweep().rehinted == 0


def test_a_line_of_ten_minutes_gets_few_hints_more_and_not_a_new_one_with_each_sweep() -> None:
    world, accepted = world_with_a_thousand_due()
    sent = 0
    for _ in range(int(timedelta(minutes=10).total_seconds() / SWEEP_EVERY)):
        world.clock.advance(SWEEP_EVERY)
        sent += world.sweep().rehinted
    assert len(accepted) <= sent <= 5 * len(accepted)


def test_what_is_due_for_hours_is_still_hinted_at_every_few_minutes() -> None:
    world = World(operation_seconds=0)
    world.deploy(world.upload())
    world.clock.advance(timedelta(hours=3).total_seconds())
    hints = 0
    for _ in range(60 * 60 // SWEEP_EVERY):
        world.lose_messages()
        world.clock.advance(SWEEP_EVERY)
        hints += world.sweep().rehinted
    assert 11 <= hints <= 13


def test_a_worker_that_dies_again_and_again_is_replaced_as_soon_each_time() -> None:
    world = World(operation_seconds=0)
    record = world.deploy(world.upload())

    def die(effect: str) -> None:
        if effect == "blob:put":
            raise Died(effect)

    world.effects.before = die
    for _ in range(6):
        begun, epoch = world.clock.now(), world.read(record).epoch
        world.run_until(lambda epoch=epoch: world.read(record).epoch > epoch)  # type: ignore[misc]
        stood_still = (world.clock.now() - begun).total_seconds()
        assert stood_still <= world.policy.lease + WORLD_SWEEPS
    world.effects.before = lambda _effect: None
    world.settle()
    assert world.read(record).status is Status.ACTIVE


class Counted:
    """Tables that note each call, and each row of a listing."""

    def __init__(self, real: Tables) -> None:
        self._real = real
        self.calls: list[str] = []

    def get(self, table: str, partition: str, key: str) -> Row | None:
        self.calls.append(f"get {table}")
        return self._real.get(table, partition, key)

    def scan(self, table: str, partition: str | None, **bounds: Any) -> Iterator[Row]:
        self.calls.append(f"scan {table}")
        for row in self._real.scan(table, partition, **bounds):
            self.calls.append(f"row of {table}")
            yield row

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        self.calls.append(f"commit {table}")
        return self._real.commit(table, operations)


def calls_of_a_sweep(finished: int) -> Counter[str]:
    """With so many finished records of a user who has five deployments unfinished, two of them late."""
    world = World()
    model = world.upload()
    for number in range(5):
        world.deploy(model)
        if number == 1:
            world.clock.advance(30)
    user_key = USERS[0].user_key
    rows = [Row(partition=user_key, key=f"{store.LIVE}{number:020d}") for number in range(finished)]
    for start in range(0, finished, 100):
        world.tables.commit(store.RECORDS, [Insert(row) for row in rows[start : start + 100]])
    counted = Counted(world.tables)
    ports = dataclasses.replace(world.ports, tables=counted)
    assert sweep.sweep(ports, world.policy).rehinted == 2
    return Counter(counted.calls)


def test_a_sweep_makes_the_same_calls_however_much_is_finished() -> None:
    few, many = calls_of_a_sweep(10), calls_of_a_sweep(10_000)
    assert few == many
    assert sum(many.values()) < 25
