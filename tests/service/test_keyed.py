"""Requests under a key: one answer for each, through races, refusals and the end of the key's life."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.domain.errors import InvalidRequest, Refusal, StoreError
from shared.domain.records import Deployment, Model, Status
from shared.domain.requests import KEY_DAYS
from shared.service.queues import produce
from tests.service.faults import Died, Fault, once_before
from tests.service.promises import check_one_active, check_rest
from tests.service.test_producers import accept, event
from tests.service.world import ANNA, World

LIFE = timedelta(days=KEY_DAYS).total_seconds()
ADMISSION = "records:Insert+Insert+Insert+Insert"


def outlived(world: World) -> tuple[Model, Deployment]:
    """A model, and a deployment of it whose key `k` is just forgotten; all is at rest."""
    model = world.upload()
    record = world.deploy(model, key="k")
    world.settle()
    world.sleep(LIFE)
    return model, record


def failed(world: World) -> Deployment:
    """A deployment that has failed and left nothing behind."""
    world.cloud.cores = 1
    record = world.deploy(world.upload())
    world.settle()
    world.cloud.cores = 100
    assert world.read(record).status is Status.FAILED
    return record


AGAIN: dict[str, Callable[[World, Deployment], Deployment]] = {
    "retry": lambda world, record: world.retry(record, key="k"),
    "redeploy": lambda world, record: world.redeploy(record, key="k"),
}


@pytest.mark.parametrize("at", range(5))
def test_of_two_equal_requests_at_once_both_get_the_same_answer(at: int) -> None:
    world = World(operation_seconds=0)
    model, left, winners = world.upload(), [at], list[Deployment]()

    def deploy() -> Deployment:
        return world.deploy(model, key="k", endpoint_name="shop", deployment_name="blue")

    def before(_effect: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            world.effects.before = lambda _effect: None
            winners.append(deploy())

    world.effects.before = before
    assert deploy().id == winners[0].id
    world.settle()
    check_one_active(world, winners[0])


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("way", AGAIN)
def test_another_try_under_a_key_is_made_once_whatever_breaks_off(way: str, fault: Fault) -> None:
    counted = World(operation_seconds=0)
    record = failed(counted)
    counted.effects.names.clear()
    AGAIN[way](counted, record)
    for at in range(len(counted.effects.names)):
        world = World(operation_seconds=0)
        record = failed(world)
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            AGAIN[way](world, record)
        made = AGAIN[way](world, record)
        world.settle()
        assert AGAIN[way](world, record).id == made.id
        check_rest(world)
        active = [each.id for each in world.deployments() if each.status is Status.ACTIVE]
        assert active == [made.id], (at, world.effects.names)
        tries = [each.name for each in world.events(record)].count("retried")
        assert (tries, len(world.deployments())) == ((1, 1) if way == "retry" else (0, 2))


@pytest.mark.parametrize("fault", Fault)
def test_a_key_that_has_been_forgotten_is_new_whatever_breaks_off(fault: Fault) -> None:
    counted = World(operation_seconds=0)
    model, _ = outlived(counted)
    counted.effects.names.clear()
    counted.deploy(model, key="k")
    for at in range(len(counted.effects.names)):
        world = World(operation_seconds=0)
        model, old = outlived(world)
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            world.deploy(model, key="k")
        new = world.deploy(model, key="k")
        world.settle()
        assert world.deploy(model, key="k").id == new.id != old.id
        check_rest(world)
        assert len(world.deployments()) == 2, (at, world.effects.names)


@pytest.mark.parametrize("effect", ["records:Delete", "claims:Insert", ADMISSION])
def test_of_two_that_find_a_key_forgotten_one_makes_it_new(effect: str) -> None:
    world = World(operation_seconds=0)
    model, old = outlived(world)
    winners: list[Deployment] = []
    once_before(world.effects, effect, lambda: winners.append(world.deploy(model, key="k")))
    loser = world.deploy(model, key="k")
    assert loser.id == winners[0].id != old.id
    assert [each for each, _ in world.unfinished()] == [loser.id]  # the loser's own try has ended
    world.settle()
    check_rest(world)
    assert len(world.deployments()) == 2


def test_the_loser_of_two_different_requests_under_a_key_is_refused_and_leaves_nothing() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    winners: list[Deployment] = []
    once_before(world.effects, ADMISSION, lambda: winners.append(world.deploy(model, key="k")))
    with pytest.raises(InvalidRequest) as refused:
        world.deploy(model, key="k", instance_count=2)
    assert refused.value.code == "idempotency_key_reused"
    world.settle()
    check_one_active(world, winners[0])


def test_a_replay_of_what_was_deleted_is_what_was_deleted() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    record = world.deploy(model, key="k")
    world.delete(record)
    assert world.deploy(model, key="k").status is Status.DELETED
    world.settle()
    again = world.deploy(model, key="k")
    assert (again.id, again.status) == (record.id, Status.DELETED)
    assert world.is_quiet()
    assert world.in_cloud().paid == []


def test_a_kept_refusal_is_the_answer_until_its_key_is_forgotten() -> None:
    world = World(operation_seconds=0)
    missing = "model-1-1763490543100000"
    accept(world, event(model_id=missing))
    first = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    effects = len(world.effects.names)
    accept(world, event(model_id=missing))
    assert len(world.effects.names) - effects <= 1  # it is looked up, not judged again

    world.sleep(LIFE)
    accept(world, event(model_id=world.upload().id))
    second = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert first.problem["code"] == "model_not_found"
    assert second.deployment_id == world.deployments()[0].id


def test_a_refusal_takes_the_place_of_a_forgotten_answer() -> None:
    world = World(operation_seconds=0)
    accept(world, event(model_id=world.upload().id))
    world.sleep(LIFE)
    accept(world, json.dumps(json.loads(event()) | {"data": {"user_id": "anna", "colour": 1}}))
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert (answer.deployment_id, answer.problem["code"]) == ("", "invalid_request")
