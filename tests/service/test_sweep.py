"""The sweep: what it finds, how long it takes, and that one row in trouble stops no other."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import StoreError, Unavailable
from shared.domain.policy import DEPLOY_JOBS, Policy
from shared.domain.records import Deployment, Status
from shared.ports import Row
from shared.service import rounds, store, sweep
from tests.service.faults import Died, once_before
from tests.service.promises import check_failed_clean, check_gone, check_one_active, check_rest
from tests.service.world import World

OPERATION = 4
SOON = timedelta(seconds=80)  # a tick of the sweep, and what is late by then


def drop_hints(world: World) -> None:
    """No message is left, visible or not."""
    world.queue._queues.clear()


def die() -> None:
    raise Died


def check_found_soon(world: World, record: Deployment) -> None:
    """A turn works on the deployment again before long, though no message is left."""
    drop_hints(world)
    began, epoch = world.clock.now(), world.read(record).epoch
    world.run_until(lambda: world.read(record).epoch > epoch)
    assert world.clock.now() - began <= SOON


def test_a_lost_enqueue_is_made_up_for() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    check_found_soon(world, record)
    world.settle()
    check_one_active(world, record)


def test_work_whose_lease_is_over_is_taken_up() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, "put_endpoint", die)
    world.deliver()
    assert world.read(record).lease is not None
    world.run_for(world.policy.lease)
    check_found_soon(world, record)
    world.settle()
    check_one_active(world, record)


def test_a_step_whose_waiting_time_is_over_is_looked_at() -> None:
    world = World(operation_seconds=300)
    record = world.deploy(world.upload())
    world.deliver()
    drop_hints(world)
    due = world.read(record).work.due_at
    world.run_until(lambda: world.read(record).work.due_at > due)
    assert due <= world.clock.now() <= due + SOON
    world.settle()
    check_one_active(world, record)


def test_a_deadline_that_passes_unseen_ends_the_deployment() -> None:
    world = World(operation_seconds=OPERATION, policy=Policy(deploy_deadline=1800))
    record = world.deploy(world.upload())
    drop_hints(world)
    world.clock.advance(1801)  # nobody was there all the time
    world.settle()
    check_failed_clean(world, record, "deadline")


def test_a_teardown_that_lost_its_hint_goes_on() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.live()
    world.delete(record)
    check_found_soon(world, record)
    world.settle()
    check_gone(world, record)


# ------------------------------------------------------------------ one row in trouble


def when_read(world: World, trouble: Callable[[str], None]) -> None:
    """Something happens at each reading of a row; it is given the row's key."""
    tables: Any = world.tables
    get = tables.get

    def read(table: str, partition: str, key: str) -> Row | None:
        trouble(f"{table} {partition} {key}")
        row: Row | None = get(table, partition, key)
        return row

    tables.get = read


def three(world: World) -> list[Deployment]:
    """Three deployments that have lost their hints a while ago."""
    model = world.upload()
    records = [world.deploy(model) for _ in range(3)]
    drop_hints(world)
    world.clock.advance(60)
    return records


@pytest.mark.parametrize("error", [Unavailable("no answer"), StoreError("?"), ZeroDivisionError()])
def test_one_row_that_fails_stops_no_other(error: Exception) -> None:
    world = World()
    bad = three(world)[1]

    def trouble(row: str) -> None:
        if row.endswith(world_key(bad)):
            raise error

    when_read(world, trouble)
    swept = world.sweep()
    assert (swept.seen, swept.rehinted, swept.troubled) == (3, 2, 1)


def world_key(record: Deployment) -> str:
    return store.deployment_row(record).key


def test_storage_that_does_not_answer_at_all_ends_the_sweep_soon() -> None:
    world = World()
    model = world.upload()
    for _ in range(20):
        world.deploy(model)
    world.clock.advance(60)
    tried: list[str] = []

    def trouble(row: str) -> None:
        tried.append(row)
        raise Unavailable(row)

    when_read(world, trouble)
    with pytest.raises(Unavailable):
        world.sweep()
    assert len(tried) == rounds.OUTAGE


def damage(world: World, table: str, row: Row, **values: Any) -> None:
    tables: Any = world.tables
    tables._tables[table][row.partition, row.key] = replace(row, values={**row.values, **values})


DAMAGES: list[dict[str, Any]] = [
    {"since": "yesterday"},
    {"schema_version": 99},
    {"not_before": ""},
    {"generation": "many"},
]


@pytest.mark.parametrize("values", DAMAGES, ids=lambda values: next(iter(values)))
def test_an_entry_that_cannot_be_read_stops_no_other(values: dict[str, Any]) -> None:
    world = World()
    bad = three(world)[1]
    entry = store.load_inflight(world.tables, bad.user_key, bad.id)
    assert entry
    damage(world, store.INFLIGHT, entry.row, **values)
    swept = world.sweep()
    assert swept.seen == 3
    assert swept.troubled == 1
    assert swept.rehinted == (3 if "schema_version" in values else 2)  # a newer version is told


def test_an_entry_that_is_nobodys_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    three(world)
    for key, values in (("odd", {}), ("odder", {"schema_version": 99})):
        tables: Any = world.tables
        tables._tables[store.INFLIGHT]["x", key] = Row(partition="x", key=key, values=values)
    with caplog.at_level(logging.WARNING):
        swept = world.sweep()
    assert (swept.rehinted, swept.troubled) == (3, 2)
    assert "x/odd" in caplog.text
    assert "odder" in caplog.text


# ------------------------------------------------------------------ a thousand due


def crowd(world: World, count: int) -> list[Deployment]:
    """So many deployments that have lost their hints, each a copy of an accepted one."""
    first = world.deploy(world.upload())
    entry = store.load_inflight(world.tables, first.user_key, first.id)
    assert entry
    copies = [first]
    for number in range(1, count):
        copy = replace(first, id=f"{int(first.id) + number:020d}")
        listed = replace(entry.record, deployment_id=copy.id)
        for table, row in (
            (store.RECORDS, store.deployment_row(copy)),
            (store.INFLIGHT, store.inflight_row(listed)),
        ):
            store.insert(world.tables, world.ports.random, table, row)
        copies.append(copy)
    drop_hints(world)
    world.clock.advance(60)
    return copies


def test_a_thousand_due_are_all_reached_by_sweeps_that_each_end_in_time() -> None:
    world = World()
    records = crowd(world, 1000)
    when_read(world, lambda _row: world.clock.advance(0.1))
    hinted: set[str] = set()
    for _ in range(4):
        began = world.clock.now()
        swept = world.sweep()
        took = world.clock.now() - began
        assert took <= sweep.LONGEST + timedelta(seconds=1)
        assert swept.left > 0 or took < sweep.LONGEST
        while message := world.queue.receive(DEPLOY_JOBS, lease=1):
            hinted.add(message.text)
            world.queue.delete(DEPLOY_JOBS, message)
        world.clock.advance(60 - took.total_seconds())
    assert len(hinted) == len(records)


def test_a_sweep_that_is_cut_short_begins_elsewhere_the_next_time() -> None:
    world = World()
    crowd(world, 100)
    order: list[list[str]] = []
    for _ in range(3):
        seen: list[str] = []
        order.append(seen)
        when_read(world, seen.append)
        world.sweep()
        world.clock.advance(600)
    assert len({reads[0] for reads in order}) > 1


# ------------------------------------------------------------------ late, twice, at once


def test_a_sweep_that_missed_a_night_does_what_one_in_time_does() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.live()
    world.delete(record)
    drop_hints(world)
    world.clock.advance(12 * 3600)
    assert world.sweep().rehinted == 1
    world.settle()
    check_gone(world, record)


def test_a_second_sweep_right_after_the_first_sends_nothing_again() -> None:
    world = World()
    three(world)
    assert world.sweep().rehinted == 3
    assert world.sweep().rehinted == 0


@pytest.mark.parametrize("when", ["inflight:Replace", "send:deploy-jobs", "inflight:Delete"])
def test_a_sweep_within_another_is_harmless(when: str) -> None:
    world = World(operation_seconds=OPERATION)
    record = world.live()
    world.delete(record)
    drop_hints(world)
    world.clock.advance(60)
    once_before(world.effects, when, world.sweep)
    world.sweep()
    world.settle()
    check_gone(world, record)


def test_two_sweeps_that_bury_the_same_admission_leave_nothing() -> None:
    world = World(operation_seconds=OPERATION)
    model = world.upload()
    once_before(world.effects, "records:Insert+Insert+Insert", die)
    with pytest.raises(Died):
        world.deploy(model, endpoint_name="shop")
    world.clock.advance(world.policy.admission_grace)
    once_before(world.effects, "records:Insert", world.sweep)
    world.sweep()
    check_rest(world)
    assert world.claimed_names() == set()
    assert world.deployments() == []


def test_what_is_finished_costs_a_sweep_nothing() -> None:
    world = World(operation_seconds=0)
    for _ in range(3):
        assert world.live().status is Status.ACTIVE
    reads: list[str] = []
    when_read(world, reads.append)
    assert world.sweep().seen == 0
    assert reads == []


def test_an_entry_left_on_the_index_by_a_turn_that_died_is_taken_off_without_a_hint() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    once_before(world.effects, "inflight:Delete", die)
    world.run_until(lambda: world.read(record).work.step is None)
    assert world.unfinished()
    world.clock.advance(60)
    swept = world.sweep()
    assert (swept.seen, swept.rehinted) == (1, 0)
    assert world.unfinished() == []
    world.settle()
    check_one_active(world, record)
