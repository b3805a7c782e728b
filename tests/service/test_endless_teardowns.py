"""What removes a paid thing never gives up, asks less and less often, and shows why it still is there."""

from collections.abc import Callable

import pytest

from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Deployment, Status
from tests.service.promises import check_failed_clean, check_gone
from tests.service.troubles import error_of, for_a_while, told, turns
from tests.service.world import World

HOUR = 3600
STEPS = ["find_deployment", "remove_deployment", "find_endpoint", "remove_endpoint", "remove_model"]


def wait(world: World, hours: int) -> None:
    for _ in range(hours):
        world.run_for(HOUR)


@pytest.mark.parametrize(
    ("call", "trouble"),
    [
        *((call, Trouble.PERMANENT) for call in STEPS),
        *(("remove_deployment", trouble) for trouble in Trouble if trouble != Trouble.PERMANENT),
    ],
)
def test_a_delete_outlasts_a_day_of_any_trouble(call: str, trouble: Trouble) -> None:
    world = World(operation_seconds=5)
    record = world.live()
    before = turns(world, record)
    world.delete(record)
    for_a_while(world, call, error_of(trouble, "the reason"), 24 * HOUR)
    wait(world, 23)
    work = world.read(record).work
    assert "the reason" in work.trouble
    assert turns(world, record) - before < 250
    assert len(told(world, record)) == 1
    assert world.read(record).torn_down_at is None
    world.settle()
    check_gone(world, record)


def test_a_trouble_that_words_itself_anew_each_time_is_told_once() -> None:
    world = World(operation_seconds=5)
    record = world.live()
    world.delete(record)
    asked: list[str] = []

    def trouble(name: str) -> None:
        if name == "remove_deployment":
            asked.append(f"Please try again. Trace: {len(asked):032x}")
            raise CloudError(Trouble.TRANSIENT, "InternalServerError", asked[-1])

    world.effects.trouble = trouble
    wait(world, 14)
    assert len(asked) > 100
    assert len(told(world, record)) == 1
    assert asked[-1] in world.read(record).work.trouble  # the last one's words are on record


@pytest.mark.parametrize("call", ["remove_deployment", "remove_endpoint"])
def test_a_failed_deployment_is_cleared_away_however_long_that_takes(call: str) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: "put_endpoint" in world.effects.names)
    world.cloud.fail_next("ResourceNotReady", "it crashed")
    for_a_while(world, call, error_of(Trouble.AUTH, "not any more"), 24 * HOUR)
    wait(world, 23)
    assert world.read(record).status is Status.FAILED
    assert "not any more" in world.read(record).work.trouble
    assert turns(world, record) < 260
    world.settle()
    check_failed_clean(world, record, "container_failed")


def stuck(world: World) -> None:
    world.cloud.fail_next("Stuck", "for a day", seconds=24 * HOUR)


def failing(world: World) -> None:
    def before(name: str) -> None:
        if name == "remove_deployment" and world.clock.now() < end:
            world.cloud.fail_next("InternalServerError", "sorry")

    end = world.clock.now().replace(day=2)
    world.effects.before = before


def wrongly_ended(world: World) -> None:
    def before(name: str) -> None:
        if name == "remove_deployment" and world.clock.now() < end:
            world.cloud.fail_next("Oops", "?", state="Weird")

    end = world.clock.now().replace(day=2)
    world.effects.before = before


@pytest.mark.parametrize("trouble", [stuck, failing, wrongly_ended])
def test_a_removal_that_does_not_end_well_is_made_again_and_not_too_often(
    trouble: Callable[[World], None],
) -> None:
    world = World(operation_seconds=5)
    record = world.live()
    world.delete(record)
    world.run_until(lambda: world.read(record).work.step == "remove_deployment" or _asked(world))
    before, asked = turns(world, record), world.effects.names.count("remove_deployment")
    trouble(world)
    wait(world, 22)
    assert turns(world, record) - before < 300
    assert world.effects.names.count("remove_deployment") - asked < 150
    world.settle()
    check_gone(world, record)


def _asked(world: World) -> bool:
    return "remove_deployment" in world.effects.names


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.CONFLICT, Trouble.AUTH])
def test_a_log_that_cannot_be_read_holds_up_no_removal(trouble: Trouble) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: "put_endpoint" in world.effects.names)
    world.cloud.fail_next("ResourceNotReady", "it crashed")
    for_a_while(world, "read_logs", error_of(trouble), 1e9)
    world.run_for(20 * 60)
    world.settle()
    check_failed_clean(world, record, "container_failed")


def test_a_deployment_in_a_workspace_that_is_gone_is_not_taken_for_removed() -> None:
    world = World(operation_seconds=5)
    record: Deployment = world.live()
    world.delete(record)
    gone = CloudError(Trouble.PERMANENT, "workspace", "Resource group 'rg' could not be found")
    for_a_while(world, "find_endpoint", gone, 2 * HOUR)
    wait(world, 1)
    assert world.read(record).torn_down_at is None
    world.settle()
    check_gone(world, record)
