"""What is not ours is never adopted and never touched, however much it looks like ours."""

import pytest

from shared.cloud_ports import Keys, NewDeployment
from shared.domain import ownership
from shared.domain.errors import NotFound
from shared.domain.records import Deployment, Status
from shared.service import keys, read
from tests.service.faults import once_before
from tests.service.foreign import base_name, register_foreign
from tests.service.promises import check_rest
from tests.service.world import ANNA, World

LOOK_ALIKES = [
    {},
    {ownership.DEPLOYMENT_TAG: "other", ownership.DIGEST_TAG: "ours"},
    {ownership.DEPLOYMENT_TAG: "ours", ownership.DIGEST_TAG: "other"},
    {ownership.DEPLOYMENT_TAG: "ours"},
    {ownership.DIGEST_TAG: "ours"},
]


def like(tags: dict[str, str], record: Deployment) -> dict[str, str]:
    ours = ownership.deployment_tags(record)
    return {name: ours[name] if value == "ours" else value for name, value in tags.items()}


@pytest.mark.parametrize("tags", LOOK_ALIKES)
def test_a_model_that_only_looks_like_ours_is_passed_over(tags: dict[str, str]) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    once_before(
        world.effects,
        "records:Replace+Insert",  # the checkpoint of `prepare`: the digest is known
        lambda: register_foreign(world, base_name(record), **like(tags, world.read(record))),
    )
    world.settle()
    assert world.read(record).azure_model_name == f"{base_name(record)}_v2"
    assert world.read(record).status is Status.ACTIVE


@pytest.mark.parametrize("tags", LOOK_ALIKES)
def test_a_deployment_that_only_looks_like_ours_is_left_alone(tags: dict[str, str]) -> None:
    world = World(operation_seconds=0)
    model = world.live(endpoint_name="shop").azure_model_name
    record = world.deploy(world.upload(), endpoint_name="shop", deployment_name="blue")

    def put_theirs() -> None:
        theirs = NewDeployment(
            name="blue",
            endpoint_name="shop",
            model_name=model,
            model_version="1",
            instance_type="Standard_DS1_v2",
            instance_count=1,
            environment_variables={},
            tags=like(tags, world.read(record)),
        )
        world.cloud.put_deployment(theirs)

    once_before(world.effects, "records:Replace+Insert", put_theirs)
    world.settle()
    failed = world.read(record)
    assert failed.failure is not None
    assert failed.failure.code == "deployment_name_taken"
    assert "blue" in world.in_cloud().deployments


def test_an_endpoint_of_somebody_else_is_a_clear_failure_and_is_not_touched() -> None:
    world = World(operation_seconds=0)
    world.cloud.put_endpoint("shop", tags={"team": "fraud"}, traffic={})
    record = world.deploy(world.upload(), endpoint_name="shop")
    world.settle()
    check_rest(world)
    failed = world.read(record)
    assert failed.failure is not None
    assert failed.failure.code == "endpoint_taken"
    theirs = world.cloud.find_endpoint("shop")
    assert theirs is not None
    assert theirs.tags == {"team": "fraud"}
    assert "shop" not in world.claimed_names()


@pytest.mark.parametrize("owner", ["another user", "another claim"])
def test_an_endpoint_with_half_of_our_tags_is_not_ours(owner: str) -> None:
    world = World(operation_seconds=0)
    record = world.deploy(world.upload(), endpoint_name="shop")
    tags = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
    spoilt = ownership.OWNER_TAG if owner == "another user" else ownership.ENDPOINT_TAG
    world.cloud.put_endpoint("shop", tags={**tags, spoilt: "0" * 32}, traffic={})
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.cloud.find_endpoint("shop") is not None


def test_a_deployment_of_somebody_else_on_our_endpoint_stays_and_keeps_the_endpoint() -> None:
    world = World(operation_seconds=0)
    ours = world.live(endpoint_name="shop")
    put_theirs(world, ours, "blue")
    record = world.deploy(world.upload(), endpoint_name="shop", deployment_name="blue")
    world.settle()
    failure = world.read(record).failure
    assert failure is not None
    assert failure.code == "deployment_name_taken"
    world.delete(ours)
    world.settle()
    assert world.in_cloud().deployments == ["blue"]
    assert world.in_cloud().endpoints == ["shop"]


def put_theirs(world: World, ours: Deployment, name: str) -> None:
    """Somebody puts a deployment on the endpoint of ours by hand."""
    theirs = NewDeployment(
        name=name,
        endpoint_name=ours.endpoint_name,
        model_name=ours.azure_model_name,
        model_version="1",
        instance_type="Standard_DS1_v2",
        instance_count=1,
        environment_variables={},
        tags={ownership.DEPLOYMENT_TAG: ours.id},
    )
    world.cloud.put_deployment(theirs)


def route_by_hand(world: World, ours: Deployment, **shares: int) -> None:
    tags = ownership.endpoint_tags(ours.user_key, ours.endpoint_tag)
    world.cloud.put_endpoint(ours.endpoint_name, tags=tags, traffic=shares)


@pytest.mark.parametrize("shares", [{"blue": 50, "green": 50}, {"blue": 100}])
def test_a_deployment_of_somebody_else_on_our_endpoint_keeps_its_traffic(
    shares: dict[str, int],
) -> None:
    world = World(operation_seconds=0)
    ours = world.live(endpoint_name="shop", deployment_name="green")
    put_theirs(world, ours, "blue")
    route_by_hand(world, ours, **shares)
    record = world.deploy(world.upload(), endpoint_name="shop", deployment_name="blue")
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.in_cloud().traffic == {"shop": shares}
    world.delete(record)
    world.settle()
    assert world.in_cloud().traffic == {"shop": shares}


def test_one_that_comes_takes_no_traffic_from_what_somebody_else_put_on_our_endpoint() -> None:
    world = World(operation_seconds=0)
    ours = world.live(endpoint_name="shop", deployment_name="green")
    world.route("shop")
    world.settle()
    put_theirs(world, ours, "theirs")
    route_by_hand(world, ours, theirs=100)
    record = world.deploy(world.upload(), endpoint_name="shop", deployment_name="blue")
    world.settle()
    assert world.read(record).status is Status.ACTIVE
    assert world.in_cloud().traffic == {"shop": {"theirs": 100}}


def test_the_keys_of_an_endpoint_that_is_not_ours_are_not_given_away() -> None:
    world = World(operation_seconds=0)
    world.cloud.put_endpoint("prod-fraud", tags={"team": "fraud"}, traffic={})
    world.deploy(world.upload(), endpoint_name="prod-fraud")  # accepted: no claim says otherwise
    with pytest.raises(NotFound):
        keys.read_keys(world.ports, ANNA, "prod-fraud")
    endpoint = world.endpoint("prod-fraud")
    assert endpoint is not None
    assert read.find_cloud_endpoint(world.ports, endpoint) is None


def test_an_owner_reads_the_keys_of_a_live_endpoint() -> None:
    world = World(operation_seconds=0)
    record = world.live()
    assert isinstance(keys.read_keys(world.ports, ANNA, record.endpoint_name), Keys)


def test_an_endpoint_replaced_by_somebody_else_before_traffic_is_not_touched() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload(), endpoint_name="shop")
    world.run_until(lambda: "put_deployment" in world.effects.names)
    world.run_for(2)
    foreign = {"team": "fraud"}
    world.cloud._endpoints["shop"].tags = foreign
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.cloud._endpoints["shop"].tags == foreign
