"""How deployments were used is written down once a day, for all users, whatever goes wrong with one."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import pytest

from shared.domain import usage as days_of_use
from shared.domain.errors import CloudError, StoreError, Trouble
from shared.domain.policy import Policy
from shared.domain.records import Deployment
from shared.domain.usage import DayOfUse
from shared.ports import Row
from shared.service import rounds, store, usage
from tests.service.faults import Died, Fault
from tests.service.world import ANNA, BERT, World

DAY = timedelta(days=1)
OPERATION = 4
PAYLOAD = {"input_data": [[1.0]]}


def call(world: World, record: Deployment, times: int = 1, **payload: object) -> None:
    """Users score the deployment."""
    found = world.cloud.find_endpoint(record.endpoint_name)
    assert found
    for _ in range(times):
        world.cloud.score(
            found.scoring_uri,
            key=world.cloud.read_keys(record.endpoint_name).primary,
            deployment_name=record.deployment_name,
            payload=payload or PAYLOAD,
        )


def to_two(world: World) -> date:
    """It is 02:00 of the next day; the day before that."""
    now = world.clock.now()
    next_run = now.replace(hour=2, minute=0, second=0, microsecond=0) + DAY
    world.sleep((next_run - now).total_seconds())
    return world.clock.now().date() - DAY


def record_usage(world: World) -> usage.Recorded:
    return usage.record_usage(world.ports, world.policy)


def shown(world: World, record: Deployment, days: int = 90) -> list[DayOfUse]:
    first = days_of_use.first_day(days, world.clock.now())
    last = world.clock.now().date()
    return list(usage.list_usage(world.tables, record.user_key, record.id, first=first, last=last))


def rows(world: World) -> list[Row]:
    return list(world.tables.scan(usage.USAGE, None))


@pytest.fixture
def world() -> World:
    return World(operation_seconds=OPERATION)


def test_each_day_has_a_row_with_what_was_of_that_day(world: World) -> None:
    record = world.live()
    call(world, record, 2)
    first = to_two(world)
    call(world, record, 5)
    record_usage(world)
    call(world, record, 1, nothing="of use")
    second = to_two(world)
    record_usage(world)

    found = shown(world, record)

    assert [each.day for each in found] == [second, first]
    assert [each.requests for each in found] == [6, 3]  # one was Longshore's own
    assert [(each.client_errors, each.server_errors) for each in found] == [(1, 0), (0, 0)]
    newest = found[0]
    assert (newest.latency_ms, newest.cpu_percent, newest.memory_percent) == (5.0, 12.0, 34.0)
    assert (newest.user_key, newest.deployment_id) == (record.user_key, record.id)
    assert newest.endpoint_name == record.endpoint_name
    assert newest.measured_at == world.clock.now()


def test_a_day_that_is_written_is_not_asked_for_again(world: World) -> None:
    world.live()
    to_two(world)
    assert record_usage(world).written == 1
    asked: list[str] = []
    world.effects.trouble = asked.append

    again = record_usage(world)

    assert (again.seen, again.written, asked) == (1, 0, [])


def test_the_last_seven_days_that_were_missed_are_made_up_for(world: World) -> None:
    record = world.live()
    for _ in range(10):
        yesterday = to_two(world)

    assert record_usage(world).written == 7
    assert [each.day for each in shown(world, record)] == [yesterday - DAY * at for at in range(7)]
    world.cloud.monitor.read = partial(_raise, KeyError("asked"))  # type: ignore[assignment,method-assign]
    assert (record_usage(world).troubled, len(shown(world, record, days=7))) == (0, 7)


def test_all_active_deployments_of_all_users_have_their_turn_and_no_others(world: World) -> None:
    ours, theirs = world.live(), world.live(BERT)
    gone = world.live()
    world.delete(gone)
    world.settle()
    to_two(world)
    world.deploy(world.upload())

    done = record_usage(world)

    assert (done.seen, done.written) == (2, 2)
    assert [len(shown(world, each)) for each in (ours, theirs, gone)] == [1, 1, 0]
    assert {row.partition for row in rows(world)} == {ANNA.user_key, BERT.user_key}


def test_what_was_deleted_since_the_run_began_is_left_alone(world: World) -> None:
    both = [world.live(), world.live()]
    to_two(world)
    asked: list[str] = []

    def delete_both(name: str) -> None:
        asked.append(name)
        world.effects.trouble = asked.append
        for each in both:
            world.delete(each)

    world.effects.trouble = delete_both
    done = record_usage(world)

    assert (done.seen, done.written, done.troubled) == (2, 1, 0)
    assert asked == ["find_deployment", "read_metrics"]


def test_a_day_of_which_nothing_is_told_is_not_written_and_asked_for_again(world: World) -> None:
    record = world.live()
    silent = to_two(world)
    world.cloud.monitor.silent.add(silent)
    assert (record_usage(world).untold, rows(world)) == (1, [])
    world.cloud.monitor.silent.clear()
    to_two(world)

    assert record_usage(world).written == 2
    assert silent in [each.day for each in shown(world, record)]


def test_a_week_in_which_nothing_was_told_leaves_no_row(world: World) -> None:
    world.live()
    for _ in range(8):
        world.cloud.monitor.silent.add(to_two(world))

    assert (record_usage(world).untold, rows(world)) == (7, [])


def test_requests_that_stay_unknown_are_written_as_such_when_the_week_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.live()
    told = world.cloud.monitor.read

    def load_only(*args: object) -> object:
        return replace(told(*args), requests=None)  # type: ignore[arg-type]

    monkeypatch.setattr(world.cloud.monitor, "read", load_only)
    for _ in range(6):
        to_two(world)
        assert record_usage(world).written == 0
    to_two(world)

    assert record_usage(world).written == 1
    [found] = shown(world, record)
    assert (found.requests, found.cpu_percent) == (None, 12.0)


def fails(world: World, record: Deployment, error: Exception) -> None:
    """Whatever asks for the metrics of this deployment fails."""
    read = world.cloud.monitor.read

    def failing(held: object, since: datetime, until: datetime) -> object:
        if getattr(held, "given").endpoint_name == record.endpoint_name:  # noqa: B009
            raise error
        return read(held, since, until)  # type: ignore[arg-type]

    world.cloud.monitor.read = failing  # type: ignore[assignment,method-assign]


@pytest.mark.parametrize(
    "error", [CloudError(Trouble.TRANSIENT, "503", "sorry"), KeyError("a bug of ours")]
)
def test_one_that_fails_is_told_and_the_others_have_their_turn(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    bad, good = world.live(), [world.live(), world.live(BERT)]
    to_two(world)
    fails(world, bad, error)

    with caplog.at_level(logging.WARNING):
        done = record_usage(world)

    assert (done.seen, done.written, done.troubled) == (3, 2, 1)
    assert [len(shown(world, each)) for each in (bad, *good)] == [0, 1, 1]
    assert f"sweep_row_failed deployment=- row={bad.user_key}/" in caplog.text


@pytest.mark.parametrize("trouble", [Trouble.TRANSIENT, Trouble.THROTTLED, Trouble.AUTH])
def test_a_cloud_that_does_not_answer_ends_the_run(world: World, trouble: Trouble) -> None:
    for _ in range(5):
        world.live()
    to_two(world)
    asked: list[str] = []

    def out(name: str) -> None:
        asked.append(name)
        raise CloudError(trouble, "no", "not now")

    world.effects.trouble = out
    with pytest.raises(CloudError):
        record_usage(world)
    assert len(asked) == rounds.OUTAGE

    world.effects.trouble = lambda _name: None
    assert record_usage(world).written == 5


def test_refusals_end_nothing(world: World) -> None:
    for _ in range(5):
        world.live()
    to_two(world)
    refused = CloudError(Trouble.PERMANENT, "BadRequest", "no such metric")
    world.cloud.monitor.read = partial(_raise, refused)  # type: ignore[assignment,method-assign]

    assert record_usage(world).troubled == 5


def _raise(error: Exception, *_args: object) -> None:
    raise error


def test_what_the_cloud_does_not_have_or_is_not_ours_is_not_measured(world: World) -> None:
    gone, foreign, good = world.live(), world.live(), world.live()
    held = world.cloud._find(foreign.endpoint_name, foreign.deployment_name)
    assert held
    held.given = replace(held.given, tags={"made-by": "somebody else"})
    world.cloud.remove_endpoint(gone.endpoint_name)
    to_two(world)

    done = record_usage(world)

    assert (done.seen, done.absent, done.written, done.troubled) == (3, 2, 1, 0)
    assert [len(shown(world, each)) for each in (gone, foreign, good)] == [0, 0, 1]


def test_what_is_older_than_it_is_kept_goes_also_of_deployments_that_are_gone() -> None:
    world = World(operation_seconds=OPERATION, policy=Policy(usage_days=10))
    record, gone = world.live(), world.live(BERT)
    to_two(world)
    record_usage(world)
    world.delete(gone, BERT)
    world.settle()
    for _ in range(9):
        to_two(world)
        assert record_usage(world).removed == 0
    assert len(shown(world, gone)) == 1
    to_two(world)

    assert record_usage(world).removed == 2
    assert shown(world, gone) == []
    assert len(shown(world, record)) == 10


def test_old_rows_go_also_while_the_cloud_does_not_answer(world: World) -> None:
    for _ in range(3):
        world.live()
    to_two(world)
    record_usage(world)
    world.sleep(100 * 86_400)

    def out(_name: str) -> None:
        raise CloudError(Trouble.TRANSIENT, "503", "not now")

    world.effects.trouble = out
    with pytest.raises(CloudError):
        record_usage(world)

    assert rows(world) == []


def test_what_cannot_be_removed_in_time_goes_with_the_next_run(world: World) -> None:
    for _ in range(2):
        world.live()
    to_two(world)
    record_usage(world)
    world.sleep(100 * 86_400)
    for each in world.deployments():
        world.delete(each)

    def slow(name: str) -> None:
        world.clock.advance(600 if name == f"{usage.USAGE}:Delete" else 0)

    world.effects.before = slow
    assert [record_usage(world).removed for _ in range(3)] == [1, 1, 0]


def test_a_run_that_has_no_time_left_leaves_the_rest_to_the_next(world: World) -> None:
    made = [world.live() for _ in range(4)]
    to_two(world)

    def slow(_name: str) -> None:
        world.clock.advance(usage.LONGEST.total_seconds() / 3)

    world.effects.trouble = slow
    done = record_usage(world)
    assert (done.seen, done.left) == (2, 2)
    world.effects.trouble = lambda _name: None
    assert record_usage(world).written == 2
    assert all(len(shown(world, each)) == 1 for each in made)


@pytest.mark.parametrize("fault", Fault)
def test_a_run_that_ends_anywhere_is_made_up_for_by_the_next(world: World, fault: Fault) -> None:
    record = world.live()
    to_two(world)
    to_two(world)
    for number in range(2):
        world.effects.plan(number, fault)
        try:
            record_usage(world)
        except (Died, StoreError):
            continue

    record_usage(world)

    assert [each.requests for each in shown(world, record)] == [0, 1]


def test_two_runs_at_once_write_one_row(world: World) -> None:
    record = world.live()
    to_two(world)
    other = iter([lambda: record_usage(world)])

    def before(name: str) -> None:
        if name.startswith(usage.USAGE) and (run := next(other, None)):
            run()

    world.effects.before = before
    done = record_usage(world)

    assert (done.written, done.troubled, len(shown(world, record))) == (0, 0, 1)


def test_a_row_that_nobody_can_read_is_left_out_and_not_measured_again(world: World) -> None:
    record = world.live()
    to_two(world)
    record_usage(world)
    [row] = rows(world)
    broken = Row(
        partition=row.partition, key=row.key, values={**row.values, "day": "noon"}, etag=row.etag
    )
    store.save(world.tables, world.ports.random, usage.USAGE, broken)

    assert shown(world, record) == []
    assert (record_usage(world).written, len(rows(world))) == (0, 1)


def endpoint_days(world: World, *records: Deployment) -> Iterator[datetime | None]:
    """Night by night: since when the endpoint is idle."""
    while True:
        to_two(world)
        record_usage(world)
        now = [world.read(each) for each in records]
        yield usage.find_idle(world.tables, now, world.policy.usage_days, world.clock.now())


def test_an_endpoint_that_nobody_calls_is_idle_since_its_last_call(world: World) -> None:
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    green = world.live(endpoint_name="shop", deployment_name="green")
    nights = endpoint_days(world, blue, green)
    assert next(nights) is None  # each was verified on its first day
    call(world, blue)
    assert next(nights) is None
    last_call = world.clock.now()
    assert next(nights) == days_of_use.midnight(last_call.date())
    world.cloud.monitor.silent.add(world.clock.now().date())
    assert next(nights) is None
    assert next(nights) == days_of_use.midnight(world.clock.now().date() - DAY)
    world.delete(green)
    world.settle()
    assert next(nights) is None  # what was called of the one that went is not known
    assert next(nights) == days_of_use.midnight(world.clock.now().date() - DAY)
    for _ in range(20):
        since = next(nights)
    assert since == days_of_use.midnight(world.clock.now().date() - 21 * DAY)
