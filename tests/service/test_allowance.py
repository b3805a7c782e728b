"""Who has too much unfinished, or asks too fast, is told to wait, and others do not wait with them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.adapters.memory_tables import MemoryTables
from shared.domain.errors import TooMany
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS, Policy
from shared.domain.records import Deployment, Model, Status
from shared.ports import Row
from shared.service import allowance, retry
from shared.service.claims import Mint
from shared.service.queues import produce
from tests.service.world import ANNA, BERT, HOST_LEASE, World

FAST = 1_000_000


def world_of(*, most: int = 100, per_minute: int = FAST) -> World:
    """A world of these limits for each user."""
    return World(policy=Policy(max_unfinished=most, deploys_per_minute=per_minute))


def new_mint(world: World) -> Mint:
    """As another process has one."""
    return Mint(world.ports.tables, world.clock, world.ports.random, world.policy)


def deploy_all(world: World, model: Model, count: int) -> list[Deployment]:
    accepted = []
    for _ in range(count):
        world.clock.advance(0.001)
        accepted.append(world.deploy(model))
    return accepted


class CountedScans(MemoryTables):
    """Tables that count the readings of a range."""

    scans = 0

    def _scan(self, table: str, partition: str | None, *more: object) -> Iterator[Row]:
        self.scans += 1
        return super()._scan(table, partition, *more)  # type: ignore[arg-type]


def test_a_user_with_too_much_unfinished_is_told_when_to_come_again() -> None:
    world = world_of(most=3)
    model = world.upload()
    deploy_all(world, model, 3)
    with pytest.raises(TooMany, match="3 unfinished") as refused:
        world.deploy(model)
    assert refused.value.code == "too_many_unfinished"
    assert refused.value.retry_after
    assert len(world.deployments()) == 3


def test_there_is_room_again_once_something_is_finished() -> None:
    world = world_of(most=2)
    model = world.upload()
    first, _ = deploy_all(world, model, 2)
    with pytest.raises(TooMany):
        world.deploy(model)
    world.run_until(lambda: world.read(first).status is Status.ACTIVE)
    world.run_for(5)
    world.deploy(model)


def test_a_limited_user_is_no_concern_of_another() -> None:
    world = world_of(most=2)
    deploy_all(world, world.upload(), 2)
    assert world.deploy(world.upload(BERT), BERT).status is Status.DEPLOYING


def test_the_limit_holds_for_all_instances_together() -> None:
    world = world_of(most=10)
    model = world.upload()
    deploy_all(world, model, 10)
    world.mint = new_mint(world)
    with pytest.raises(TooMany):
        world.deploy(model)


def test_deletions_are_never_limited_and_count() -> None:
    world = world_of(most=2)
    live = [world.live(), world.live()]
    model = world.upload()
    world.run_for(10)
    deploy_all(world, model, 2)
    for record in live:
        assert world.delete(record).status is Status.DELETED
    world.clock.advance(10)
    with pytest.raises(TooMany):
        world.deploy(model)
    world.settle()


def test_a_retry_needs_room_as_a_new_deployment_does() -> None:
    world = world_of(most=2)
    model = world.upload()
    failed = world.deploy(model)
    world.clock.advance(world.policy.deploy_deadline + 1)
    world.settle()
    assert world.read(failed).status is Status.FAILED
    deploy_all(world, model, 2)
    with pytest.raises(TooMany):
        retry.accept_retry(world.ports, world.policy, ANNA, failed.id)
    world.settle()
    retry.accept_retry(world.ports, world.policy, ANNA, failed.id)
    world.settle()
    assert world.read(failed).status is Status.ACTIVE


def test_a_request_that_comes_again_under_its_key_is_answered_also_at_the_limit() -> None:
    world = world_of(most=1)
    model = world.upload()
    record = world.deploy(model, key="k")
    with pytest.raises(TooMany):
        world.deploy(model, key="other")
    assert world.deploy(model, key="k").id == record.id


def test_an_event_beyond_the_limit_comes_back_until_there_is_room() -> None:
    world = world_of(most=1)
    model = world.upload()
    deploy_all(world, model, 1)
    event = {"specversion": "1.0", "type": "t", "source": "s", "id": "1"}
    text = json.dumps({**event, "data": {"model_id": model.id, "user_id": ANNA.user_id}})
    world.queue.send(DEPLOY_REQUESTS, text)
    deliveries = 0

    def accepted() -> bool:
        nonlocal deliveries
        message = world.queue.receive(DEPLOY_REQUESTS, lease=HOST_LEASE)
        if message is not None:
            deliveries += 1
            produce.accept_event(
                world.ports, world.mint, world.policy, {ANNA.user_id}, ANNA.issuer, message.text
            )
            world.queue.delete(DEPLOY_REQUESTS, message)
        return len(world.deployments()) == 2

    world.run_until(accepted)
    assert deliveries > 1
    assert world.queue.next_visible(DEPLOY_REQUESTS) is None
    world.settle()


def test_counting_is_no_cost_of_each_request() -> None:
    tables = CountedScans()
    world = World()
    world.tables = tables
    taken = allowance.Allowance(tables, world.clock, Policy(deploys_per_minute=FAST))
    for _ in range(80):
        world.clock.advance(0.01)
        taken.take(ANNA.user_key)
    assert tables.scans == 1


def test_while_one_request_counts_the_others_go_on_with_the_old_count() -> None:
    class Slow(CountedScans):
        """While it reads, another request comes."""

        def _scan(self, *where: object) -> Iterator[Row]:
            if self.scans:
                taken.take(ANNA.user_key)
            return super()._scan(*where)  # type: ignore[arg-type]

    tables = Slow()
    world = World()
    taken = allowance.Allowance(tables, world.clock, Policy(deploys_per_minute=FAST))
    taken.take(ANNA.user_key)
    world.clock.advance(allowance.RECOUNT.total_seconds())
    taken.take(ANNA.user_key)
    assert tables.scans == 2


def test_an_old_count_refuses_nobody_while_it_is_renewed() -> None:
    class Slow(CountedScans):
        """While it reads for the second time, another request comes."""

        def _scan(self, *where: object) -> Iterator[Row]:
            if self.scans == 1:
                self.scans += 1
                taken.take(ANNA.user_key)
            return super()._scan(*where)  # type: ignore[arg-type]

    world = World()
    taken = allowance.Allowance(Slow(), world.clock, Policy(max_unfinished=1))
    taken.take(ANNA.user_key)
    world.clock.advance(3600)  # what was unfinished then has long been finished
    with suppress(TooMany):  # of the two, one
        taken.take(ANNA.user_key)
    assert taken._uses[ANNA.user_key].unfinished == 1


def test_a_clock_set_back_keeps_nobody_waiting() -> None:
    world = World()
    taken = allowance.Allowance(world.tables, world.clock, Policy(max_unfinished=1))
    taken.take(ANNA.user_key)
    world.clock.advance(-3600)
    assert taken.take(ANNA.user_key) == 0


def test_a_user_at_the_limit_is_counted_once_a_second_at_most() -> None:
    tables = CountedScans()
    world = World()
    taken = allowance.Allowance(tables, world.clock, Policy(max_unfinished=1))
    taken.take(ANNA.user_key)
    for _ in range(500):
        world.clock.advance(0.01)
        with suppress(TooMany):
            taken.take(ANNA.user_key)
    assert 4 <= tables.scans <= 7


def test_what_is_remembered_of_users_does_not_grow_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowance, "_MOST_USERS", 10)
    world = World()
    taken = allowance.Allowance(world.tables, world.clock, Policy())
    for number in range(100):
        world.clock.advance(60)
        taken.take(f"{number:032x}")
    assert len(taken._uses) <= 12


# ------------------------------------------------------------------ fairness

TURN_SECONDS = 0.5  # of a worker that does one turn after another


def turns_before(world: World, record: Deployment) -> int:
    """Delivers, each turn taking its time, until the record has had its first; how many those are."""
    turns = 0
    while world.read(record).epoch == 0:
        if world.deliver():
            turns += 1
            world.clock.advance(TURN_SECONDS)
        else:
            due = world.queue.next_visible(DEPLOY_JOBS)
            assert due is not None
            world.clock.advance(max((due - world.clock.now()) / timedelta(seconds=1), 0))
    return turns


def test_a_burst_of_one_user_does_not_hold_up_the_single_deployment_of_another() -> None:
    world = world_of(per_minute=120)
    burst = deploy_all(world, world.upload(), 100)
    single = world.deploy(world.upload(BERT), BERT)
    assert turns_before(world, single) <= 12
    while any(world.read(each).epoch == 0 for each in burst):  # and they all have their turns
        turns_before(world, next(each for each in burst if world.read(each).epoch == 0))
    assert world.clock.now() - single.created_at < timedelta(minutes=5)


def test_without_the_pace_it_would_wait_for_all_of_them() -> None:
    """Why there is a pace, and not the limit alone."""
    world = world_of(per_minute=FAST)
    deploy_all(world, world.upload(), 100)
    single = world.deploy(world.upload(BERT), BERT)
    assert turns_before(world, single) > 100


def test_the_sweep_leaves_to_wait_what_is_to_begin_later() -> None:
    world = world_of(per_minute=120)
    deploy_all(world, world.upload(), 100)
    world.lose_messages()
    world.clock.advance(30)
    sent = world.sweep().rehinted
    assert 10 <= sent <= 10 + 30 * 2  # those whose turn came a while ago, and no others
