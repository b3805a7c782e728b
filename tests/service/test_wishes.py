"""A change of traffic beside others on its endpoint: nobody else loses it, ends it or suffers from it."""

from collections.abc import Callable

import pytest

from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Deployment, Endpoint, Status
from tests.service.faults import Effects, once_before
from tests.service.promises import check_rest
from tests.service.troubles import error_of, for_a_while
from tests.service.world import World

OPERATION = 4
GRACE = 900  # seconds after its deadline in which a change is looked at
EVER = 1e9
MIRRORED = CloudError(Trouble.PERMANENT, "BadRequest", "mirror traffic is set")


def pair(world: World) -> tuple[Deployment, Deployment]:
    """Two active deployments on the endpoint `shop`; all traffic is the first one's."""
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    return blue, world.live(endpoint_name="shop", deployment_name="green")


def row(world: World) -> Endpoint:
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    return endpoint


def routed(world: World) -> dict[str, int]:
    """What the cloud routes once all is at rest, which is what the row says."""
    check_rest(world)
    assert row(world).wanted is None
    assert row(world).traffic == world.in_cloud().traffic["shop"]
    return world.in_cloud().traffic["shop"]


def be_well(world: World) -> None:
    world.effects.trouble = Effects().trouble


def test_a_wish_for_no_traffic_outlives_a_new_sibling() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.deploy(world.upload(), endpoint_name="shop", deployment_name="new")
    once_before(world.effects, "put_deployment", lambda: world.route("shop"))
    world.settle()
    assert routed(world) == {}


def test_a_later_wish_has_its_own_time_whatever_becomes_of_an_earlier_one() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)
    for_a_while(world, "put_endpoint", error_of(Trouble.CONFLICT), EVER)
    world.run_for(world.policy.deploy_deadline - 120)
    world.route("shop", blue=60, green=40)
    world.run_for(120 + GRACE + 120)  # the time of the first is over
    assert row(world).wanted == {"blue": 60, "green": 40}
    be_well(world)
    world.settle()
    assert routed(world) == {"blue": 60, "green": 40}
    assert row(world).trouble is None


def never_ends(world: World) -> None:
    world.cloud._endpoints["shop"].state = "Updating"  # and no operation of it


def is_throttled(world: World) -> None:
    slowly = error_of(Trouble.THROTTLED, "slow down", retry_after=300)
    for_a_while(world, "find_endpoint", slowly, EVER)


@pytest.mark.parametrize("hinder", [never_ends, is_throttled])
def test_a_change_that_cannot_be_looked_at_ends_with_its_grace_and_costs_few_turns_in_it(
    hinder: Callable[[World], None],
) -> None:
    world = World(operation_seconds=OPERATION)
    _, green = pair(world)
    world.route("shop", green=100)
    hinder(world)
    world.run_for(world.policy.deploy_deadline)
    before = world.read(green).epoch
    world.run_for(GRACE + 360)
    assert world.read(green).work.step is None
    assert world.read(green).epoch - before < 40
    assert row(world).trouble is not None
    assert world.read(green).status is Status.ACTIVE


def test_a_wish_that_azure_refuses_does_not_fail_a_new_sibling() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    new = world.deploy(world.upload(), endpoint_name="shop", deployment_name="new")
    once_before(world.effects, "put_deployment", lambda: world.route("shop", green=100))
    for_a_while(world, "put_endpoint", MIRRORED, EVER)
    world.settle()
    assert world.read(new).status is Status.ACTIVE
    assert routed(world) == {"blue": 100}
    assert row(world).trouble is not None


def test_a_wish_that_azure_refuses_does_not_keep_a_deleted_sibling_paid() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    red = world.live(endpoint_name="shop", deployment_name="red")
    world.delete(red)
    world.route("shop", green=100)
    for_a_while(world, "put_endpoint", MIRRORED, EVER)
    world.settle()
    assert world.in_cloud().deployments == ["blue", "green"]
    assert routed(world) == {"blue": 100}


def test_why_a_change_failed_is_told_until_the_next_wish_whoever_comes_meanwhile() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)
    for_a_while(world, "put_endpoint", MIRRORED, EVER)
    world.settle()
    be_well(world)
    world.live(endpoint_name="shop", deployment_name="other")
    trouble = row(world).trouble
    assert trouble is not None
    assert "mirror traffic" in trouble.cloud
    world.route("shop", blue=100)
    assert row(world).trouble is None


def test_a_change_given_up_leaves_traffic_to_those_who_stay() -> None:
    world = World(operation_seconds=OPERATION)
    blue, green = pair(world)
    world.route("shop", green=100)
    world.delete(blue)  # nobody need be named: its traffic is on its way to green
    for_a_while(world, "put_endpoint", error_of(Trouble.TRANSIENT), EVER)
    world.run_until(lambda: world.read(green).work.step is None)
    be_well(world)
    world.settle()
    assert world.read(green).status is Status.ACTIVE
    assert routed(world) == {"green": 100}


@pytest.mark.parametrize("is_one_deleted", [False, True])
def test_a_wish_for_what_azure_has_no_more_is_refused_and_leaves_the_traffic_as_it_was(
    is_one_deleted: bool,
) -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    red = world.live(endpoint_name="shop", deployment_name="red")
    del world.cloud._endpoints["shop"].deployments["green"]  # by hand, in the portal
    if is_one_deleted:
        world.delete(red)  # it has no traffic, and is nobody's heir
    world.route("shop", green=100)
    world.settle()
    assert routed(world) == {"blue": 100}
    assert row(world).trouble is not None
