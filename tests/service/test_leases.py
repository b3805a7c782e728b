"""One turn at a time: duplicates do nothing, zombies change nothing, and lost hints are found."""

from datetime import timedelta

import pytest

from shared.domain import endpoints
from shared.domain.errors import LeaseLost
from shared.domain.policy import Policy
from shared.service import hints, store
from shared.service.turn import Turn
from tests.service.faults import Died, once_before
from tests.service.promises import check_gone, check_one_active
from tests.service.world import World

OPERATION = 4


def test_a_second_delivery_of_the_same_hint_changes_nothing() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    world.deliver()
    before = world.read(record)
    world.effects.names.clear()
    world.turn(record)
    assert world.read(record) == before
    assert world.effects.names == []


def test_a_hint_while_another_turn_works_does_nothing() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    seen = []

    def duplicate() -> None:
        before = len(world.effects.names)
        world.turn(record)
        seen.append(len(world.effects.names) - before)

    once_before(world.effects, "put_endpoint", duplicate)
    world.settle()
    assert seen == [0]
    check_one_active(world, record)


def test_a_hint_for_a_finished_deployment_does_nothing() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.live()
    world.effects.names.clear()
    world.turn(record)
    assert world.effects.names == []


def test_hints_do_not_multiply() -> None:
    world = World(operation_seconds=60)
    record = world.deploy(world.upload())
    for _ in range(5):
        hints.send_hint(world.ports.queue, record.user_key, record.id)
    world.effects.names.clear()
    world.settle()
    alone = World(operation_seconds=60)
    model = alone.upload()
    alone.effects.names.clear()
    alone.deploy(model)
    alone.settle()
    assert len(world.effects.names) <= len(alone.effects.names)


def test_a_hint_that_comes_too_early_is_dropped_and_the_work_goes_on_in_time() -> None:
    world = World(operation_seconds=60)
    record = world.deploy(world.upload())
    world.deliver()
    due = world.read(record).work.due_at
    world.turn(record)
    assert world.clock.now() < due
    assert world.read(record).work.due_at == due
    world.settle()
    check_one_active(world, record)


def test_a_lost_hint_is_replaced_by_the_sweep_within_about_a_minute() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    world.lose_messages()
    began = world.clock.now()
    world.run_until(lambda: world.read(record).epoch > 0)
    assert world.clock.now() - began <= timedelta(seconds=75)
    world.settle()
    check_one_active(world, record)


def test_a_killed_turn_is_taken_up_by_another_once_its_lease_is_over() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())

    def die() -> None:
        raise Died

    once_before(world.effects, "put_endpoint", die)
    world.deliver()
    began, epoch = world.clock.now(), world.read(record).epoch
    world.run_until(lambda: world.read(record).epoch > epoch)
    passed = (world.clock.now() - began).total_seconds()
    assert world.policy.lease <= passed <= world.policy.lease + 75
    world.settle()
    check_one_active(world, record)


def test_a_long_turn_renews_its_lease() -> None:
    world = World(operation_seconds=OPERATION, policy=Policy(turn=1000))
    record = world.deploy(world.upload())
    busy: list[str] = []

    def slow(name: str) -> None:
        if name == "blob:put" and name not in busy:
            busy.append(name)
            world.clock.advance(35)
            world.turn(record)  # a duplicate hint finds the lease still running
            busy.clear()

    world.effects.before = slow
    world.deliver()
    assert world.read(record).work.step == "endpoint"
    assert world.read(record).epoch == 1
    world.settle()
    check_one_active(world, record)


def test_a_turn_stops_going_on_after_its_time_and_the_next_one_goes_on() -> None:
    world = World(operation_seconds=0, policy=Policy(turn=10))
    record = world.deploy(world.upload())
    world.effects.before = lambda name: (
        world.clock.advance(11) if name == "register_model" else None
    )
    world.deliver()
    assert world.read(record).lease is None
    world.effects.before = lambda _name: None
    world.settle()
    check_one_active(world, record)


def _effects_of(way: str) -> int:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload()) if way == "deploy" else world.live()
    world.effects.names.clear()
    if way == "delete":
        world.delete(record)
    world.settle()
    return len(world.effects.names)


@pytest.mark.parametrize("way", ["deploy", "delete"])
def test_a_zombie_that_wakes_before_any_write_changes_nothing(way: str) -> None:
    for at in range(_effects_of(way)):
        world = World(operation_seconds=OPERATION)
        record = world.deploy(world.upload()) if way == "deploy" else world.live()
        world.effects.names.clear()
        if way == "delete":
            world.delete(record)
        slept: list[str] = []

        def sleep(name: str, world: World = world, at: int = at, slept: list[str] = slept) -> None:
            if len(world.effects.names) == at and not slept:
                slept.append(name)
                world.clock.advance(world.policy.lease + 1)
                world.settle()  # others finish the work meanwhile

        world.effects.before = sleep
        world.settle()
        world.settle()
        if not slept:
            break  # this time the cloud was quicker
        world.run_for(60)
        if slept[0] == "put_endpoint":
            continue  # a call that began before the sleep reaches Azure after it: reconcile's part
        try:
            if way == "deploy":
                check_one_active(world, record)
            else:
                check_gone(world, record)
        except AssertionError as error:
            raise AssertionError(f"slept before effect {at} ({slept[0]}): {error}") from error


def test_a_turn_whose_lease_is_over_makes_no_call_to_the_cloud() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    slept: list[str] = []

    def sleep(name: str) -> None:
        step = world.read(record).work.step
        if name == "find_model" and step == "deployment" and not slept:  # the last look
            slept.append(name)
            world.clock.advance(world.policy.lease + 1)
            world.settle()
            world.effects.names.clear()

    world.effects.trouble = sleep
    world.settle()
    calls = [name for name in world.effects.names if ":" not in name]
    assert calls == []
    check_one_active(world, record)


def test_a_turn_that_lost_its_record_cannot_write_the_endpoints_row() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    stored = store.load_deployment(world.tables, record.user_key, record.id)
    assert stored is not None
    turn = Turn(world.ports, world.policy, "zombie", stored)
    turn.take_lease()
    seen = turn.endpoint()
    assert seen is not None
    world.clock.advance(world.policy.lease)
    world.turn(record)  # another turn has the record now
    world.clock.advance(-world.policy.lease)  # and this one's clock is behind
    before = world.endpoint(record.endpoint_name)
    with pytest.raises(LeaseLost):
        turn.save_endpoint(seen, endpoints.line_up(seen.record, record))
    assert world.endpoint(record.endpoint_name) == before
