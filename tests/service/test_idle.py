"""What serves on an endpoint that nobody calls is told with what it costs, and only where that is known for sure."""

from datetime import timedelta

import pytest

from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.report import render_report
from shared.domain.records import Deployment
from shared.domain.usage import midnight
from shared.service import store
from tests.days_of_use import DAYS, write_days
from tests.service.reconciling import Reconciled, Report
from tests.service.world import BERT


def use(
    world: Reconciled, record: Deployment, requests: dict[int, int | None], days: int = DAYS
) -> None:
    write_days(world.tables, record, requests, now=world.clock.now(), days=days)


def idle(report: Report) -> list[str]:
    return [subject for case, subject in report.cases if case is Case.DEPLOYMENT_IDLE]


def pair(world: Reconciled) -> tuple[Deployment, Deployment]:
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    green = world.live(endpoint_name="shop", deployment_name="green", instance_count=2)
    return blue, green


def test_all_that_serves_on_an_endpoint_without_requests_is_told_with_its_cost_and_what_to_do() -> (
    None
):
    world = Reconciled()
    blue, green = pair(world)
    use(world, blue, {20: 3})
    use(world, green, {})

    report = world.reconcile()

    assert report.cases == [
        (Case.DEPLOYMENT_IDLE, "shop/blue"),
        (Case.DEPLOYMENT_IDLE, "shop/green"),
    ]
    since = midnight(world.clock.now().date() - timedelta(days=19))
    for item, record, cost in zip(report.items, (blue, green), (53.29, 106.58), strict=True):
        found = item.finding
        assert (found.since, found.cost, found.user_key) == (since, cost, record.user_key)
        assert f"Nobody has called shop since {since:%Y-%m-%d}" in found.text
        assert found.text.endswith(f"DELETE /deployments/{record.id}")
        assert item.why == "for you to decide: nothing is done about it by itself"
    page = render_report(report.run, report.items)
    assert "Deployments on endpoints that nobody calls (2, 159.87 US dollars a month)" in page
    assert world.reconcile().cases == report.cases


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ({}, True),
        ({DAYS: 1}, True),
        ({15: 1}, True),
        ({14: 1}, False),  # the last midnight is a fortnight after it, less a day
        ({1: 1}, False),
        ({15: None}, True),
        ({14: None}, False),
        ({1: None}, False),
    ],
)
def test_an_endpoint_is_idle_after_a_fortnight_of_days_that_are_all_known(
    requests: dict[int, int | None], told: bool
) -> None:
    world = Reconciled()
    use(world, world.live(endpoint_name="shop", deployment_name="blue"), requests)

    assert idle(world.reconcile()) == (["shop/blue"] if told else [])


def test_a_call_of_one_keeps_the_others_on_its_endpoint_and_no_others() -> None:
    world = Reconciled()
    blue, green = pair(world)
    use(world, blue, {})
    use(world, green, {2: 1})
    theirs = world.live(BERT, endpoint_name="till", deployment_name="blue")
    use(world, theirs, {})

    assert idle(world.reconcile()) == ["till/blue"]


@pytest.mark.parametrize("known", [True, False])
def test_calls_of_one_that_has_gone_since_count(known: bool) -> None:
    """All of the traffic may have been its own, a week ago; or nobody knows."""
    world = Reconciled()
    blue, green = pair(world)
    use(world, blue, {})
    use(world, green, {7: 5 if known else None})
    world.delete(green)
    world.settle()

    assert idle(world.reconcile()) == []


def test_one_that_went_long_ago_says_nothing() -> None:
    world = Reconciled()
    blue, green = pair(world)
    world.delete(green)
    world.settle()
    world.sleep(40 * 86_400)
    use(world, blue, {})

    assert idle(world.reconcile()) == ["shop/blue"]


def test_a_new_deployment_makes_its_endpoint_a_used_one() -> None:
    world = Reconciled()
    blue, green = pair(world)
    use(world, blue, {})
    use(world, green, {3: 1}, days=3)  # by which it was verified

    assert idle(world.reconcile()) == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (Policy(idle_days=0), False),
        (Policy(idle_days=29), True),
        (Policy(idle_days=31), False),
        (Policy(idle_days=60, usage_days=9), True),
    ],
)
def test_a_setting_says_after_how_many_days_within_those_that_are_kept(
    policy: Policy, told: bool
) -> None:
    world = Reconciled(policy=policy)
    use(world, world.live(endpoint_name="shop", deployment_name="blue"), {})

    assert idle(world.reconcile()) == (["shop/blue"] if told else [])


def test_where_a_row_cannot_be_read_nothing_is_called_idle() -> None:
    world = Reconciled()
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    use(world, blue, {})
    row = next(world.tables.scan("usage", None))
    broken = {**row.values, "requests": "many"}
    store.save(
        world.tables,
        world.ports.random,
        "usage",
        type(row)(partition=row.partition, key=row.key, values=broken, etag=row.etag),
    )

    assert idle(world.reconcile()) == []


def test_an_endpoint_that_is_not_ours_any_more_is_nobodys_to_call_idle() -> None:
    world = Reconciled()
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    use(world, blue, {})
    world.cloud.put_endpoint("shop", tags={"team": "physics"}, traffic={"blue": 100})
    world.run_for(60)

    assert idle(world.reconcile()) == []


def spoil(world: Reconciled, record: Deployment, **nonsense: str) -> None:
    """Somebody has written nonsense into the row of a deployment that was deleted."""
    rows = world.tables.scan(store.RECORDS, record.user_key, first=store.DELETED, last="y-")
    [row] = [each for each in rows if each.values["id"] == record.id]
    broken = {**row.values, **nonsense}
    spoilt = type(row)(partition=row.partition, key=row.key, values=broken, etag=row.etag)
    store.save(world.tables, world.ports.random, store.RECORDS, spoilt)


def test_a_row_that_cannot_be_read_hides_what_is_said_of_no_other_endpoint() -> None:
    world = Reconciled()
    blue, green = pair(world)
    till = world.live(endpoint_name="till", deployment_name="blue")
    for record in (blue, till):
        use(world, record, {})
    elsewhere = world.live(endpoint_name="gone")
    for each in (green, elsewhere):
        world.delete(each)
    world.settle()
    tags = world.cloud.find_endpoint("shop").tags  # type: ignore[union-attr]  # it is there
    world.cloud.put_endpoint("shop", tags=tags, traffic={})
    world.run_for(60)
    spoil(world, elsewhere, torn_down_at="noon")
    use(world, green, {})
    found = [(Case.DEPLOYMENT_IDLE, "shop/blue"), (Case.DEPLOYMENT_IDLE, "till/blue")]
    assert world.reconcile().cases == sorted([*found, (Case.TRAFFIC_DIFFERS, "shop")])

    spoil(world, green, work_json="{")

    assert world.reconcile().cases == sorted([found[1], (Case.TRAFFIC_DIFFERS, "shop")])
