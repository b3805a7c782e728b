"""A delete at any moment: while a turn works, at each step, while failing, after."""

from datetime import timedelta

import pytest

from shared.domain.records import Status
from tests.service.faults import once_before
from tests.service.promises import check_gone
from tests.service.world import World

OPERATION = 4


def test_a_delete_under_a_working_turn_is_taken_up_as_soon_as_that_turn_stops() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, "register_model", lambda: world.delete(record))
    began = world.clock.now()
    world.deliver()
    assert world.read(record).lease is None
    world.settle()
    check_gone(world, record)
    assert world.clock.now() - began < timedelta(seconds=world.policy.lease + 60)


STEPS = ["prepare", "register", "endpoint", "deployment", "verify", "traffic", "finish"]


@pytest.mark.parametrize("step", STEPS)
def test_a_delete_at_any_step_leaves_nothing(step: str) -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    done: list[str] = []

    def delete(_name: str) -> None:
        now = world.read(record)
        if not done and now.lease and now.work.step == step:
            done.append(step)
            world.delete(record)

    world.effects.before = delete
    world.settle()
    assert done
    check_gone(world, record)


def test_a_failed_deployment_can_be_deleted_and_takes_its_registry_entry_along() -> None:
    world = World(operation_seconds=OPERATION)
    world.cloud.cores = 1
    record = world.deploy(world.upload())
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.in_cloud().models
    world.delete(record)
    world.settle()
    check_gone(world, record)


def test_a_deployment_that_is_failing_can_be_deleted() -> None:
    world = World(operation_seconds=OPERATION)
    world.cloud.cores = 1
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    world.delete(record)
    world.settle()
    check_gone(world, record)


def test_deleting_one_that_failed_takes_nothing_from_who_has_its_name_on_the_endpoint_by_now() -> (
    None
):
    world = World(operation_seconds=0)
    model = world.upload()
    world.deploy(model, endpoint_name="shop", deployment_name="green")
    world.settle()
    world.cloud.fail_next("ImageBuildFailure", "no image")
    failed = world.deploy(model, endpoint_name="shop", deployment_name="blue")
    world.settle()
    assert world.read(failed).status is Status.FAILED
    world.deploy(model, endpoint_name="shop", deployment_name="blue")
    world.settle()
    world.route("shop", green=20, blue=80)
    world.delete(failed)
    world.settle()
    assert world.in_cloud().traffic == {"shop": {"green": 20, "blue": 80}}
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.traffic == {"green": 20, "blue": 80}
