"""The line for an endpoint: served in its order, at little cost, and nobody fails for having stood in it."""

from datetime import timedelta

from shared.domain.errors import Trouble
from shared.domain.records import Deployment, Status
from tests.service.troubles import error_of
from tests.service.world import World

SLOW = 900  # seconds that the cloud takes


def queue_up(world: World, count: int) -> list[Deployment]:
    model = world.upload()
    return [world.deploy(model, endpoint_name="shop") for _ in range(count)]


def holds(world: World, record: Deployment) -> bool:
    endpoint = world.endpoint("shop")
    return bool(endpoint and endpoint.holder and endpoint.holder.deployment_id == record.id)


def test_the_line_for_an_endpoint_is_served_in_its_order_and_costs_few_turns() -> None:
    world = World(operation_seconds=300)
    world.live(endpoint_name="shop")
    family = queue_up(world, 4)
    world.effects.names.clear()
    order: list[str] = []

    def note(name: str) -> None:
        held = world.endpoint("shop")
        if name == "put_deployment" and held and held.holder:
            order.append(held.holder.deployment_id)

    world.effects.before = note
    world.settle()
    assert order == [each.id for each in family]  # as they came
    assert [world.read(each).status for each in family] == [Status.ACTIVE] * 4
    leases = sum(name == "records:Replace" for name in world.effects.names)
    assert leases < 4 * 25  # not one every two seconds of a sibling's five minutes


def test_waiting_for_siblings_does_not_use_up_the_deadline() -> None:
    world = World(operation_seconds=SLOW)
    family = queue_up(world, 6)
    world.settle()
    assert [world.read(each).status for each in family] == [Status.ACTIVE] * 6
    last = max(each.deployed_at for each in world.deployments() if each.deployed_at)
    assert (last - family[0].created_at).total_seconds() > world.policy.deploy_deadline


def test_the_deadline_on_record_is_ahead_also_while_in_line() -> None:
    world = World(operation_seconds=SLOW)
    last = queue_up(world, 7)[-1]
    world.run_for(2 * world.policy.deploy_deadline)
    work = world.read(last).work
    assert work.in_line_since is not None
    assert work.deadline_at > world.clock.now()


def test_what_has_long_stood_in_line_is_not_slow_when_its_turn_comes() -> None:
    world = World(operation_seconds=SLOW)
    last = queue_up(world, 8)[-1]
    world.run_until(lambda: holds(world, last))
    bad = ["a bad answer", "another"]

    def trouble(name: str) -> None:
        if name == "find_endpoint" and bad and holds(world, last):
            raise error_of(Trouble.TRANSIENT, bad.pop(0))

    world.effects.trouble = trouble
    world.run_until(lambda: "another" in world.read(last).work.trouble)
    assert world.read(last).work.due_at - world.clock.now() < timedelta(seconds=30)


def test_a_lost_hint_to_the_next_in_line_costs_two_minutes() -> None:
    world = World(operation_seconds=60)
    world.live(endpoint_name="shop")
    family = queue_up(world, 2)
    world.run_until(lambda: world.read(family[0]).status is Status.ACTIVE)
    assert holds(world, family[1])
    world.lose_messages()
    freed = world.clock.now()
    world.run_until(lambda: world.read(family[1]).work.in_line_since is None)
    assert (world.clock.now() - freed).total_seconds() <= 120 + 60
    world.settle()
