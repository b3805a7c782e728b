"""What earlier versions left behind, after any of their effects, is brought to its end by today's code."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shared.domain import codec, ids, plans, progress
from shared.domain.bookkeeping import Claim, Inflight, Pace, Request
from shared.domain.outcomes import Done
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import Deployment, Endpoint, Event, Model, Status
from shared.ports import Row
from shared.service import store
from shared.service.queues import dead_letters
from shared.service.queues.dead_letters import DeadLetter
from shared.service.run import STEPS
from tests.histories.history import load_history, rebuild
from tests.service.promises import check_rest
from tests.service.queue_host import QUEUES, QueueHost
from tests.service.world import LONGEST, World

HISTORIES = sorted(Path(__file__).parent.glob("*/*.jsonl.gz"))
EVERY_HISTORY = pytest.mark.parametrize(
    "path", HISTORIES, ids=[f"{each.parent.name}/{each.name.split('.')[0]}" for each in HISTORIES]
)
KINDS: dict[str, type[Any]] = {
    store.LIVE: Deployment,
    store.DELETED: Deployment,
    store.EVENT: Event,
    store.MODEL: Model,
    "e-": Endpoint,
    "r-": Request,
}
TABLES: dict[str, type[Any]] = {
    store.CLAIMS: Claim,
    store.INFLIGHT: Inflight,
    dead_letters.DEAD_LETTERS: DeadLetter,
}
MOST_STEPS = 12  # of a plan
PAUSE = 20  # seconds after which it is looked whether all is done
_known = cache(load_history)


def kind_of(table: str, row: Row) -> type[Any]:
    if table == store.RECORDS:
        return KINDS.get(row.key[:2], Pace)
    return TABLES[table]


def structure(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row's properties with their JSON as what it says."""
    return {
        name: json.loads(value) if name.endswith("_json") else value
        for name, value in values.items()
    }


def is_kept(before: Any, after: Any) -> bool:
    """Whether all of a value is still there; a newer version may have added to it."""
    if isinstance(before, dict):
        return all(is_kept(value, after.get(name)) for name, value in before.items())
    return bool(before == after)


def settle(world: World, queues: set[str]) -> None:
    """Goes on until all is done, also what producers still ask for and what was poisoned."""
    if queues == {DEPLOY_JOBS}:
        world.settle()
        return
    host, end = QueueHost(world), world.clock.now() + LONGEST
    while world.unfinished() or any(host.waiting(queue) for queue in QUEUES):
        assert world.clock.now() < end, f"not settled: {world.unfinished()}"
        host.run(PAUSE)
    assert host.errors == []


def check_promises(world: World, promised: dict[str, list[str]]) -> None:
    """All has ended, as was promised, and the cloud holds just what the records say."""
    check_rest(world)
    records = {record.id: record for record in world.all_deployments()}
    for deployment_id, statuses in promised.items():
        assert records[deployment_id].status in statuses, records[deployment_id].failure
    by_status: dict[Status, list[Deployment]] = {status: [] for status in Status}
    for record in records.values():
        by_status[record.status].append(record)
        assert (record.torn_down_at is None) == (record.status is Status.ACTIVE)
    active, cloud = by_status[Status.ACTIVE], world.in_cloud()
    registered = [*active, *by_status[Status.FAILED]]
    assert cloud.deployments == sorted(each.deployment_name for each in active)
    assert cloud.endpoints == sorted({each.endpoint_name for each in active})
    assert cloud.models == sorted(each.azure_model_name for each in registered)
    for name, traffic in cloud.traffic.items():
        row = world.endpoint(name)
        assert row is not None
        assert {member: share for member, share in row.traffic.items() if share} == traffic
        assert sum(traffic.values()) == 100
        assert row.holder is None


@EVERY_HISTORY
def test_today_goes_on_from_every_effect_of_an_earlier_version(path: Path) -> None:
    history = _known(path)
    for count in history.stops():
        world = rebuild(history, count)
        settle(world, history.queues())
        try:
            check_promises(world, history.promised(count))
        except AssertionError as error:
            last = history.effects[count - 1]
            raise AssertionError(f"stopped after effect {count}, {last}: {error}") from error


@EVERY_HISTORY
def test_every_row_of_an_earlier_version_is_read_and_loses_nothing_when_written(path: Path) -> None:
    for table, row in _known(path).rows():
        record = codec.parse_record(kind_of(table, row), row.values)
        assert is_kept(structure(row.values), structure(codec.render_record(record)))


@EVERY_HISTORY
def test_every_id_of_an_earlier_version_is_of_todays_form_and_leads_to_its_row(path: Path) -> None:
    """There was never another form: docs/decisions/0005."""
    for table, row in _known(path).rows():
        record = codec.parse_record(kind_of(table, row), row.values)
        if isinstance(record, Model):
            assert ids.parse_artifact_id(record.id)
            assert store.model_row(record).key == row.key
        elif isinstance(record, Deployment):
            assert ids.parse_id(record.id)
            assert store.deployment_row(record).key == row.key


@EVERY_HISTORY
def test_every_record_of_an_earlier_version_is_planned_to_its_end(path: Path) -> None:
    for table, row in _known(path).rows():
        if kind_of(table, row) is not Deployment:
            continue
        record = codec.parse_record(Deployment, row.values)
        steps = 0
        while (step := plans.next_step(record)) is not None:
            assert step in STEPS
            record = progress.after_done(record, step, Done(text=""), record.work.step_since)
            steps += 1
        assert steps <= MOST_STEPS


def test_each_version_is_there() -> None:
    assert {path.parent.name for path in HISTORIES} >= {"0.1", "0.2"}
    assert len(HISTORIES) >= 8 + 17
