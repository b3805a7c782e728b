"""What comes to be otherwise between the looks of a reconciliation, or is shown late by a listing, is left alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from shared.cloud_ports import RegistryModel
from shared.domain import ownership
from shared.domain.errors import CloudError, Trouble
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Deployment, Status
from shared.service.claims import Mint
from shared.service.reconcile import begin
from tests.service.reconciling import DAY, HOUR, Reconciled, tags_of

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
    assert set(report.run.unknown) == {Area.REGISTRY}
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
