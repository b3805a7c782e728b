"""Messages that nobody can read are put aside at first sight; events that fail get an answer.

The letters F29, F30 and F33 of the fault matrix (docs/faults.md).
"""

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain import ids
from shared.domain.bookkeeping import Request
from shared.domain.errors import Forbidden, NotFound, StoreError, Unavailable
from shared.domain.limits import MAX_MESSAGE_BYTES
from shared.domain.messages import DeadLetterReason
from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
)
from shared.domain.principal import Principal
from shared.domain.records import SCHEMA_VERSION, Deployment
from shared.ports import Replace
from shared.service import store, submit
from shared.service.hints import Hint
from shared.service.queues import dead_letters, inbox, produce
from shared.service.queues.dead_letters import DeadLetter
from tests.service.faults import Died, Fault
from tests.service.promises import check_one_active
from tests.service.queue_host import MAX_DEQUEUE, PRODUCERS, QUEUES, QueueHost
from tests.service.world import ANNA, World

OPERATOR = Principal(user_id="root", issuer="tests", is_operator=True)
KEYS = {"user_key": "0" * 32, "deployment_id": "2" * 20}


@pytest.fixture
def world() -> World:
    return World(operation_seconds=4)


@pytest.fixture
def host(world: World) -> QueueHost:
    return QueueHost(world)


def letters(world: World) -> list[DeadLetter]:
    return dead_letters.list_dead_letters(world.ports, OPERATOR, limit=200)[0]


def event(**attributes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "trained",
        "source": "training",
        "id": "run-1",
        "data": {"user_id": "anna"},
    } | attributes


def answer(world: World) -> Request:
    return produce.require_request(world.ports, ANNA, "training", "run-1")


# ------------------------------------------------------------------ F30: garbage

HINTS: list[tuple[object, DeadLetterReason]] = [
    ({}, DeadLetterReason.NO_HINT),
    (KEYS | {"user_key": "anna"}, DeadLetterReason.NO_HINT),
    (KEYS | {"deployment_id": 7}, DeadLetterReason.NO_HINT),
    (KEYS | {"schema_version": "next"}, DeadLetterReason.UNKNOWN_VERSION),
    (KEYS | {"schema_version": 0}, DeadLetterReason.UNKNOWN_VERSION),
    (KEYS | {"schema_version": 10**40}, DeadLetterReason.UNKNOWN_VERSION),
    (KEYS | {"schema_version": True}, DeadLetterReason.UNKNOWN_VERSION),
    ([KEYS], DeadLetterReason.NOT_AN_OBJECT),
]
EVENTS: list[tuple[object, DeadLetterReason]] = [
    ({}, DeadLetterReason.NO_EVENT),
    (event(specversion="2.0"), DeadLetterReason.UNKNOWN_VERSION),
    (event(source=""), DeadLetterReason.NO_EVENT),
    (event(id=7), DeadLetterReason.NO_EVENT),
    (event(id="a\nb"), DeadLetterReason.NO_EVENT),
    (event(data=None), DeadLetterReason.NO_EVENT),
    (event(data={"user_id": 3}), DeadLetterReason.NO_EVENT),
    (event(data={"user_id": "bert"}), DeadLetterReason.PRODUCER_NOT_ALLOWED),
    (event(longshoretries="often"), DeadLetterReason.NO_EVENT),
]
SAID = [
    *(((DEPLOY_JOBS, DEPLOY_JOBS_POISON), said, reason) for said, reason in HINTS),
    *(((DEPLOY_REQUESTS, DEPLOY_REQUESTS_POISON), said, reason) for said, reason in EVENTS),
]


@pytest.mark.parametrize(("queues", "said", "reason"), SAID)
def test_a_message_of_the_wrong_shape_is_put_aside_with_its_reason_and_does_not_come_again(
    host: QueueHost, world: World, queues: tuple[str, str], said: object, reason: DeadLetterReason
) -> None:
    for queue in queues:
        world.queue.send(queue, json.dumps(said))
    assert host.deliver()
    assert host.deliver()
    assert host.errors == []
    assert [host.waiting(queue) for queue in QUEUES] == [0] * 4
    [letter] = letters(world)
    assert (letter.queue, letter.reason, letter.times) == (queues[0], reason, 2)


def test_an_event_with_other_data_than_the_first_of_its_id_is_put_aside(
    host: QueueHost, world: World
) -> None:
    for name in ("blue", "blue", "green"):
        world.queue.send(DEPLOY_REQUESTS, json.dumps(event(data={"user_id": "anna", "a": name})))
        assert host.deliver()
    assert not host.deliver()
    assert answer(world).problem["code"] == "invalid_request"
    [letter] = letters(world)
    assert (letter.reason, letter.times) == (DeadLetterReason.ID_REUSED, 1)
    assert "green" in letter.excerpt


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not base64!", DeadLetterReason.NOT_JSON),
        ("", DeadLetterReason.NOT_JSON),
        (base64.b64encode(b"\xff\xfe").decode(), DeadLetterReason.NOT_TEXT),
        ('{"a": NaN}', DeadLetterReason.NO_NUMBER),
        ('{"a": 1e400}', DeadLetterReason.NO_NUMBER),
        ('{"a": 1, "a": 2}', DeadLetterReason.DUPLICATE_KEY),
        ('{"a": ' * 8000, DeadLetterReason.TOO_DEEP),
    ],
)
def test_a_message_that_is_no_json_is_put_aside_by_every_function(
    host: QueueHost, world: World, queue: str, text: str, reason: DeadLetterReason
) -> None:
    world.queue.send(queue, text)
    assert host.deliver()
    assert host.errors == []
    assert not host.deliver()
    assert [each.reason for each in letters(world)] == [reason]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1, 65_536, 65_537, 10**6])
@pytest.mark.parametrize("form", [bytes, base64.b64encode])
def test_an_event_of_any_size_is_accepted_or_put_aside(
    world: World, size: int, form: Callable[[bytes], bytes]
) -> None:
    frame = len(json.dumps(event(padding="")))
    text = json.dumps(event(padding="x" * (size - frame))).encode()
    inbox.take_event(world.ports, world.mint, world.policy, PRODUCERS, ANNA.issuer, form(text))
    if size == MAX_MESSAGE_BYTES:
        assert answer(world).problem["code"] == "invalid_request"  # it names no model
    else:
        [letter] = letters(world)
        assert letter.reason == DeadLetterReason.TOO_LARGE
        assert len(letter.excerpt) <= dead_letters.EXCERPT


def test_what_an_event_or_a_hint_says_besides_is_not_used(host: QueueHost, world: World) -> None:
    model = world.upload()
    data = {"user_id": "anna", "model_id": model.id}
    world.queue.send(DEPLOY_REQUESTS, json.dumps(event(data=data, comexampleextension="1")))
    host.deliver()
    [record] = world.deployments()
    world.lose_messages()
    hint = {"user_key": record.user_key, "deployment_id": record.id, "trace": {"a": [1]}}
    world.queue.send(DEPLOY_JOBS, json.dumps(hint))
    host.run(200)
    check_one_active(world, record)
    assert letters(world) == []


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "schema_version": ANY_JSON,
        "user_key": ANY_JSON | st.just("0" * 32),
        "deployment_id": ANY_JSON | st.just("2" * 20),
        "specversion": ANY_JSON | st.just("1.0"),
        "type": ANY_JSON | st.just("t"),
        "source": ANY_JSON | st.just("s"),
        "id": ANY_JSON | st.just("i"),
        "data": ANY_JSON | st.dictionaries(st.sampled_from(["user_id", "model_id"]), ANY_JSON),
        "longshoretries": ANY_JSON,
    },
)
BODIES = st.binary() | (ANY_JSON | NEARLY).map(lambda value: json.dumps(value).encode())


@settings(max_examples=200, deadline=None)
@given(body=BODIES | BODIES.map(base64.b64encode), queue=st.sampled_from(QUEUES))
def test_no_body_makes_a_function_fail(body: bytes, queue: str) -> None:
    world = World(operation_seconds=4)
    QueueHost(world).functions[queue](body)


# ------------------------------------------------------------------ what operators see


@pytest.mark.parametrize("principal", [ANNA, Principal(user_id="root", issuer="tests")])
def test_only_operators_see_what_was_put_aside(world: World, principal: Principal) -> None:
    with pytest.raises(Forbidden):
        dead_letters.list_dead_letters(world.ports, principal, limit=1)


def test_the_last_ones_put_aside_come_first_and_all_are_counted(world: World) -> None:
    for number in range(5):
        inbox.take_poisoned_hint(world.ports, f"garbage {number}".encode())
        world.clock.advance(1)
    inbox.take_poisoned_hint(world.ports, b"garbage 0")
    found, total = dead_letters.list_dead_letters(world.ports, OPERATOR, limit=3)
    assert [each.excerpt for each in found] == ["garbage 0", "garbage 4", "garbage 3"]
    assert (total, found[0].times, found[0].last_at > found[0].at) == (5, 2, True)


def test_neither_rows_nor_the_log_hold_a_secret_of_what_was_put_aside(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    said = '{"note": "AccountKey=s3cret;", "Authorization": "Bearer s3cret-too", "a": NaN}\x00'
    with caplog.at_level(logging.WARNING):
        inbox.take_poisoned_hint(world.ports, said.encode())
        inbox.take_poisoned_hint(world.ports, base64.b64encode(said.encode()))
    [first, second] = letters(world)
    assert first.excerpt == second.excerpt
    assert "note" in first.excerpt
    rows = [dict(row.values) for row in world.tables.scan(dead_letters.DEAD_LETTERS, None)]
    assert "s3cret" not in f"{rows} {caplog.text}"
    assert f"{first.queue}/{first.digest}" in caplog.text


@pytest.mark.parametrize("fault", Fault)
def test_a_message_whose_row_could_not_be_kept_comes_again_until_it_is(
    host: QueueHost, world: World, fault: Fault
) -> None:
    world.queue.send(DEPLOY_JOBS, "garbage")
    world.effects.plan(0, fault)
    host.run(30)
    assert [each.reason for each in letters(world)] == [DeadLetterReason.NOT_JSON]
    assert host.waiting(DEPLOY_JOBS) == 0


# ------------------------------------------------------------------ hints of another version


@pytest.mark.parametrize("queue", [DEPLOY_JOBS, DEPLOY_JOBS_POISON])
def test_a_hint_of_a_newer_version_waits_for_one_that_reads_it(
    host: QueueHost, world: World, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.deploy(world.upload())
    world.lose_messages()
    newer = {"schema_version": SCHEMA_VERSION + 1, "user_key": record.user_key}
    world.queue.send(queue, json.dumps(newer | {"deployment_id": record.id, "shape": "new"}))
    for _ in range(4):
        assert host.deliver()
        assert not host.deliver()
        world.clock.advance(inbox.PARK_SECONDS)
    [letter] = letters(world)
    assert (letter.reason, letter.times, host.errors) == (DeadLetterReason.NEWER_VERSION, 4, [])
    monkeypatch.setattr("shared.service.hints.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    host.run(200)
    check_one_active(world, record)


def test_a_hint_of_a_newer_version_is_kept_for_seven_days_and_no_longer(
    host: QueueHost, world: World
) -> None:
    world.queue.send(DEPLOY_JOBS, json.dumps(KEYS | {"schema_version": SCHEMA_VERSION + 1}))
    host.run(inbox.PARK_AT_MOST.total_seconds() - 600)
    assert host.waiting(DEPLOY_JOBS) == 1
    host.run(1200)
    assert host.waiting(DEPLOY_JOBS) == 0


def test_poison_of_a_record_of_a_newer_version_is_left_to_that_version(world: World) -> None:
    record = world.deploy(world.upload())
    write(world, record, schema_version=SCHEMA_VERSION + 1)
    before = world.tables.get(store.RECORDS, *place_of(record))
    inbox.take_poisoned_hint(world.ports, hint_to(record))
    assert world.tables.get(store.RECORDS, *place_of(record)) == before
    assert letters(world) == []


def test_a_damaged_record_is_put_aside_by_name(world: World) -> None:
    record = world.deploy(world.upload())
    write(world, record, created_at="yesterday")
    inbox.take_poisoned_hint(world.ports, hint_to(record))
    [letter] = letters(world)
    assert letter.reason == DeadLetterReason.RECORD_UNREADABLE
    assert record.id in letter.detail


def hint_to(record: Deployment) -> bytes:
    hint = Hint(user_key=record.user_key, deployment_id=record.id)
    return hint.model_dump_json().encode()


def place_of(record: Deployment) -> tuple[str, str]:
    return record.user_key, store.LIVE + ids.newest_first(record.id)


def write(world: World, record: Deployment, **values: Any) -> None:
    """Changes the row as another version, or an accident, would."""
    row = world.tables.get(store.RECORDS, *place_of(record))
    assert row is not None
    changed = replace(row, values={**row.values, **values})
    world.tables.commit(store.RECORDS, [Replace(changed)])


# ------------------------------------------------------------------ F31, F33: events that fail


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`failing(times)`: accepting fails so often, by our own fault, then works again."""

    def fail(times: float) -> None:
        works, left = submit.accept_deploy, [times]

        def accept(*given: Any, **named: Any) -> object:
            left[0] -= 1
            if left[0] >= 0:
                raise KeyError("our own mistake")
            return works(*given, **named)

        monkeypatch.setattr(submit, "accept_deploy", accept)

    return fail


def send_event(world: World) -> None:
    data = {"user_id": "anna", "model_id": world.upload().id}
    world.queue.send(DEPLOY_REQUESTS, json.dumps(event(data=data)))


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("times", [4, 5, 9])
def test_an_event_that_fails_for_a_while_is_accepted_once(
    host: QueueHost, world: World, failing: Callable[[float], None], times: int, copies: int
) -> None:
    send_event(world)
    failing(times)
    host.copies = copies
    host.run(600)
    [record] = world.deployments()
    assert answer(world).deployment_id == record.id
    assert letters(world) == []
    check_one_active(world, record)


@pytest.mark.parametrize("copies", [1, 2])
def test_an_event_that_always_fails_is_refused_after_one_new_try_and_told(
    host: QueueHost, world: World, failing: Callable[[float], None], copies: int
) -> None:
    send_event(world)
    failing(float("inf"))
    host.copies = copies
    host.run(600)
    assert answer(world).problem["code"] == "not_processed"
    assert len(host.errors) == MAX_DEQUEUE * (1 + copies)
    assert [each.reason for each in letters(world)] == [DeadLetterReason.NOT_PROCESSED]
    assert world.deployments() == []
    assert [host.waiting(queue) for queue in QUEUES] == [0] * 4


def test_a_late_copy_of_a_poisoned_event_is_not_its_second_failure(
    host: QueueHost, world: World, failing: Callable[[float], None]
) -> None:
    send_event(world)
    failing(MAX_DEQUEUE)
    [text] = [each.text for each in world.queue._queues[DEPLOY_REQUESTS]]
    host.run(30)
    world.queue.send(DEPLOY_REQUESTS_POISON, text)
    host.deliver()
    with pytest.raises(NotFound):
        answer(world)
    host.run(300)
    assert answer(world).deployment_id


def test_a_poisoned_event_that_has_its_answer_is_ignored(host: QueueHost, world: World) -> None:
    send_event(world)
    [text] = [each.text for each in world.queue._queues[DEPLOY_REQUESTS]]
    host.run(200)
    before, world.effects.names = answer(world), []
    world.queue.send(DEPLOY_REQUESTS_POISON, text)
    host.deliver()
    assert (answer(world), world.effects.names) == (before, [])


def test_an_event_is_not_lost_in_an_outage_longer_than_the_host_is_patient(
    host: QueueHost, world: World
) -> None:
    send_event(world)
    end = world.clock.now().timestamp() + 3 * 3600

    def get(*place: str) -> object:
        if world.clock.now().timestamp() < end:
            raise Unavailable("tables: no answer")
        return type(world.tables).get(world.tables, *place)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ports.tables, "get", get, raising=False)
        host.run(3 * 3600 + 900)
    assert all(isinstance(each, StoreError) for each in host.errors)
    check_one_active(world, world.deployments()[0])


def test_a_worker_that_dies_with_a_poisoned_event_leaves_it_for_the_next(
    host: QueueHost, world: World, failing: Callable[[float], None]
) -> None:
    send_event(world)
    failing(MAX_DEQUEUE)
    died: list[str] = []

    def die(name: str) -> None:
        if host.errors and not died and len(host.errors) == MAX_DEQUEUE:
            died.append(name)
            raise Died

    world.effects.before = die
    host.run(1200)
    assert died
    check_one_active(world, world.deployments()[0])
