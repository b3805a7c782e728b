"""What comes to be otherwise between the looks of a reconciliation, or is shown late by a listing, is left alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from shared.cloud_ports import RegistryModel
from shared.domain import ids, ownership
from shared.domain.bookkeeping import ClaimKind
from shared.domain.errors import CloudError, Trouble
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Deployment, Status
from shared.service import claims
from shared.service.claims import Mint
from shared.service.reconcile import begin, repairs
from shared.service.reconcile.in_the_way import NotNow
from tests.service.reconciling import DAY, HOUR, Reconciled, tags_of
from tests.service.world import BERT

THEIRS = {"team": "physics"}


def left_over() -> tuple[Reconciled, Deployment, Deployment]:
    """A world with one that stays, and one of which a late call has left something on the same endpoint."""
    world = Reconciled()
    stays = world.live(endpoint_name="shared")
    gone = world.live(endpoint_name="shared", deployment_name="gone")
    world.delete(gone)
    world.settle()
    world.put_in_cloud("shared", "gone", stays, tags_of(gone))
    world.sleep(3 * HOUR)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)
    return world, stays, gone


def upon_repair(world: Reconciled, happens: Callable[[], None]) -> None:
    """Something happens just as the first repair of the next run is on record as begun."""
    real = world.tables.commit
    done: list[bool] = []

    def commit(table: str, operations: list[object]) -> list[str]:
        etags = real(table, operations)  # type: ignore[arg-type]  # passed on as they are
        values = operations[0].row.values  # type: ignore[attr-defined]  # of any kind
        if values.get("state") == ItemState.BEGUN and not done:
            done.append(True)
            happens()
        return etags

    world.tables.commit = commit  # type: ignore[method-assign,assignment]


def replace_by_theirs(world: Reconciled, model: Deployment) -> None:
    world.cloud.operation_seconds = 0
    world.cloud.remove_deployment("shared", "gone")
    world.cloud.find_endpoint("shared")
    world.put_in_cloud("shared", "gone", model, THEIRS)


def test_what_somebody_makes_under_the_name_just_before_the_removal_stays() -> None:
    world, stays, _ = left_over()
    upon_repair(world, lambda: replace_by_theirs(world, stays))

    report = world.reconcile()

    found = world.cloud.find_deployment("shared", "gone")
    assert found is not None
    assert found.tags == THEIRS
    assert report.of(Case.DEPLOYMENT_LEFT_OVER).outcome == "it is no longer so"


def test_a_listing_that_lags_is_not_what_a_removal_goes_by() -> None:
    """It goes on showing what was there, and something else of ours is there by now, which no run has seen."""
    world, stays, gone = left_over()
    world.cloud.lag_seconds = 600

    def make_anew() -> None:
        world.cloud.operation_seconds = 0
        world.cloud.remove_deployment("shared", "gone")
        world.cloud.find_endpoint("shared")
        world.clock.advance(1)
        world.put_in_cloud("shared", "gone", stays, tags_of(gone))

    upon_repair(world, make_anew)
    report = world.reconcile()

    assert world.cloud.find_deployment("shared", "gone")
    assert report.of(Case.DEPLOYMENT_LEFT_OVER).state is ItemState.SKIPPED


def test_a_deployment_that_somebody_brings_back_at_the_last_moment_stays_active() -> None:
    world = Reconciled()
    record = world.live()
    other = world.live()
    world.sleep(DAY)
    world.drop(record)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    def bring_back() -> None:
        place = (record.endpoint_name, record.deployment_name)
        world.cloud.operation_seconds = 0
        world.put_in_cloud(*place, other, tags_of(record))

    upon_repair(world, bring_back)
    world.reconcile()

    assert world.read(record).status is Status.ACTIVE


def test_a_deployment_that_is_marked_and_retried_after_the_last_look_is_not_marked_again() -> None:
    world = Reconciled()
    record = world.live()
    world.sleep(DAY)
    world.drop(record)
    finding = world.reconcile(dry_run=True).of(Case.DEPLOYMENT_GONE).finding
    repairs.carry_out(world.reconcile_ports, world.policy, finding)
    world.retry(record)

    with pytest.raises(NotNow, match="deploying by now"):
        repairs.carry_out(world.reconcile_ports, world.policy, finding)

    world.settle()
    assert world.read(record).status is Status.ACTIVE


def test_an_endpoint_on_which_somebody_else_lives_stays_and_ends_the_run_at_once() -> None:
    world = Reconciled()
    _, other = world.come_late()
    world.put_in_cloud("late", "theirs", other, THEIRS)
    world.sleep(3 * HOUR)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    report = world.reconcile()

    item = report.of(Case.ENDPOINT_WITHOUT_RECORD)
    assert (item.state, item.outcome) == (
        ItemState.SKIPPED,
        "it still has theirs: not all of it is ours",
    )
    assert report.run.finished_at is not None
    assert report.run.finished_at - report.run.created_at < timedelta(minutes=2)
    assert world.cloud.find_endpoint("late")


def test_what_a_late_call_has_put_on_somebody_elses_endpoint_of_that_name_is_removed() -> None:
    world = Reconciled()
    other = world.live()
    gone = world.live(endpoint_name="late", deployment_name="gone")
    world.delete(gone)
    world.settle()
    world.put_endpoint("late", THEIRS)
    world.put_in_cloud("late", "gone", other, tags_of(gone))
    world.put_in_cloud("late", "copied", other, tags_of(gone))
    world.sleep(3 * HOUR)

    report = world.nightly(nights=2)

    assert report.repaired == [(Case.DEPLOYMENT_LEFT_OVER, "late/gone")]
    assert [each.name for each in world.cloud.list_deployments("late")] == ["copied"]


def test_traffic_on_somebody_elses_endpoint_is_not_changed_to_remove_what_is_left_on_it() -> None:
    world, _, _ = left_over()
    world.cloud.put_endpoint("shared", tags=THEIRS, traffic={"gone": 100})
    world.run_for(60)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    report = world.reconcile()

    item = report.of_subject("shared/gone")
    assert item.outcome == "it has traffic, and its endpoint is not ours"
    endpoint = world.cloud.find_endpoint("shared")
    assert endpoint is not None
    assert (endpoint.tags, endpoint.traffic) == (THEIRS, {"gone": 100})


def test_an_endpoint_of_a_name_given_up_goes_also_while_somebody_has_claimed_the_name_again() -> (
    None
):
    world = Reconciled()
    record = world.live(endpoint_name="late")
    tags = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
    world.delete(record)
    world.settle()
    world.put_endpoint("late", tags)
    told = ids.render_id(world.mint.claim(ClaimKind.DEPLOYMENT, BERT.user_key))
    random = world.ports.random
    claims.claim_endpoint_name(world.tables, random, "late", BERT.user_key, told)
    world.sleep(3 * HOUR)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    report = world.reconcile()

    assert report.repaired == [(Case.ENDPOINT_WITHOUT_RECORD, "late")]
    assert world.cloud.find_endpoint("late") is None


def orphans(world: Reconciled, count: int) -> list[Deployment]:
    records = [world.live() for _ in range(count)]
    for each in records:
        world.delete(each)
        world.settle()
        world.register(each.azure_model_name, tags_of(each), each)
    return records


def test_what_was_found_before_a_listing_of_its_area_failed_is_not_touched() -> None:
    world = Reconciled()
    first, second = orphans(world, 2)
    world.sleep(8 * DAY)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)
    real = world.cloud.list_versions

    def broken(name: str) -> list[RegistryModel]:
        if name == max(first.azure_model_name, second.azure_model_name):
            raise CloudError(Trouble.TRANSIENT, "gateway", "no answer")
        return list(real(name))

    world.cloud.list_versions = broken  # type: ignore[method-assign]
    report = world.reconcile()

    assert report.items == []
    assert set(report.run.unknown) == {Area.REGISTRY, Area.ARTIFACTS}
    assert len(list(world.cloud.list_models())) == 2


def test_an_endpoint_goes_with_the_last_member_while_what_was_left_on_it_is_being_removed() -> None:
    """Else the one would stay for the other, and be found only by the runs to come."""
    world, stays, _ = left_over()
    world.drop(stays)
    world.reconcile(dry_run=True)
    world.sleep(2 * HOUR)

    report = world.reconcile()

    assert {case for case, _ in report.repaired} == {
        Case.DEPLOYMENT_LEFT_OVER,
        Case.DEPLOYMENT_GONE,
    }
    world.settle()
    assert world.cloud.find_endpoint("shared") is None


def test_runs_are_in_the_order_in_which_they_began_whatever_the_clocks_say() -> None:
    world = Reconciled()
    world.sleep(DAY)
    first = world.reconcile().run
    behind = type(world.clock)()  # another machine's, which stands at the beginning
    mint = Mint(world.ports.tables, behind, world.ports.random, world.policy)

    begin.begin_nightly(world.ports, mint, world.policy)

    last = world.finish_run(max(_ids(world))).run
    assert last.id > first.id
    assert last.state is RunState.DONE


def _ids(world: Reconciled) -> Iterator[str]:
    return (str(row.values["id"]) for row in world.tables.scan("reconciles", "runs", last="a"))
