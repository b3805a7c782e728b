"""Rows that are kept for a time go when it is over, some of each sort in a run, and not a minute sooner."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.cloud_ports import CloudEndpoint
from shared.domain import ownership
from shared.domain.errors import CloudError, Trouble
from shared.domain.policy import DEPLOY_REQUESTS, Policy
from shared.domain.reconcile.compare_old import Aged
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.runs import RunState
from shared.ports import Replace, Row
from shared.service import listing, store
from shared.service.queues import dead_letters
from shared.service.reconcile import old_rows, rows
from tests.service.faults import once_before
from tests.service.garden_of_files import add_dataset
from tests.service.garden_of_rows import bury, put_aside, torn_down
from tests.service.reconciling import DAY, HOUR, Reconciled, Report
from tests.service.world import ANNA

MINUTE = 60.0


@dataclass(frozen=True)
class Sort:
    """How a row of a sort is made, how many days it is kept, and how many of it there are."""

    make: Callable[[Reconciled], object]
    days: int
    count: Callable[[Reconciled], int]


def _rows(table: str, first: str, last: str) -> Callable[[Reconciled], int]:
    return lambda world: len(list(world.tables.scan(table, None, first=first, last=last)))


SORTS = {
    Case.OLD_KEYS: Sort(torn_down, 8, _rows("records", "r-", "s-")),
    Case.OLD_TOMBSTONES: Sort(bury, 30, _rows("records", "d-", "e-")),
    Case.OLD_EVENTS: Sort(torn_down, 365, _rows("records", "v-", "w-")),
    Case.OLD_DEAD_LETTERS: Sort(put_aside, 90, _rows("deadletters", "", "")),
    Case.OLD_RUNS: Sort(
        lambda world: world.reconcile(dry_run=True), 90, _rows("reconciles", "0", "a")
    ),
    Case.OLD_NAMES: Sort(
        torn_down,
        90,
        lambda world: len(list(world.tables.scan(store.CLAIMS, None, since="~"))),
    ),
}


def started(case: Case) -> Reconciled:
    """A world with one row of a sort, and a record besides."""
    world = Reconciled()
    add_dataset(world, "rows")
    SORTS[case].make(world)
    return world


def found(report: Report, case: Case) -> list[str]:
    return [each.finding.text for each in report.items if each.finding.case is case]


@pytest.mark.parametrize("case", SORTS)
def test_a_row_goes_when_its_time_is_over_and_not_a_minute_sooner(case: Case) -> None:
    world = started(case)
    sort = SORTS[case]
    before = sort.count(world)
    assert before
    began = world.clock.now()
    world.sleep(sort.days * DAY - HOUR)

    assert found(world.reconcile(), case) == []
    kept = sort.count(world)
    assert kept == before + (case is Case.OLD_RUNS)
    over = began + timedelta(days=sort.days) - world.clock.now()
    world.sleep(over.total_seconds() + MINUTE)
    [text] = found(world.reconcile(dry_run=True), case)
    assert sort.count(world) == kept + (case is Case.OLD_RUNS)
    assert f"{began:%Y-%m-%d}" in text
    repaired = [each for each, _ in world.reconcile().repaired]
    assert [each for each in repaired if each in SORTS] == [case]
    assert sort.count(world) == (3 if case is Case.OLD_RUNS else 0)
    assert found(world.reconcile(), case) == []


@pytest.mark.parametrize("case", sorted(SORTS.keys() - {Case.OLD_TOMBSTONES}))
def test_a_row_of_a_newer_version_stays(case: Case) -> None:
    world = started(case)
    for table in ("records", "deadletters", "reconciles", "claims"):
        for row in list(world.tables.scan(table, None)):
            world.tables.commit(table, [Replace(newer(row))])
    world.sleep(1000 * DAY)
    ports = world.reconcile_ports
    assert list(old_rows.list_old(ports, case, 365)) == []


def newer(row: Row) -> Row:
    return replace(row, values={**row.values, "schema_version": 2})


def test_what_is_removed_is_told_as_one_and_does_not_count_against_the_cap() -> None:
    world = Reconciled(policy=Policy(most_deletes=0))
    add_dataset(world, "rows")
    for number in range(1204):
        put_aside(world, b"%d" % number)
    world.sleep(100 * DAY)
    report = world.reconcile()
    assert found(report, Case.OLD_DEAD_LETTERS) == [
        "1,204 messages put aside long ago, the oldest of 2026-01-01."
    ]
    assert (report.run.state, report.run.deletes) == (RunState.DONE, {})
    assert SORTS[Case.OLD_DEAD_LETTERS].count(world) == 1204 - old_rows.MOST
    world.reconcile()
    assert SORTS[Case.OLD_DEAD_LETTERS].count(world) == 0


def test_a_row_that_is_used_again_while_others_of_it_are_removed_stays() -> None:
    world = Reconciled()
    add_dataset(world, "rows")
    for body in (b"one", b"two", b"three"):
        put_aside(world, body)
    world.sleep(100 * DAY)
    once_before(world.effects, "deadletters:Delete+Delete+Delete", lambda: put_aside(world, b"two"))
    world.reconcile()
    [left] = world.tables.scan(dead_letters.DEAD_LETTERS, DEPLOY_REQUESTS)
    assert left.values["times"] == 2


def test_a_key_whose_upload_goes_on_is_kept() -> None:
    world = started(Case.OLD_KEYS)
    world.sleep(9 * DAY)
    [row] = world.tables.scan("records", None, first="r-", last="s-")
    later = (world.clock.now() + timedelta(minutes=1)).isoformat()
    world.tables.commit("records", [Replace(replace(row, values={**row.values, "until": later}))])
    assert found(world.reconcile(), Case.OLD_KEYS) == []


def test_the_events_of_what_is_there_or_failed_are_kept_for_good() -> None:
    world = Reconciled()
    record = world.live()
    before = len(world.events(record))
    world.sleep(2000 * DAY)
    assert found(world.reconcile(), Case.OLD_EVENTS) == []
    assert len(world.events(record)) == before


def test_a_deployment_without_its_events_is_still_on_record() -> None:
    world = Reconciled()
    record = torn_down(world)
    other = world.live()
    world.sleep(400 * DAY)
    world.reconcile()
    assert list(listing.list_events(world.tables, ANNA.user_key, record.id)) == []
    assert world.read(record) == replace(record, events=0, nonce=world.read(record).nonce)
    assert world.events(other)


def test_a_name_whose_endpoint_came_back_late_is_known_as_ours_for_longer() -> None:
    world = Reconciled()
    add_dataset(world, "rows")
    record = torn_down(world)
    world.put_endpoint("elsewhere", {})
    world.sleep(100 * DAY)
    tags = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
    world.put_endpoint(record.endpoint_name, tags)
    assert found(world.reconcile(), Case.OLD_NAMES) == []

    def broken() -> list[CloudEndpoint]:
        raise CloudError(Trouble.TRANSIENT, "gateway", "no answer")

    world.cloud.remove_endpoint(record.endpoint_name)
    world.run_for(60)
    world.cloud.list_endpoints = broken  # type: ignore[method-assign,assignment]
    assert found(world.reconcile(), Case.OLD_NAMES) == []
    assert SORTS[Case.OLD_NAMES].count(world) == 1


def test_a_run_that_nobody_approved_is_given_up_before_it_goes() -> None:
    world = Reconciled(policy=Policy(most_deletes=0))
    world.drop(world.live())
    world.sleep(3 * HOUR)
    waits = world.nightly(2).run
    assert waits.state is RunState.NEEDS_APPROVAL
    world.sleep(100 * DAY)
    world.reconcile()
    assert world.run(waits.id).state is RunState.FAILED
    assert world.report(waits.id).items
    world.reconcile()
    assert rows.load_run(world.tables, waits.id) is None
    assert list(rows.list_items(world.tables, waits.id)) == []


@pytest.mark.parametrize("case", SORTS)
def test_one_and_many_are_told_as_people_say_them(case: Case) -> None:
    aged = Aged(case)
    aged.add(datetime(2026, 3, 1, tzinfo=UTC))
    one = aged.told()
    aged.add(datetime(2026, 1, 2, tzinfo=UTC))
    two = aged.told()
    assert one
    assert two
    assert ONE[case] in one.text
    assert one.text.startswith("1 ")
    assert two.text.startswith("2 ")
    assert two.text.endswith("the oldest of 2026-01-02.")
    assert ONE[case] not in two.text


ONE = {
    Case.OLD_KEYS: "key,",
    Case.OLD_TOMBSTONES: "place of",
    Case.OLD_EVENTS: "history of",
    Case.OLD_DEAD_LETTERS: "message put",
    Case.OLD_RUNS: "run of",
    Case.OLD_NAMES: "name given",
}
