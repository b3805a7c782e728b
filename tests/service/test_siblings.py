"""Several deployments on one endpoint: they come, take turns, hand over traffic and go."""

from dataclasses import replace
from itertools import permutations

import pytest

from shared.domain.errors import Conflict
from shared.domain.records import Deployment, Holder, Status, Step
from shared.service import store
from shared.service.catalogue import content
from tests.service.faults import Died, once_before
from tests.service.promises import check_gone, check_rest
from tests.service.world import World


def delete_handing_over(world: World, leaving: Deployment, heir: Deployment) -> None:
    """Deletes as a user does: hands traffic over only where the service asks to."""
    try:
        world.delete(leaving)
    except Conflict:
        world.delete(leaving, traffic_to=heir.deployment_name)


def names(*records: Deployment) -> list[str]:
    return sorted(each.deployment_name for each in records)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_deleted_in_any_order_take_the_endpoint_with_the_last(order: tuple[int]) -> None:
    world = World(operation_seconds=5)
    model = world.upload()
    family = [world.deploy(model, endpoint_name="shop") for _ in range(3)]
    world.settle()
    assert [world.read(each).status for each in family] == [Status.ACTIVE] * 3
    left = list(family)
    for number in order:
        leaving = family[number]
        left.remove(leaving)
        carrier = world.in_cloud().traffic["shop"] == {leaving.deployment_name: 100}
        heir = left[0].deployment_name if carrier and left else ""
        world.delete(leaving, traffic_to=heir)
        world.settle()
        if left:
            check_rest(world)
            assert world.in_cloud().deployments == names(*left)
            assert sum(world.in_cloud().traffic["shop"].values()) == 100
            assert world.in_cloud().models == sorted(world.read(x).azure_model_name for x in left)
            for each in left:
                package = content.package_folder(world.read(each).package_digest)
                assert world.blobs.size(f"{package}/MLmodel")
    check_gone(world, family[order[-1]])
    kept = store.load_model(world.tables, model.user_key, model.id)
    assert kept is not None
    assert world.blobs.size(content.content_key(kept.record.content_digest)) == model.size


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_deleted_at_once_take_the_endpoint_with_them(order: tuple[int]) -> None:
    world = World(operation_seconds=5)
    model = world.upload()
    family = [world.deploy(model, endpoint_name="shop") for _ in range(3)]
    world.settle()
    carrier = world.in_cloud().traffic["shop"]
    leaving = sorted(family, key=lambda each: each.deployment_name in carrier)
    for number in order[:2]:
        if leaving[number].deployment_name not in carrier:
            world.delete(leaving[number])
    for each in leaving:
        world.delete(each)
    world.settle()
    for each in family:
        check_gone(world, each)


def test_the_carrier_of_traffic_does_not_go_while_others_are_active() -> None:
    world = World()
    first, second = world.live(endpoint_name="shop"), world.live(endpoint_name="shop")
    with pytest.raises(Conflict) as refused:
        world.delete(first)
    assert refused.value.code == "carries_traffic"
    assert f"traffic_to={second.deployment_name}" in refused.value.next_step
    assert world.read(first).status is Status.ACTIVE


def test_the_carrier_hands_its_traffic_to_the_one_named() -> None:
    world = World()
    first, second = world.live(endpoint_name="shop"), world.live(endpoint_name="shop")
    world.delete(first, traffic_to=second.deployment_name)
    world.settle()
    check_rest(world)
    assert world.in_cloud().traffic == {"shop": {second.deployment_name: 100}}


def test_traffic_cannot_be_handed_to_one_that_is_not_active_there() -> None:
    world = World()
    first, _ = world.live(endpoint_name="shop"), world.live(endpoint_name="shop")
    elsewhere = world.live()
    for heir in (elsewhere.deployment_name, "nobody", first.deployment_name):
        with pytest.raises(Conflict) as refused:
            world.delete(first, traffic_to=heir)
        assert refused.value.code == "traffic_target_not_active"


STEPS = ["endpoint", "deployment", "verify", "traffic", "finish"]


@pytest.mark.parametrize("step", ["prepare", "register", *STEPS])
def test_the_carrier_deleted_while_another_comes_leaves_that_one_all_the_traffic(
    step: str,
) -> None:
    world = World(operation_seconds=5)
    carrier = world.live(endpoint_name="shop")
    coming = world.deploy(world.upload(), endpoint_name="shop")
    tried: list[str] = []

    def delete(_effect: str) -> None:
        if not tried and world.read(coming).work.step == step:
            tried.append(step)
            delete_handing_over(world, carrier, coming)

    world.effects.before = delete
    world.settle()
    assert tried
    check_rest(world)
    assert world.read(coming).status is Status.ACTIVE
    assert world.in_cloud().traffic == {"shop": {coming.deployment_name: 100}}


def test_the_carrier_deleted_just_before_another_frees_the_endpoint_leaves_it_the_traffic() -> None:
    world = World(operation_seconds=5)
    carrier = world.live(endpoint_name="shop")
    coming = world.deploy(world.upload(), endpoint_name="shop")
    world.run_until(lambda: len(world.in_cloud().deployments) == 2)
    once_before(
        world.effects,
        "records:Replace+Insert+Replace",  # the checkpoint of `traffic`, decided already
        lambda: delete_handing_over(world, carrier, coming),
    )
    world.settle()
    check_rest(world)
    assert world.in_cloud().traffic == {"shop": {coming.deployment_name: 100}}


def test_an_heir_that_is_deleted_at_the_same_moment_is_no_heir() -> None:
    world = World(operation_seconds=5)
    carrier = world.live(endpoint_name="shop")
    heir, other = world.live(endpoint_name="shop"), world.live(endpoint_name="shop")
    once_before(world.effects, "records:Insert+Delete+Insert+Replace", lambda: world.delete(heir))
    with pytest.raises(Conflict) as refused:
        world.delete(carrier, traffic_to=heir.deployment_name)
    assert refused.value.code == "traffic_target_not_active"
    world.settle()
    check_rest(world)
    assert world.in_cloud().traffic == {"shop": {carrier.deployment_name: 100}}
    assert world.in_cloud().deployments == names(carrier, other)


def test_a_member_name_is_taken_until_its_bearer_is_gone_from_the_cloud() -> None:
    world = World()
    world.live(endpoint_name="shop", deployment_name="keep")
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    model = world.upload()
    world.delete(blue)
    with pytest.raises(Conflict) as refused:
        world.deploy(model, endpoint_name="shop", deployment_name="Blue")
    assert refused.value.code == "deployment_name_taken"
    world.settle()
    again = world.deploy(model, endpoint_name="shop", deployment_name="Blue")
    world.settle()
    assert world.read(again).status is Status.ACTIVE


def test_an_endpoint_takes_no_more_deployments_than_azure_does() -> None:
    world = World()
    model = world.upload()
    for _ in range(20):
        world.deploy(model, endpoint_name="shop")
    with pytest.raises(Conflict) as refused:
        world.deploy(model, endpoint_name="shop")
    assert refused.value.code == "endpoint_full"


def test_two_at_once_on_one_endpoint_take_turns_and_both_become_active() -> None:
    world = World()
    model = world.upload()
    both = [world.deploy(model, endpoint_name="shop") for _ in range(2)]
    world.settle()
    check_rest(world)
    assert [world.read(each).status for each in both] == [Status.ACTIVE] * 2
    troubles = [event for each in both for event in world.events(each) if event.name == "trouble"]
    assert troubles == []  # nobody ran into the other's operation
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.holder is None


def test_the_right_to_change_an_endpoint_is_taken_from_one_that_has_finished() -> None:
    world = World()
    first = world.live(endpoint_name="shop")
    stored = store.load_endpoint(world.tables, first.user_key, "shop")
    assert stored is not None
    held = replace(stored.record, holder=Holder(deployment_id=first.id, generation=1))
    store.save(
        world.tables, world.ports.random, store.RECORDS, store.endpoint_row(held, stored.row.etag)
    )
    world.live(endpoint_name="shop")


def test_an_endpoint_spelt_in_another_case_is_the_same_one() -> None:
    world = World()
    world.live(endpoint_name="Shop")
    second = world.live(endpoint_name="shop")
    assert second.endpoint_name == "Shop"
    assert list(world.in_cloud().traffic) == ["Shop"]


def test_a_deletion_ends_also_where_the_heir_of_its_traffic_is_not_in_the_cloud_any_more() -> None:
    world = World(operation_seconds=5)
    first = world.live(endpoint_name="shop")
    heir = world.live(endpoint_name="shop", deployment_name="heir")
    world.cloud.remove_deployment("shop", "heir")  # in the studio
    world.run_for(30)
    world.delete(first, traffic_to="heir")
    world.settle()
    check_rest(world)
    assert world.read(first).torn_down_at
    assert world.in_cloud().traffic["shop"] == {}
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.traffic == {}
    assert world.read(heir).status is Status.ACTIVE  # the nightly comparison finds what is missing


def test_a_new_deployment_takes_the_traffic_that_is_wanted_for_one_the_cloud_has_no_more() -> None:
    world = World(operation_seconds=5)
    world.live(endpoint_name="shop", deployment_name="old")
    world.cloud.put_endpoint("shop", tags=world.cloud._endpoints["shop"].tags, traffic={})
    world.run_for(30)
    world.cloud.remove_deployment("shop", "old")  # both in the studio
    world.run_for(30)
    new = world.live(endpoint_name="shop", deployment_name="new")
    assert world.in_cloud().traffic["shop"] == {new.deployment_name: 100}


def test_one_that_fails_at_its_very_end_leaves_its_traffic_to_who_got_none_because_of_it() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    blue = world.deploy(model, endpoint_name="shop", deployment_name="blue")

    def die_at_the_end(_effect: str) -> None:
        if world.read(blue).work.step is Step.FINISH:
            world.effects.before = lambda _effect: None
            raise Died

    world.effects.before = die_at_the_end
    world.run_until(lambda: world.read(blue).work.step is Step.FINISH)
    green = world.deploy(model, endpoint_name="shop", deployment_name="green")
    while world.read(green).status is not Status.ACTIVE:
        world.turn(green)
        world.sleep(5)  # nobody brings blue's hint meanwhile
    assert world.in_cloud().traffic["shop"] == {"blue": 100}
    world.sleep(2 * world.policy.deploy_deadline)

    world.settle()

    check_rest(world)
    assert world.read(blue).status is Status.FAILED
    assert world.in_cloud().traffic["shop"] == {"green": 100}
