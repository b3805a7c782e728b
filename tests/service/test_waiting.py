"""How long trouble is waited out: told times, attempts, refusals, and the deadline. Fault rows F22-F27."""

import json
import math
from datetime import timedelta

import pytest

from shared.domain.errors import CloudError, Trouble
from shared.domain.policy import Policy
from shared.domain.records import Status, Turn
from shared.service import store
from tests.service.promises import check_failed_clean, check_one_active
from tests.service.troubles import (
    error_of,
    failure_of,
    for_a_while,
    lost_answers,
    one_after_another,
    told,
    turns,
)
from tests.service.world import World

CHANGES = ["register_model", "put_endpoint", "put_deployment"]


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        (7.0, 7, 10),
        (300.0, 300, 340),
        (86_400.0, 800, 910),
        (-1.0, 5, 12),
        (0.0, 5, 12),
        (math.nan, 5, 12),
        (None, 5, 12),
    ],
)
def test_a_throttled_call_comes_again_when_told_and_within_bounds(
    retry_after: float | None, least: float, most: float
) -> None:
    world = World(operation_seconds=5)
    throttled = CloudError(Trouble.THROTTLED, "429", "slow down", retry_after=retry_after)
    made = one_after_another(world, "put_endpoint", [throttled])
    check_one_active(world, world.live())
    assert least <= (made[1] - made[0]).total_seconds() <= most


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.CONFLICT])
def test_throttling_and_conflicts_burn_no_attempts(trouble: Trouble) -> None:
    world = World(operation_seconds=5)
    others = [error_of(trouble, f"number {number}") for number in range(40)]
    momentary: list[CloudError | None] = [error_of(Trouble.TRANSIENT) for _ in range(11)]
    one_after_another(world, "put_deployment", [*others, *momentary])
    check_one_active(world, world.live())


@pytest.mark.parametrize("call", [*CHANGES, "remove_deployment", "remove_endpoint"])
def test_a_change_whose_answer_is_lost_is_looked_for_and_not_made_twice(call: str) -> None:
    world = World(operation_seconds=5)
    lost_answers(world, call, times=1)
    record = world.live()
    check_one_active(world, record)
    world.delete(record)
    world.settle()
    calm = 3 if call == "put_endpoint" else 1  # created, routed, and withdrawn from traffic
    assert world.effects.names.count(call) == calm
    assert world.in_cloud().paid == []


def test_an_operation_that_another_turn_began_is_not_looked_at_every_second() -> None:
    world = World(operation_seconds=1800)
    lost_answers(world, "put_deployment", times=1)
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).work.step == "deployment")
    before = turns(world, record)
    world.run_until(lambda: world.read(record).work.step != "deployment")
    assert turns(world, record) - before < 70


@pytest.mark.parametrize("call", CHANGES)
def test_an_answer_that_cannot_be_read_is_asked_for_again(call: str) -> None:
    world = World(operation_seconds=5)
    unreadable: list[CloudError | None] = [
        CloudError(Trouble.TRANSIENT, "unreadable", "<html>" * 10_000) for _ in range(3)
    ]
    one_after_another(world, call, unreadable)
    record = world.live()
    check_one_active(world, record)
    assert all(len(text) < 1200 for text in told(world, record))


def refused() -> CloudError:
    words = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        "'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write' over scope '/s'."
    )
    return CloudError(Trouble.AUTH, "AuthorizationFailed", words)


def test_a_role_that_arrives_within_ten_minutes_is_waited_for() -> None:
    world = World(operation_seconds=5)
    for_a_while(world, "put_endpoint", refused(), 9 * 60)
    record = world.live()
    check_one_active(world, record)
    assert len(told(world, record)) == 1  # told once, however often it was tried


def test_a_role_that_never_comes_fails_after_ten_minutes_and_says_what_is_missing() -> None:
    world = World(operation_seconds=5)
    for_a_while(world, "put_endpoint", refused(), 1e9)
    record = world.deploy(world.upload())
    began = world.clock.now()
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    assert timedelta(minutes=10) <= world.clock.now() - began <= timedelta(minutes=12)
    world.settle()
    check_failed_clean(world, record, "not_allowed")
    failure = failure_of(world, record)
    assert "onlineEndpoints/write" in failure.cause
    assert "AzureML Data Scientist" in failure.next
    assert failure.whose_turn is Turn.OPERATOR
    assert "AuthorizationFailed" in failure.cloud


def test_momentary_trouble_before_it_does_not_shorten_the_ten_minutes() -> None:
    world = World(operation_seconds=5)
    momentary: list[CloudError | None] = [error_of(Trouble.TRANSIENT) for _ in range(10)]
    one_after_another(world, "put_endpoint", [*momentary, *[refused() for _ in range(9)]])
    check_one_active(world, world.live())


def test_each_row_of_refusals_has_ten_minutes_of_its_own() -> None:
    world = World(operation_seconds=5)
    rows: list[CloudError | None] = [*[refused() for _ in range(8)], None] * 3
    one_after_another(world, "find_deployment", rows)
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).work.step == "deployment")
    world.cloud.operation_seconds = 1200
    world.settle()
    check_one_active(world, record)


def test_a_call_that_stays_throttled_ends_just_after_the_deadline_whatever_it_is_told() -> None:
    world = World(operation_seconds=5, policy=Policy(deploy_deadline=1000))
    day = CloudError(Trouble.THROTTLED, "429", "slow down", retry_after=86_400.0)
    for_a_while(world, "put_endpoint", day, 1e9)
    record = world.deploy(world.upload())
    began = world.clock.now()
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    assert timedelta(seconds=1000) <= world.clock.now() - began <= timedelta(seconds=1005)
    world.settle()
    check_failed_clean(world, record, "deadline")
    failure = failure_of(world, record)
    assert "creating the endpoint" in failure.cause
    assert "slow down" in failure.cloud


def test_two_that_are_throttled_together_do_not_come_back_together() -> None:
    came = []
    for _ in range(2):
        world = World(operation_seconds=5)
        records = [world.deploy(world.upload()) for _ in range(2)]
        throttled = CloudError(Trouble.THROTTLED, "429", "slow down", retry_after=600.0)
        for_a_while(world, "put_endpoint", throttled, 590)
        world.run_until(lambda: all(world.read(each).work.trouble for each in records))  # noqa: B023 - run at once
        due = [world.read(each).work.due_at for each in records]
        came.append(abs((due[0] - due[1]).total_seconds()))
    assert max(came) > 1


def test_an_outage_during_a_step_says_nothing_of_how_long_the_cloud_takes() -> None:
    world = World(operation_seconds=8)
    world.live()
    record = world.deploy(world.upload())
    world.effects.names.clear()
    world.run_until(lambda: "put_deployment" in world.effects.names)
    for_a_while(world, "find_deployment", error_of(Trouble.TRANSIENT), 120)
    world.settle()
    assert world.read(record).status is Status.ACTIVE
    row = world.tables.get(store.RECORDS, "everybody", "pace")
    assert row is not None
    assert json.loads(str(row.values["seconds_json"]))["deployment"] < 10
