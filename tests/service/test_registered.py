"""What is deployed again is looked up in the registry first: what is gone from there is never uploaded in silence."""

import pytest

from shared.domain.errors import CloudError, Conflict, Trouble
from shared.domain.failures import MODEL_GONE
from shared.domain.reconcile.findings import Case
from shared.domain.records import Deployment, Model, Plan, Status
from shared.service import marks
from tests.service.arriving import Arrivals
from tests.service.promises import check_one_active
from tests.service.test_referenced import register, stored
from tests.service.test_retrying import AllPaths, failed
from tests.service.troubles import for_a_while
from tests.service.world import World

OPERATION = 4


def lose(world: World, record: Deployment) -> None:
    """Somebody removes the registered model by hand."""
    world.cloud.remove_model(record.azure_model_name, "1")


def refused(world: World, record: Deployment) -> Conflict:
    with pytest.raises(Conflict) as told:
        world.retry(record)
    assert (told.value.code, told.value.detail) == ("model_not_in_registry", MODEL_GONE)
    return told.value


def test_a_retry_whose_registered_model_is_gone_is_refused_in_the_known_words_however_often() -> (
    None
):
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    lose(world, record)

    told = refused(world, record)

    assert told.next_step.endswith(f"POST /deployments/{record.id}/redeploy")
    for _ in range(3):
        refused(world, record)
        world.settle()
        assert world.in_cloud().models == []


def test_the_record_forgets_what_is_gone_and_says_so() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    lose(world, record)
    refused(world, record)

    seen = world.read(record)
    assert (seen.status, seen.azure_model_version) == (Status.FAILED, "")
    assert seen.failure is not None
    assert (seen.failure.code, seen.failure.cause) == ("model_not_in_registry", MODEL_GONE)
    assert [each.name for each in world.events(record)].count("registry_entry_gone") == 1
    refused(world, record)
    assert [each.name for each in world.events(record)].count("registry_entry_gone") == 1


def test_what_lost_its_registered_model_is_made_anew_under_a_name_of_its_own() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    lose(world, record)
    refused(world, record)

    again = world.redeploy(record)
    world.settle()

    check_one_active(world, again)
    assert world.read(again).azure_model_name != record.azure_model_name


def test_a_retry_is_accepted_while_azure_does_not_answer_and_its_turn_looks() -> None:
    world = World(operation_seconds=OPERATION)
    record, other = failed(world), failed(world)
    lose(world, other)
    silent = CloudError(Trouble.TRANSIENT, "503", "no answer")
    for_a_while(world, "find_model", silent, 60)
    world.retry(record)
    world.retry(other)
    world.settle()

    assert world.read(record).status is Status.ACTIVE
    seen = world.read(other)
    assert seen.failure is not None
    assert (seen.failure.code, seen.azure_model_version) == ("model_not_in_registry", "")
    refused(world, other)
    assert world.in_cloud().models == [record.azure_model_name]


def test_a_refused_retry_leaves_the_clearing_of_the_failed_try_to_go_on() -> None:
    world = World(operation_seconds=OPERATION)
    world.cloud.broken_paths = AllPaths()
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).work.plan is Plan.ABANDON)
    world.cloud._models.clear()

    refused(world, record)
    world.settle()

    assert world.in_cloud().paid == []
    assert world.read(record).torn_down_at is not None


def is_marked(world: World, model: Model) -> bool:
    found = marks.list_marks(world.tables, model.user_key, model.id)
    assert all(each.case is Case.REFERENCED_MODEL_GONE for each in found)
    return bool(found)


def test_a_model_of_the_registry_is_known_to_be_gone_once_a_deployment_was_refused_for_it() -> None:
    world = Arrivals()
    model = stored(world, register(world))
    assert not is_marked(world, model)
    gone = world.cloud._models.pop(("theirs", "7"))
    for _ in range(2):
        with pytest.raises(Conflict) as told:
            world.deploy(model)
        assert told.value.detail == MODEL_GONE
    assert is_marked(world, model)

    world.cloud.register_model(gone)
    world.deploy(model)

    assert not is_marked(world, model)


def test_a_model_that_came_back_to_the_registry_is_deployed_in_its_version_by_a_retry() -> None:
    world = Arrivals()
    model = stored(world, register(world))
    record = world.deploy(model)
    gone = world.cloud._models.pop(("theirs", "7"))
    world.settle()
    seen = world.read(record)
    assert (seen.status, seen.azure_model_version) == (Status.FAILED, "")
    assert is_marked(world, model)
    refused(world, record)

    world.cloud.register_model(gone)
    world.retry(record)
    world.settle()

    seen = world.read(record)
    assert seen.status is Status.ACTIVE, seen.failure
    assert (seen.azure_model_name, seen.azure_model_version) == ("theirs", "7")
    assert not is_marked(world, model)
    assert world.in_cloud().models == ["theirs"]
