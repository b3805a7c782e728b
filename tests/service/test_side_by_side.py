"""Two versions at work on the same rows while one takes over: nothing is lost, nothing breaks off."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import Malformed
from shared.domain.policy import Policy
from shared.domain.records import SCHEMA_VERSION, Deployment, Status
from shared.ports import Row
from shared.service import figures, listing, read, store
from tests.service.promises import check_gone, check_one_active, check_rest
from tests.service.world import ANNA, World

OPERATION = 4
NEWER = {"schema_version": SCHEMA_VERSION + 1}


def rows(world: World, table: str) -> dict[tuple[str, str], Row]:
    tables: Any = world.tables
    held: dict[tuple[str, str], Row] = tables._tables.get(table, {})
    return held


def rewrite(world: World, table: str, row: Row, **values: Any) -> None:
    """Another version writes the row."""
    place, version = (row.partition, row.key), row.etag.replace('"', "'")
    rows(world, table)[place] = replace(row, values={**row.values, **values}, etag=f"{version}+")


def row_of(world: World, record: Deployment) -> Row:
    stored = store.load_deployment(world.tables, record.user_key, record.id)
    assert stored is not None
    return stored.row


def add_fields(world: World) -> None:
    """Every record and every part of one has fields of a newer version from now on."""
    for table in (store.RECORDS, store.CLAIMS, store.INFLIGHT):
        for place, row in rows(world, table).items():
            values = dict(row.values)
            for name, value in row.values.items():
                if name.endswith("_json") and name not in OPEN:
                    values[name] = json.dumps(coloured(json.loads(str(value))))
            rows(world, table)[place] = replace(row, values={**values, "colour": "red"})


OPEN = {  # names in these are the users'
    "deployment_config_json",
    "environment_variables_json",
    "evaluation_json",
    "inspection_json",
    "metrics_json",
    "phases_json",
    "problem_json",
    "routed_json",
    "seconds_json",
    "traffic_json",
}


def coloured(value: Any) -> Any:
    if isinstance(value, list):
        return [coloured(each) for each in value]
    return {**value, "colour": "red"}


def test_what_a_newer_version_added_outlives_a_whole_deployment_and_its_end() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    add_fields(world)
    world.settle()
    check_one_active(world, record)
    row = row_of(world, record)
    endpoint = store.load_endpoint(world.tables, record.user_key, record.endpoint_name)
    assert row.values["colour"] == "red"
    assert json.loads(str(row.values["work_json"]))["colour"] == "red"
    assert endpoint is not None
    assert endpoint.row.values["colour"] == "red"
    assert json.loads(str(endpoint.row.values["members_json"]))[0]["colour"] == "red"
    world.delete(record)
    add_fields(world)
    world.settle()
    check_gone(world, record)
    assert row_of(world, record).values["colour"] == "red"


@pytest.mark.parametrize("values", [NEWER, {"status": "resting"}], ids=["schema", "status"])
def test_a_record_of_a_newer_version_is_left_to_it(
    values: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    mine = row_of(world, record)
    rewrite(world, store.RECORDS, mine, **values)
    before = dict(rows(world, store.RECORDS))
    world.effects.names.clear()
    with caplog.at_level(logging.WARNING):
        world.run_for(600)
    assert rows(world, store.RECORDS) == before
    sent = [name for name in world.effects.names if name.startswith("send:")]
    assert set(world.effects.names) == set(sent)
    assert 8 <= len(sent) <= 11  # one a minute: a worker of the newer version may get one
    assert mine.key in caplog.text
    rewrite(world, store.RECORDS, replace(mine, etag="newer"))  # that version has gone on
    world.settle()
    check_one_active(world, record)


def test_a_damaged_record_is_told_again_and_again_and_its_messages_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(operation_seconds=OPERATION)
    record, other = world.deploy(world.upload()), world.deploy(world.upload())
    mine = row_of(world, record)
    rewrite(world, store.RECORDS, mine, work_json="{")
    with caplog.at_level(logging.WARNING):
        world.run_for(600)
    assert world.read(other).status is Status.ACTIVE
    assert world.queue.next_visible("deploy-jobs") is None
    assert caplog.text.count(mine.key) >= 9
    rewrite(world, store.RECORDS, mine)  # somebody has mended it
    world.settle()
    check_rest(world)
    assert world.read(record).status is Status.ACTIVE


def test_a_turn_that_meets_a_row_it_cannot_read_waits_and_says_so() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    stored = store.load_endpoint(world.tables, record.user_key, record.endpoint_name)
    assert stored is not None
    rewrite(world, store.RECORDS, stored.row, **NEWER)
    world.run_for(600)
    now = world.read(record)
    assert now.status is Status.DEPLOYING
    assert now.lease is None
    assert stored.row.key in now.work.trouble
    assert "another version" in now.work.waiting
    rewrite(world, store.RECORDS, stored.row)
    world.settle()
    check_one_active(world, record)


def test_a_row_that_stays_unreadable_ends_a_deployment_at_its_deadline() -> None:
    world = World(operation_seconds=OPERATION, policy=Policy(deploy_deadline=900))
    record = world.deploy(world.upload())
    stored = store.load_endpoint(world.tables, record.user_key, record.endpoint_name)
    assert stored is not None
    rewrite(world, store.RECORDS, stored.row, members_json="{")
    world.run_for(1200)
    assert world.read(record).status is Status.FAILED


def test_a_damaged_pace_holds_nobody_up() -> None:
    world = World(operation_seconds=60)
    world.live()
    [pace] = [row for row in rows(world, store.RECORDS).values() if row.key == "pace"]
    rewrite(world, store.RECORDS, pace, seconds_json="[]")
    world.live()


def test_a_damaged_index_entry_does_not_hold_up_the_end_of_another() -> None:
    world = World(operation_seconds=OPERATION)
    record = world.live()
    other = world.deploy(world.upload())
    entry = store.load_inflight(world.tables, other.user_key, other.id)
    assert entry is not None
    rewrite(world, store.INFLIGHT, entry.row, since="yesterday")
    world.delete(record)
    world.run_for(600)
    assert world.read(record).torn_down_at is not None
    assert world.endpoint(record.endpoint_name) is None
    assert world.read(other).status is Status.ACTIVE
    with pytest.raises(Malformed):
        world.unfinished()  # it stays, and the sweep tells of it, until somebody looks


DAMAGES: list[dict[str, Any]] = [NEWER, {"status": "resting"}, {"work_json": "{"}, {"status": 7}]


@pytest.mark.parametrize("values", DAMAGES, ids=["schema", "status", "damage", "no status"])
def test_one_row_that_cannot_be_read_takes_no_list_and_no_count_away(
    values: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = World(operation_seconds=0)
    records = [world.live() for _ in range(3)]
    bad = row_of(world, records[1])
    rewrite(world, store.RECORDS, bad, **values)
    with caplog.at_level(logging.WARNING):
        page = read.list_deployments(world.ports, ANNA, None, limit=10)
        counted = figures.count(world.ports, world.policy, ANNA)
    assert [each.id for each in page.items] == [records[2].id, records[0].id]
    assert bad.key in caplog.text
    told = "status" not in values  # what is counted needs little more than the status
    assert (page.total, counted.total) == ((3, 3) if told else (2, 2))


def test_events_and_models_that_cannot_be_read_take_no_list_away() -> None:
    world = World(operation_seconds=0)
    record = world.live()
    number = len(world.events(record))
    for row in list(rows(world, store.RECORDS).values()):
        if row.key.endswith("-000002"):
            rewrite(world, store.RECORDS, row, step="x-ray")
        if row.key.startswith(store.MODEL):
            rewrite(world, store.RECORDS, row, size="large")
    assert len(world.events(record)) == number - 1
    assert list(listing.list_models(world.tables, record.user_key)) == []
