"""Another try: of a failed deployment in its own record, or of a past one as a new deployment."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.mlflow_packaging import MlflowPackager
from shared.domain.errors import Conflict, Refusal, StoreError
from shared.domain.records import Deployment, Plan, Status
from shared.service import read, store
from shared.service.catalogue import content
from tests.service.faults import Died, Fault, once_before
from tests.service.promises import check_gone, check_one_active, check_rest
from tests.service.world import ANNA, BERT, World

OPERATION = 4
TRIES = 3


class AllPaths(set[str]):
    def __contains__(self, _path: object) -> bool:
        return True


def failed(world: World, **fields: str) -> Deployment:
    """A deployment whose container crashed, cleared away; the next one will be healthy."""
    world.cloud.broken_paths = AllPaths()
    record = world.deploy(world.upload(), ANNA, **fields)
    world.settle()
    world.cloud.broken_paths = set()
    record = world.read(record)
    assert record.status is Status.FAILED
    return record


def test_a_retry_brings_the_same_deployment_to_life_with_the_model_it_registered() -> None:
    world = World(operation_seconds=OPERATION)
    first = failed(world)
    retried = world.retry(first)
    assert retried.id == first.id
    assert retried.status is Status.DEPLOYING
    assert retried.failure is None
    world.settle()
    check_one_active(world, first)
    assert world.read(first).azure_model_name == first.azure_model_name


def test_a_retry_while_the_failed_try_is_cleared_away_is_accepted() -> None:
    world = World(operation_seconds=OPERATION)
    world.cloud.broken_paths = AllPaths()
    record = world.deploy(world.upload(), endpoint_name="shop")
    seen = set()

    def retry(_name: str) -> None:
        now = world.read(record)
        if now.work.plan is Plan.ABANDON and now.work.step not in seen:
            seen.add(now.work.step)
            world.retry(record)

    world.effects.before = retry
    for _ in range(9):
        world.settle()
        if world.read(record).work.step is None and world.read(record).status is Status.FAILED:
            break
    assert len(seen) >= TRIES  # each time it failed it was retried at a later step
    world.effects.before = lambda _name: None
    world.cloud.broken_paths = set()
    world.retry(record)
    world.settle()
    check_one_active(world, record)


def test_each_try_keeps_a_log_of_its_own() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    world.cloud.broken_paths = AllPaths()
    record = world.retry(record)
    world.settle()
    for generation in (1, 2):
        assert world.blobs.size(content.log_key(record.id, generation))
    world.cloud.broken_paths = set()
    world.retry(record)
    world.settle()
    assert "loaded" in read.read_logs(world.ports, ANNA, record.id, 10)  # the live one


def test_a_retry_of_what_has_not_failed_says_what_to_do_instead() -> None:
    world = World(operation_seconds=OPERATION)
    live = world.live()
    with pytest.raises(Conflict) as told:
        world.retry(live)
    assert told.value.code == "not_failed"
    world.delete(live)
    with pytest.raises(Conflict) as told:
        world.retry(live)
    assert f"/deployments/{live.id}/redeploy" in told.value.next_step


def test_a_retry_needs_its_model_in_the_catalogue() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    model = store.load_model(world.tables, record.user_key, record.model_id)
    assert model is not None
    store.remove(world.tables, store.RECORDS, model.row)
    for again in (world.retry, world.redeploy):
        with pytest.raises(Conflict) as told:
            again(record)
        assert told.value.code == "model_deleted"
    assert not world.unfinished()


def test_a_retry_whose_endpoint_name_is_somebody_elses_by_now_is_refused_and_leaves_nothing() -> (
    None
):
    world = World(operation_seconds=OPERATION)
    record = failed(world, endpoint_name="shop")
    world.live(BERT, endpoint_name="shop")
    for again in (world.retry, world.redeploy):
        with pytest.raises(Conflict) as told:
            again(record)
        assert told.value.code == "endpoint_taken"
        assert "with POST /deployments" in told.value.next_step  # neither can choose another name
    world.settle()
    check_rest(world)
    assert world.read(record).status is Status.FAILED


def test_a_retry_joins_the_endpoint_that_has_its_name_by_now() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world, endpoint_name="shop")
    other = world.live(endpoint_name="shop")
    world.retry(record)
    world.settle()
    check_rest(world)
    assert world.in_cloud().traffic == {"shop": {other.deployment_name: 100}}
    assert len(world.in_cloud().deployments) == 2


def test_a_retry_repeated_under_its_key_is_one_retry() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    first = world.retry(record, key="k")
    again = world.retry(record, key="k")
    assert first.generation == again.generation == 2
    world.settle()
    assert world.retry(record, key="k").status is Status.ACTIVE  # what became of it


@pytest.mark.parametrize("fault", Fault)
def test_a_retry_that_breaks_off_anywhere_is_whole_or_not_at_all(fault: Fault) -> None:
    for at in range(5):
        world = World(operation_seconds=OPERATION)
        record = failed(world, endpoint_name="shop")
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            world.retry(record)
        world.settle()
        world.run_for(world.policy.admission_grace + 120)
        if world.read(record).status is Status.ACTIVE:
            check_one_active(world, record)
        else:
            check_rest(world)
            assert world.in_cloud().paid == []
            world.retry(record)  # its caller asks again
            world.settle()
            check_one_active(world, record)


def test_a_retry_that_never_committed_gives_the_name_back() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world, endpoint_name="shop")
    world.effects.plan(2, Fault.DIES_BEFORE)  # after the index entry and the claim of the name
    with suppress(Died):
        world.retry(record)
    assert world.claimed_names() == {"shop"}
    world.settle()
    assert world.claimed_names() == set()
    world.live(BERT, endpoint_name="shop")


def test_a_retry_that_is_under_way_keeps_its_claim_while_another_teardown_ends() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world, endpoint_name="shop")
    other = world.live(endpoint_name="shop", deployment_name="other")
    world.delete(other)
    commit = "records:Replace+Insert+Insert"  # record, event, the endpoint's new row

    def tear_down() -> None:
        world.effects.before = lambda _name: None
        world.run_until(lambda: world.read(other).torn_down_at is not None)

    world.run_until(lambda: world.endpoint("shop") is None)
    once_before(world.effects, commit, tear_down)
    world.retry(record)
    world.settle()
    check_rest(world)
    assert world.claimed_names() == {"shop"}
    assert world.read(record).status is Status.ACTIVE


def test_a_deleted_and_a_failed_deployment_can_be_deployed_again_as_new_ones() -> None:
    world = World(operation_seconds=OPERATION)
    deleted = world.live(endpoint_name="shop", description="of spring")
    world.delete(deleted)
    world.settle()
    again = world.redeploy(deleted)
    world.settle()
    assert again.id != deleted.id
    assert again.deployment_config == deleted.deployment_config
    check_one_active(world, again)
    with pytest.raises(Conflict) as told:
        world.redeploy(again)
    assert told.value.code == "not_over"
    world.delete(again)
    world.settle()
    check_gone(world, again)
    assert world.redeploy(failed(world)).status is Status.DEPLOYING


def test_a_redeploy_is_refused_only_for_now_while_its_name_is_being_freed() -> None:
    world = World(operation_seconds=OPERATION)
    old = world.live(endpoint_name="shop", deployment_name="blue")
    world.delete(old)
    with pytest.raises(Conflict) as told:
        world.redeploy(old)
    assert told.value.retry_after is not None  # else a producer's event is refused for good
    world.settle()
    again = world.redeploy(old)
    world.settle()
    check_one_active(world, again)
    with pytest.raises(Conflict) as told:
        world.redeploy(old)
    assert (told.value.code, told.value.retry_after) == ("deployment_name_taken", None)


def test_a_redeploy_repeated_under_its_key_is_one_deployment() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    first, again = (world.redeploy(record, key="k") for _ in range(2))
    assert first.id == again.id
    world.settle()
    check_rest(world)


def test_a_retry_has_the_whole_time_again() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    world.run_for(7200)
    retried = world.retry(record)
    left = retried.work.deadline_at - world.clock.now()
    assert left == timedelta(seconds=world.policy.deploy_deadline)


def test_a_retry_serves_what_is_registered_whatever_a_new_package_would_hold() -> None:
    world = World(operation_seconds=OPERATION)
    record = failed(world)
    packager = MlflowPackager(default_python="3.11")  # an operator has changed it
    world.ports = replace(world.ports, packager=packager)
    world.retry(record)
    world.settle()
    check_one_active(world, record)
    assert world.read(record).package_digest == record.package_digest
    world.delete(record)
    world.settle()
    assert world.in_cloud().models == []
