"""Deploy requests from training pipelines: each message any number of times, one deployment."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.memory_clock import SeededRandom
from shared.domain.errors import Changed, Forbidden, InvalidRequest, NotFound, StoreError
from shared.domain.messages import Garbage
from shared.domain.policy import DEPLOY_REQUESTS, Policy
from shared.domain.principal import Principal
from shared.domain.records import SCHEMA_VERSION
from shared.ports import Replace
from shared.service import store
from shared.service.claims import Mint
from shared.service.queues import produce
from tests.service.faults import Died, Fault
from tests.service.promises import check_one_active
from tests.service.world import World

PRODUCERS, ISSUER = ("anna", "local"), "tests"
ANNA = Principal(user_id="anna", issuer=ISSUER)


def event(request_id: str = "run-1", source: str = "pipelines/churn", **data: Any) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "type": "longshore.deploy",
            "source": source,
            "id": request_id,
            "time": "2026-01-01T00:00:00Z",
            "data": {"user_id": "anna", **data},
        }
    )


def accept(world: World, text: str, producers: tuple[str, ...] = PRODUCERS) -> None:
    produce.accept_event(world.ports, world.mint, world.policy, producers, ISSUER, text)


def test_a_message_that_comes_twice_leads_to_one_deployment() -> None:
    world = World(operation_seconds=0)
    text = event(model_id=world.upload().id)
    accept(world, text)
    accept(world, text)
    world.settle()
    accept(world, text)
    world.settle()
    check_one_active(world, world.deployments()[0])
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert answer.deployment_id == world.deployments()[0].id


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.ANSWER_LOST, Fault.DIES_BEFORE])
def test_a_message_given_back_after_any_fault_leads_to_one_deployment(fault: Fault) -> None:
    for at in range(5):
        world = World(operation_seconds=0)
        text = event(model_id=world.upload().id)
        world.effects.plan(at, fault)
        with suppress(Died, StoreError):
            accept(world, text)
        accept(world, text)
        world.settle()
        assert len(world.deployments()) == 1
        check_one_active(world, world.deployments()[0])


def test_another_source_or_another_id_is_another_request() -> None:
    world = World(operation_seconds=0)
    model = world.upload().id
    for request_id, source in (("1", "a"), ("2", "a"), ("1", "b"), ("a", "1")):
        accept(world, event(request_id, source, model_id=model))
    assert len(world.deployments()) == 4


def test_different_data_under_a_used_key_is_refused_and_the_first_answer_stands() -> None:
    world = World(operation_seconds=0)
    model = world.upload().id
    accept(world, event(model_id=model))
    for other in ({"instance_count": 2}, {"instance_count": 99}, {"model_id": "none"}):
        with pytest.raises(Garbage, match="'run-1' of 'pipelines/churn' came before, with other"):
            accept(world, event(**{"model_id": model} | other))
    assert len(world.deployments()) == 1
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert answer.deployment_id == world.deployments()[0].id
    assert not answer.problem


def test_a_refused_message_can_be_asked_about_with_all_its_problems() -> None:
    world = World(operation_seconds=0)
    accept(world, event(model_id="", instance_count=99, colour="red"))
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert answer.deployment_id == ""
    assert answer.problem["code"] == "invalid_request"
    assert {each["field"] for each in answer.problem["problems"]} == {
        "model_id",
        "instance_count",
        "colour",
    }


def test_a_refusal_of_any_size_is_kept() -> None:
    world = World(operation_seconds=0)
    accept(world, event(**{f"field{n}" + "x" * 300: "1" for n in range(100)}))
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert answer.problem["code"] == "invalid_request"


def test_a_refusal_stays_the_answer_when_the_message_comes_again() -> None:
    world = World(operation_seconds=0)
    accept(world, event(model_id="model-1-1763490543100000"))
    accept(world, event(model_id="model-1-1763490543100000"))
    answer = produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    assert answer.problem["code"] == "model_not_found"


@pytest.mark.parametrize("user", ["bert", "", "ANNA"])
def test_a_user_that_producers_may_not_name_is_refused_and_leaves_no_rows(user: str) -> None:
    world = World(operation_seconds=0)
    text = event(model_id=world.upload().id, user_id=user)
    world.effects.names.clear()
    with pytest.raises(Forbidden):
        accept(world, text)
    assert world.effects.names == []


def test_without_the_setting_nobody_may_be_named() -> None:
    world = World(operation_seconds=0)
    with pytest.raises(Forbidden):
        accept(world, event(model_id="m"), ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"specversion": "2.0"}',
        '{"specversion": "1.0", "type": "t", "source": "s", "id": 7, "data": {}}',
        '{"specversion": "1.0", "type": "t", "source": "", "id": "i", "data": {}}',
        '{"specversion": "1.0", "type": "t", "source": "s\\nt", "id": "i", "data": {}}',
        '{"specversion": "1.0", "type": "t", "source": "s", "id": "i\\u0000", "data": {}}',
        '{"specversion": "1.0", "type": "t", "source": "s", "id": "i", "data": {"user_id": 3}}',
        '{"specversion": "1.0", "type": "t", "source": "s", "id": "i", "data": ' + "[" * 2000,
    ],
)
def test_garbage_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidRequest):
        accept(World(operation_seconds=0), text)


def test_a_request_nobody_made_is_not_found() -> None:
    with pytest.raises(NotFound):
        produce.require_request(World().ports, ANNA, "nowhere", "none")


class Busy:
    """Tables on which an endpoint's row has always changed, until it is let be."""

    def __init__(self, real: Any) -> None:
        self._real, self.is_busy = real, True

    def commit(self, table: str, operations: Any) -> Any:
        changes = [each for each in operations if each.row.key.startswith("e-")]
        if self.is_busy and changes:
            raise Changed("the endpoint's row")
        return self._real.commit(table, operations)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_an_event_that_meets_a_busy_endpoint_comes_again_later_each_time_and_is_accepted() -> None:
    world = World(operation_seconds=0)
    model = world.upload().id
    busy = Busy(world.ports.tables)
    world.ports = replace(world.ports, tables=busy)
    text, waits = event(model_id=model, endpoint_name="shop"), []
    for _ in range(12):
        accept(world, text)
        visible = world.queue.next_visible(DEPLOY_REQUESTS)
        assert visible is not None
        waits.append((visible - world.clock.now()).total_seconds())
        world.clock.advance(waits[-1])
        message = world.queue.receive(DEPLOY_REQUESTS, lease=60)
        assert message is not None
        world.queue.delete(DEPLOY_REQUESTS, message)
        assert world.queue.next_visible(DEPLOY_REQUESTS) is None  # one goes for each that came
        text = message.text
    assert 2 <= waits[0] <= 4
    assert 16 <= waits[3] <= 32
    assert 900 <= waits[-1] <= 1800
    with pytest.raises(NotFound):  # that is no answer
        produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")

    busy.is_busy = False
    accept(world, text)
    accept(world, event(model_id=model, endpoint_name="shop"))  # the first one, once more
    world.settle()
    check_one_active(world, world.deployments()[0])


def test_an_event_that_meets_a_row_of_a_newer_version_waits_for_that_version() -> None:
    world = World(operation_seconds=0)
    model = world.live(endpoint_name="shop").model_id
    endpoint = store.load_endpoint(world.tables, ANNA.user_key, "shop")
    assert endpoint is not None
    row = endpoint.row
    newer = replace(row, values={**row.values, "schema_version": SCHEMA_VERSION + 1})
    world.tables.commit(store.RECORDS, [Replace(newer)])
    accept(world, event(model_id=model, endpoint_name="shop"))
    assert len(world.deployments()) == 1
    with pytest.raises(NotFound):  # that is no answer
        produce.require_request(world.ports, ANNA, "pipelines/churn", "run-1")
    visible = world.queue.next_visible(DEPLOY_REQUESTS)
    assert visible is not None
    assert 30 <= (visible - world.clock.now()).total_seconds() <= 61


def test_an_event_of_a_user_who_has_too_much_unfinished_waits_for_its_turn() -> None:
    world = World(operation_seconds=0)
    world.mint = Mint(world.tables, world.clock, SeededRandom(), Policy(max_unfinished=1))
    model = world.upload().id
    accept(world, event("run-1", model_id=model))
    accept(world, event("run-2", model_id=model))
    assert len(world.deployments()) == 1
    world.settle()
    world.clock.advance(3600)
    message = world.queue.receive(DEPLOY_REQUESTS, lease=60)
    assert message is not None
    accept(world, message.text)
    assert len(world.deployments()) == 2
