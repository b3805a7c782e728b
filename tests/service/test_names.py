"""Names in the cloud: whose they are decides whether they are adopted, passed over or left alone."""

import logging

import pytest

from shared.cloud_ports import Keys, NewDeployment, NewModel
from shared.domain import names, ownership
from shared.domain.errors import CloudError, NotFound, Trouble
from shared.domain.records import Deployment, Status
from shared.service import read
from tests.service.faults import Died, Fault, once_before
from tests.service.promises import check_failed_clean, check_one_active, check_rest
from tests.service.world import ANNA, World


def register_foreign(world: World, name: str, **tags: str) -> None:
    """Somebody else's model holds the name."""
    model = NewModel(name=name, version="1", path="packages/other", description="", tags=tags)
    world.cloud._models[(name, "1")] = model


def base_name(record: Deployment) -> str:
    return names.registry_name(record.model_name, record.id)


@pytest.mark.parametrize(("taken", "suffix"), [(0, ""), (1, "_v2"), (2, "_v3")])
def test_a_taken_registry_name_leads_to_the_next_one(
    taken: int, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    others = names.registry_candidates(base_name(record))[:taken]
    for name in others:
        register_foreign(world, name)
    with caplog.at_level(logging.WARNING, logger="longshore"):
        world.settle()
    active = world.read(record)
    assert active.status is Status.ACTIVE
    assert active.azure_model_name == base_name(record) + suffix
    assert world.in_cloud().models == sorted([*others, active.azure_model_name])
    warned = [each for each in caplog.records if "registry_name_taken" in each.message]
    assert len(warned) == taken


def test_three_taken_registry_names_are_a_clear_failure_that_touches_none() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    others = names.registry_candidates(base_name(record))
    for name in others:
        register_foreign(world, name, team="fraud")
    before = dict(world.cloud._models)
    world.settle()
    check_failed_clean(world, record, "registry_name_taken")
    assert world.cloud._models == before
    failure = world.read(record).failure
    assert failure is not None
    assert "_v3" in failure.cause


def test_a_name_lost_between_the_look_and_the_call_leads_to_the_next_one() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    once_before(world.effects, "register_model", lambda: register_foreign(world, base_name(record)))
    world.settle()
    assert world.read(record).azure_model_name == f"{base_name(record)}_v2"
    assert world.read(record).status is Status.ACTIVE


@pytest.mark.parametrize("trouble", [Trouble.TRANSIENT, Trouble.AMBIGUOUS, Trouble.AUTH])
def test_only_a_conflict_leads_to_the_next_name(trouble: Trouble) -> None:
    world = World(operation_seconds=5)
    failed: list[str] = []

    def refuse(name: str) -> None:
        if name == "register_model" and len(failed) < 3:
            failed.append(name)
            raise CloudError(trouble, "Oops", "try later")

    world.effects.trouble = refuse
    record = world.live()
    assert record.azure_model_name == base_name(record)
    check_one_active(world, record)


@pytest.mark.parametrize("call", ["register_model", "put_endpoint", "put_deployment"])
@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.ANSWER_LOST])
def test_what_was_made_before_a_crash_is_adopted(call: str, fault: Fault) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.effects.names.clear()
    number: list[int] = []

    def arm(name: str) -> None:
        if name == call and not number:
            number.append(len(world.effects.names))
            world.effects.at, world.effects.fault = number[0], fault

    world.effects.before = arm
    world.settle()
    check_one_active(world, record)
    assert world.effects.names.count(call) <= 2 if call == "put_endpoint" else 1
    assert record.azure_model_name == world.read(record).azure_model_name


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
    theirs = NewDeployment(
        name="blue",
        endpoint_name="shop",
        model_name=ours.azure_model_name,
        model_version="1",
        instance_type="Standard_DS1_v2",
        instance_count=1,
        environment_variables={},
        tags={ownership.DEPLOYMENT_TAG: ours.id},
    )
    world.cloud.put_deployment(theirs)
    record = world.deploy(world.upload(), endpoint_name="shop", deployment_name="blue")
    world.settle()
    failure = world.read(record).failure
    assert failure is not None
    assert failure.code == "deployment_name_taken"
    world.delete(ours)
    world.settle()
    assert world.in_cloud().deployments == ["blue"]
    assert world.in_cloud().endpoints == ["shop"]


def test_the_keys_of_an_endpoint_that_is_not_ours_are_not_given_away() -> None:
    world = World(operation_seconds=0)
    world.cloud.put_endpoint("prod-fraud", tags={"team": "fraud"}, traffic={})
    world.deploy(world.upload(), endpoint_name="prod-fraud")  # accepted: no claim says otherwise
    with pytest.raises(NotFound):
        read.read_keys(world.ports, ANNA, "prod-fraud")
    endpoint = world.endpoint("prod-fraud")
    assert endpoint is not None
    assert read.find_cloud_endpoint(world.ports, endpoint) is None


def test_an_owner_reads_the_keys_of_a_live_endpoint() -> None:
    world = World(operation_seconds=0)
    record = world.live()
    assert isinstance(read.read_keys(world.ports, ANNA, record.endpoint_name), Keys)


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


def test_a_crash_between_two_names_does_not_forget_the_first() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    register_foreign(world, base_name(record))

    def die() -> None:
        raise Died

    once_before(world.effects, "register_model", die)
    world.settle()
    assert world.read(record).azure_model_name == f"{base_name(record)}_v2"
    assert world.in_cloud().models == [base_name(record), f"{base_name(record)}_v2"]
