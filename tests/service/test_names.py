"""Names in the cloud: whose they are decides whether they are adopted, passed over or left alone."""

import logging

import pytest

from shared.domain import names
from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Status
from tests.service.faults import Died, Fault, once_before
from tests.service.foreign import base_name, register_foreign
from tests.service.promises import check_failed_clean, check_one_active
from tests.service.world import World


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
            world.effects.planned = {number[0]: fault}

    world.effects.before = arm
    world.settle()
    check_one_active(world, record)
    assert world.effects.names.count(call) == (2 if call == "put_endpoint" else 1)
    assert record.azure_model_name == world.read(record).azure_model_name


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
