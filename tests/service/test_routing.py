"""Traffic set by its owner: wanted at once, routed through the line for the endpoint, read back."""

from contextlib import suppress

import pytest

from shared.domain.errors import CloudError, Conflict, NotFound, StoreError, Trouble
from shared.domain.records import Deployment, Status
from tests.service.faults import Died, Fault, once_before
from tests.service.promises import check_rest
from tests.service.world import ANNA, BERT, World

OPERATION = 4


def pair(world: World) -> tuple[Deployment, Deployment]:
    """Two active deployments on the endpoint `shop`; all traffic is the first one's."""
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    return blue, world.live(endpoint_name="shop", deployment_name="green")


def check_routed(world: World, **shares: int) -> None:
    check_rest(world)
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.traffic == shares
    assert endpoint.wanted is None
    assert endpoint.holder is None
    assert endpoint.trouble is None
    assert world.in_cloud().traffic["shop"] == shares


@pytest.mark.parametrize("shares", [{"green": 100}, {"blue": 30, "green": 70}, {}])
def test_the_cloud_routes_what_was_asked_for(shares: dict[str, int]) -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    wanted = world.route("shop", ANNA, **shares)
    assert wanted.wanted == shares
    world.settle()
    check_routed(world, **shares)
    assert [each.status for each in world.deployments()] == [Status.ACTIVE] * 2


def test_the_last_of_several_changes_wins() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)
    world.deliver()
    world.route("shop", blue=50, green=50)
    world.deliver()
    world.route("shop", blue=10, green=90)
    world.settle()
    check_routed(world, blue=10, green=90)


def test_traffic_is_for_active_deployments_of_ones_own_endpoint() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.deploy(world.upload(), endpoint_name="shop", deployment_name="new")
    with pytest.raises(Conflict) as told:
        world.route("shop", new=100)
    assert told.value.code == "traffic_target_not_active"
    assert "blue, green" in told.value.next_step
    with pytest.raises(NotFound):
        world.route("shop", BERT, blue=100)
    world.settle()
    check_routed(world, blue=100)


def test_no_traffic_can_be_set_where_nothing_is_active() -> None:
    world = World(operation_seconds=OPERATION)
    world.deploy(world.upload(), endpoint_name="shop")
    with pytest.raises(Conflict) as told:
        world.route("shop")
    assert told.value.code == "nothing_active"
    world.settle()


def test_a_change_that_the_cloud_refuses_leaves_the_traffic_as_it_was_and_says_why() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)

    def refuse(name: str) -> None:
        if name == "put_endpoint":
            raise CloudError(Trouble.PERMANENT, "BadRequest", "mirror traffic is set")

    world.effects.trouble = refuse
    world.settle()
    check_rest(world)
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.traffic == world.in_cloud().traffic["shop"] == {"blue": 100}
    assert endpoint.trouble is not None
    assert "mirror traffic" in endpoint.trouble.cloud
    assert [each.status for each in world.deployments()] == [Status.ACTIVE] * 2
    world.effects.trouble = lambda _name: None
    world.route("shop", green=100)
    world.settle()
    check_routed(world, green=100)


def test_a_change_whose_end_is_seen_after_its_deadline_is_done_and_not_given_up() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)
    world.run_until(lambda: world.cloud.find_endpoint("shop").state == "Updating")  # type: ignore[union-attr]  # it is there
    world.lose_messages()
    world.clock.advance(world.policy.deploy_deadline + 60)
    world.settle()
    check_routed(world, green=100)


def test_a_change_given_up_at_its_deadline_leaves_on_the_row_what_the_cloud_routes() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.route("shop", green=100)

    def refuse(name: str) -> None:
        if name == "put_endpoint":
            raise CloudError(Trouble.CONFLICT, "Conflict", "another operation is running")

    world.effects.trouble = refuse
    world.run_until(lambda: world.read(world.deployments()[0]).work.trouble != "")
    world.cloud._endpoints["shop"].traffic = {"blue": 70, "green": 30}  # by hand, in the portal
    world.settle()
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.trouble is not None
    assert endpoint.trouble.code == "deadline"
    assert endpoint.traffic == {"blue": 70, "green": 30}


def test_a_delete_of_the_deployment_that_carries_the_change_still_routes_it() -> None:
    world = World(operation_seconds=OPERATION)
    _, green = pair(world)
    world.live(endpoint_name="shop", deployment_name="red")
    world.route("shop", green=60, red=40)
    world.deliver()
    world.delete(green, traffic_to="red")
    world.settle()
    check_routed(world, red=100)


def test_a_change_and_a_new_deployment_do_not_undo_each_other() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.deploy(world.upload(), endpoint_name="shop", deployment_name="new")
    once_before(world.effects, "put_deployment", lambda: world.route("shop", green=100))
    world.settle()
    check_routed(world, green=100)
    world.route("shop", new=100)
    world.settle()
    check_routed(world, new=100)


@pytest.mark.parametrize("fault", Fault)
def test_a_change_that_breaks_off_anywhere_is_whole_or_not_at_all(fault: Fault) -> None:
    calm = World(operation_seconds=OPERATION)
    pair(calm)
    calm.effects.names.clear()
    calm.route("shop", green=100)
    calm.settle()
    for at in range(len(calm.effects.names)):
        world = World(operation_seconds=OPERATION)
        pair(world)
        world.effects.plan(at, fault)
        with suppress(Died, StoreError):
            world.route("shop", green=100)
        world.settle()
        wanted = world.endpoint("shop")
        assert wanted is not None
        check_routed(world, **wanted.traffic)


def test_a_change_of_traffic_is_seen_by_its_user_alone() -> None:
    world = World(operation_seconds=OPERATION)
    pair(world)
    world.live(BERT, endpoint_name="berts")
    world.route("shop", ANNA, green=100)
    world.settle()
    berts = world.endpoint("berts", BERT)
    assert berts is not None
    assert len(berts.members) == 1
