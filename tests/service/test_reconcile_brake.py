"""Where everything looks orphaned, nothing of it goes without an operator's word for exactly that."""

from collections.abc import Iterator

import pytest

from shared.domain.errors import Conflict, Forbidden
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.report import render_report
from shared.domain.reconcile.runs import ItemState, Run, RunState
from shared.domain.records import Deployment, Status
from shared.service import marks
from shared.service.reconcile import begin
from shared.service.reconcile.begin import Wanted
from tests.service.reconciling import DAY, HOUR, OLGA, Reconciled, tags_of
from tests.service.world import ANNA

COUNT = 12  # more than ten, and more than a fifth


@pytest.fixture
def world() -> Reconciled:
    """Twelve models in the registry that no record needs, and one finding of another area."""
    world = Reconciled()
    for _ in range(COUNT):
        orphan(world)
    world.drop(world.live())
    world.sleep(8 * DAY)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)
    return world


def orphan(world: Reconciled) -> Deployment:
    record = world.live()
    world.delete(record)
    world.settle()
    world.register(record.azure_model_name, tags_of(record), record)
    return record


def count_registered(world: Reconciled) -> int:
    return len(list(world.cloud.list_models()))


def approve(world: Reconciled, run: Run, expected: int) -> Run:
    return begin.approve_run(world.ports, OLGA, run.id, expected)


def test_beyond_the_cap_nothing_goes_and_the_run_says_so(world: Reconciled) -> None:
    before = count_registered(world)

    report = world.reconcile()

    assert report.run.state is RunState.NEEDS_APPROVAL
    assert (report.run.deletes, report.run.caps) == (
        {Area.REGISTRY: COUNT, Area.ENDPOINTS: 1},
        {Area.REGISTRY: 10},
    )
    assert report.run.waiting == COUNT
    assert count_registered(world) == before
    assert [case for case, _ in report.repaired] == [Case.DEPLOYMENT_GONE]
    page = render_report(report.run, report.items)
    assert "It waits for an operator" in page
    assert f'/reconcile/runs/{report.run.id}/apply {{"expected_deletes": 12}}' in " ".join(
        page.split()
    )


def test_an_approval_with_a_wrong_count_is_refused(world: Reconciled) -> None:
    run = world.reconcile().run

    with pytest.raises(Conflict) as refused:
        approve(world, run, COUNT + 1)

    assert refused.value.code == "other_deletes"
    assert "12 things, and not 13" in refused.value.detail
    assert world.run(run.id).state is RunState.NEEDS_APPROVAL


def test_an_approved_run_reads_each_thing_again_before_it_goes(world: Reconciled) -> None:
    run = world.reconcile().run
    again = next(iter(sorted(world.cloud.list_models())))
    found = world.cloud.find_model(again, "1")
    assert found
    world.cloud.remove_model(again, "1")
    world.register(again, {"team": "physics"}, world.live())  # made anew by somebody

    approved = approve(world, run, COUNT)
    assert (approved.approved_by, approved.state) == ("olga", RunState.REPAIRING)
    report = world.finish_run(run.id)

    assert report.run.state is RunState.DONE
    assert (report.run.repaired, report.run.skipped) == (COUNT, 1)  # with the one before
    assert report.of_subject(f"{again}:1").outcome == "it is no longer so"
    assert world.cloud.find_model(again, "1")


def test_only_an_operator_approves_and_only_what_waits_and_is_the_last_word(
    world: Reconciled,
) -> None:
    run = world.reconcile().run
    with pytest.raises(Forbidden):
        begin.approve_run(world.ports, ANNA, run.id, COUNT)
    later = world.reconcile().run
    with pytest.raises(Conflict) as old:
        approve(world, run, COUNT)
    assert old.value.code == "run_superseded"
    assert later.id in old.value.next_step
    approve(world, later, COUNT)
    with pytest.raises(Conflict) as twice:
        approve(world, later, COUNT)
    assert twice.value.code == "nothing_to_approve"


def test_a_listing_that_comes_back_empty_takes_nothing_away() -> None:
    """Azure answers, and says that there is nothing at all: all that is active looks gone."""
    world = Reconciled()
    live = [world.live() for _ in range(3)]
    world.sleep(8 * DAY)
    for name in ("list_endpoints", "list_models"):
        setattr(world.cloud, name, _nothing)

    report = world.nightly(nights=2)

    assert {each.finding.case for each in report.items} == {
        Case.DEPLOYMENT_GONE,
        Case.DEPLOYED_MODEL_GONE,
    }
    assert marks.list_marks(world.tables, ANNA.user_key) == [], "it is not so when it is read again"
    assert {each.state for each in report.items} <= {ItemState.SKIPPED, ItemState.NONE}
    assert all(world.read(each).status is Status.ACTIVE for each in live)
    assert [each.outcome for each in report.items if each.state is ItemState.SKIPPED] == [
        "it is no longer so"
    ] * 3


def test_records_that_are_lost_make_nothing_an_orphan() -> None:
    world = Reconciled()
    for _ in range(3):
        world.live()
    world.sleep(DAY)
    world.tables._tables["records"].clear()  # type: ignore[attr-defined]  # somebody emptied it

    report = world.nightly(nights=2)

    assert report.items == []
    assert "there is not a single record" in report.run.unknown[Area.ENDPOINTS]


def _nothing() -> Iterator[object]:
    return iter(())


def test_one_run_at_a_time(world: Reconciled) -> None:
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())

    with pytest.raises(Conflict) as refused:
        begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())

    assert refused.value.code == "reconcile_running"
    assert begun.id in refused.value.detail
    begin.begin_nightly(world.ports, world.mint, world.policy)  # does for this one
    world.finish_run(begun.id)
    begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())


def test_only_operators_reconcile() -> None:
    world = Reconciled()
    with pytest.raises(Forbidden):
        begin.begin_run(world.ports, world.mint, world.policy, ANNA, Wanted())
