"""Machines whose clocks are wrong: leases, deadlines and ids bear it, or fail in the open and clean up."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.records import Deployment, Status
from shared.ports import Clock
from shared.service import hints, run
from tests.service.faults import once_before
from tests.service.promises import check_failed_clean, check_gone, check_one_active, check_rest
from tests.service.world import World

OPERATION = 4
MINUTES, HOUR = 300.0, 3600.0


class Wrong:
    """A clock that is ahead of another by some seconds, or behind."""

    def __init__(self, right: Clock, ahead: float) -> None:
        self._right, self._ahead = right, timedelta(seconds=ahead)

    def now(self) -> datetime:
        return self._right.now() + self._ahead


def turn_of_wrong(world: World, record: Deployment, ahead: float) -> None:
    """One turn on a machine whose clock is wrong."""
    ports = replace(world.ports, clock=Wrong(world.clock, ahead))
    hint = hints.Hint(user_key=record.user_key, deployment_id=record.id)
    run.run_turn(ports, world.policy, hint)


def settle_on_two(world: World, ahead: float) -> None:
    """Every other message goes to a machine whose clock is wrong; the sweep's clock is right."""
    right = world.ports
    wrong = replace(right, clock=Wrong(world.clock, ahead))
    while not world.is_quiet():
        world.ports = wrong if world.ports is right else right
        if not world.deliver():
            world.ports = right
            world.run_for(5)
    world.ports = right


@pytest.mark.parametrize("ahead", [MINUTES, -MINUTES])
def test_a_machine_that_is_minutes_wrong_ends_all_as_it_should(ahead: float) -> None:
    world = World(operation_seconds=60)
    record = world.deploy(world.upload())
    settle_on_two(world, ahead)
    check_one_active(world, record)
    world.delete(record)
    settle_on_two(world, ahead)
    check_gone(world, record)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_machine_that_is_an_hour_wrong_leaves_nothing_undone_and_nothing_paid(
    ahead: float,
) -> None:
    world = World(operation_seconds=60)
    record = world.deploy(world.upload())
    settle_on_two(world, ahead)
    check_rest(world)
    now = world.read(record)
    if now.status is Status.ACTIVE:
        check_one_active(world, record)
    else:  # an hour is all the time a deployment has: then that is what the failure says
        check_failed_clean(world, record, "deadline")


@pytest.mark.parametrize("name", ["register_model", "put_endpoint", "put_deployment"])
@pytest.mark.parametrize("ahead", [MINUTES, HOUR / 2])
def test_a_lease_taken_too_early_leaves_one_of_each(name: str, ahead: float) -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, name, lambda: turn_of_wrong(world, record, ahead))
    world.settle()
    check_one_active(world, record)


def test_a_clock_that_is_set_back_in_the_middle_of_a_turn_keeps_its_lease() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, "put_endpoint", lambda: world.clock.advance(-HOUR))
    world.settle()
    check_one_active(world, record)


def test_a_clock_that_is_set_forward_in_the_middle_of_a_turn_makes_it_stop() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, "register_model", lambda: world.clock.advance(MINUTES))
    world.settle()
    check_one_active(world, record)


def test_a_leap_second_is_nothing() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    for name in ("put_endpoint", "put_deployment"):
        once_before(world.effects, name, lambda: world.clock.advance(-1))
        world.run_for(3)
    world.settle()
    check_one_active(world, record)


def test_what_is_kept_and_sent_names_utc() -> None:
    world = World(operation_seconds=0)
    world.live()
    rows = [row for table in ("records", "claims") for row in world.tables.scan(table, None)]
    times = [
        str(value)
        for row in rows
        for name, value in row.values.items()
        if name in ("created_at", "at", "since", "deployed_at")
    ]
    assert len(times) > 10
    assert all(datetime.fromisoformat(each).utcoffset() == timedelta(0) for each in times)
