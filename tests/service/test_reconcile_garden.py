"""In a world where everything is wrong once, a dry run tells all of it and no more, a run repairs it, and the next finds nothing."""

from collections.abc import Iterator

import pytest

from shared.cloud_ports import CloudDeployment
from shared.domain.errors import CloudError, Trouble, Unavailable
from shared.domain.reconcile.findings import RULES, Area, Case
from shared.domain.reconcile.report import render_report
from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Status
from tests.service.garden import Garden, plant
from tests.service.reconciling import HOUR, Reconciled


@pytest.fixture
def garden() -> Garden:
    return plant()


def in_cloud(world: Reconciled) -> dict[str, list[CloudDeployment]]:
    return {
        each.name: list(world.cloud.list_deployments(each.name))
        for each in world.cloud.list_endpoints()
    }


def test_every_case_is_in_the_garden(garden: Garden) -> None:
    assert {case for case, _ in (*garden.wrong, *garden.told)} == set(Case)


def test_a_dry_run_tells_all_of_it_and_no_more(garden: Garden) -> None:
    before = in_cloud(garden.world)

    dry = garden.world.reconcile(dry_run=True)

    assert dry.cases == sorted(garden.wrong + garden.told)
    assert dry.run.state is RunState.DONE
    assert in_cloud(garden.world) == before


def test_a_run_after_the_gap_repairs_exactly_what_it_may_and_the_next_finds_that_no_more(
    garden: Garden,
) -> None:
    world = garden.world
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    run = world.reconcile()
    assert run.repaired == garden.wrong
    assert run.cases == sorted(garden.wrong + garden.told)
    world.sleep(2 * HOUR)

    assert world.reconcile().cases == garden.told
    for record in garden.kept:
        assert world.read(record).status is Status.ACTIVE
    assert all(world.blobs.find(key) for key in garden.files)
    left = {f"{name}/{each.name}" for name, on in in_cloud(world).items() for each in on}
    assert {"foreign/theirs", "foreign/copied", "another/theirs", "shared/untagged"} <= left
    assert {"shared/torn-down", "shared/given-up"}.isdisjoint(left)


def test_the_report_tells_a_person_what_it_is_about(garden: Garden) -> None:
    garden.world.reconcile(dry_run=True)
    garden.world.sleep(2 * HOUR)

    run = garden.world.reconcile()

    page = render_report(run.run, run.items)
    assert "Repaired" in page
    assert (
        "Deployments that are still there after they were torn down (1, 53.29 US dollars a month)"
        in page
    )
    assert all(len(line) <= 100 for line in page.splitlines())


@pytest.mark.parametrize("listing", ["list_endpoints", "list_models", "list_deployments"])
@pytest.mark.parametrize("late", [False, True])
def test_of_a_listing_that_fails_or_breaks_off_nothing_is_touched(
    garden: Garden, listing: str, late: bool
) -> None:
    world = garden.world
    areas = {Area.REGISTRY, Area.ARTIFACTS} if listing == "list_models" else {Area.ENDPOINTS}
    real = getattr(world.cloud, listing)
    fails = True

    def broken(*args: object) -> Iterator[object]:
        if fails and not late:
            raise CloudError(Trouble.TRANSIENT, "gateway", "no answer")
        for at, each in enumerate(real(*args)):
            if fails and at == 1:
                raise CloudError(Trouble.TRANSIENT, "gateway", "no answer to the second page")
            yield each

    setattr(
        world.cloud, listing, broken if listing != "list_deployments" else lambda n: list(broken(n))
    )
    first = world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)
    second = world.reconcile()

    for report in (first, second):
        assert set(report.run.unknown) == areas
        assert all(each.finding.rule.area not in areas for each in report.items)
    assert "Nothing is said of" in render_report(second.run, second.items)
    fails = False
    third = world.reconcile()
    assert third.run.unknown == {}
    of_the_area = [each for each in third.items if each.finding.rule.area in areas]
    assert all(each.state is ItemState.NONE or each.finding.rule.at_once for each in of_the_area), (
        "seen for the first time"
    )
    assert {each.finding.case for each in of_the_area} == {
        case for case, _ in garden.wrong + garden.told if RULES[case].area in areas
    }


def test_without_the_records_nothing_is_said_at_all(garden: Garden) -> None:
    world = garden.world
    real = world.tables.scan

    def broken(table: str, *args: object, **bounds: object) -> Iterator[object]:
        rows = real(table, *args, **bounds)  # type: ignore[arg-type]  # passed on as they are
        for at, row in enumerate(rows):
            if table == "records" and at == 5:
                raise Unavailable("the listing breaks off")
            yield row

    world.tables.scan = broken  # type: ignore[method-assign,assignment]
    report = world.reconcile()

    assert report.items == []
    assert set(report.run.unknown) == set(Area)


def test_a_run_may_be_limited_to_some_kinds(garden: Garden) -> None:
    report = garden.world.reconcile(dry_run=True, areas=(Area.REGISTRY,))

    assert {each.finding.rule.area for each in report.items} == {Area.REGISTRY}
    assert set(report.run.seen) == {Area.REGISTRY, Area.RECORDS}
