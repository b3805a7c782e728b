"""What a run finds to be wrong with a live deployment, or a model, is shown with it until a run finds that no more."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.domain.errors import CloudError, Conflict, Trouble
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.marks import is_shown
from shared.domain.records import Deployment, Status
from shared.service import marks, read
from shared.service.reconcile import candidates, marking
from tests.service.reconciling import DAY, HOUR, Reconciled
from tests.service.test_retrying import failed
from tests.service.world import ANNA, BERT


def break_it(world: Reconciled, record: Deployment, state: str = "Failed") -> None:
    held = world.cloud._find(record.endpoint_name, record.deployment_name)
    assert held is not None
    held.state = state


def cases(world: Reconciled, record: Deployment) -> list[Case]:
    found = marks.list_marks(world.tables, record.user_key, record.id)
    view = read.require_view(world.ports, ANNA, record.id)
    assert list(view.marks) == found
    return [each.case for each in found if is_shown(each, view.record)]


def test_a_deployment_that_azure_says_has_failed_is_marked_until_it_has_not() -> None:
    world = Reconciled()
    record, other = world.live(), world.live()
    break_it(world, record)
    world.reconcile(dry_run=True)

    assert cases(world, record) == [Case.DEPLOYMENT_BROKEN]
    assert cases(world, other) == []
    [mark] = marks.list_marks(world.tables, record.user_key)
    assert "it may not answer" in mark.text
    world.sleep(DAY)
    world.reconcile()
    assert marks.list_marks(world.tables, record.user_key) == [mark], "since when it was first seen"

    break_it(world, record, "Succeeded")
    world.reconcile(dry_run=True)
    assert cases(world, record) == []


def test_one_that_is_gone_is_marked_before_a_second_run_makes_it_failed() -> None:
    world = Reconciled()
    record = world.live()
    world.sleep(3 * HOUR)
    world.drop(record)
    world.reconcile()
    assert cases(world, record) == [Case.DEPLOYMENT_GONE]

    world.sleep(2 * HOUR)
    world.reconcile()

    assert world.read(record).status is Status.FAILED
    assert cases(world, record) == [], "its failure says so by itself"


def test_an_active_deployment_whose_registered_model_is_gone_serves_on_and_is_marked() -> None:
    world = Reconciled()
    record = world.live()
    gone = world.cloud._models.pop((record.azure_model_name, "1"))
    world.sleep(8 * DAY)

    report = world.nightly(nights=2)

    assert report.cases == [(Case.DEPLOYED_MODEL_GONE, f"{record.azure_model_name}:1")]
    assert report.repaired == []
    assert world.read(record).azure_model_version == "1"
    assert cases(world, record) == [Case.DEPLOYED_MODEL_GONE]
    world.cloud.register_model(gone)
    world.reconcile(dry_run=True)
    assert cases(world, record) == []


def test_marks_are_a_users_own() -> None:
    world = Reconciled()
    record = world.live(BERT)
    break_it(world, record)
    world.reconcile(dry_run=True)

    assert marks.list_marks(world.tables, ANNA.user_key) == []
    assert read.list_deployments(world.ports, ANNA, None, limit=9).marks == []
    [mark] = read.list_deployments(world.ports, BERT, None, limit=9).marks
    assert mark.thing_id == record.id


def _fails(*_args: object) -> Iterator[Any]:
    raise CloudError(Trouble.TRANSIENT, "gateway", "no answer")


def test_what_could_not_be_looked_at_keeps_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Reconciled()
    record = world.live()
    break_it(world, record)
    world.reconcile(dry_run=True)
    break_it(world, record, "Succeeded")

    monkeypatch.setattr(world.cloud, "list_endpoints", _fails)
    world.reconcile(dry_run=True)
    assert cases(world, record) == [Case.DEPLOYMENT_BROKEN], "its area is unknown"
    monkeypatch.undo()
    world.reconcile(dry_run=True, areas=(Area.REGISTRY,))
    assert cases(world, record) == [Case.DEPLOYMENT_BROKEN], "its area was not asked for"
    world.reconcile(dry_run=True)
    assert cases(world, record) == []


def test_where_not_all_was_compared_no_mark_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Reconciled()
    record = world.live()
    world.drop(record)
    world.reconcile(dry_run=True)
    monkeypatch.setattr(candidates, "MOST_READ", 0)

    assert world.reconcile(dry_run=True).run.left
    assert cases(world, record) == [Case.DEPLOYMENT_GONE]


@pytest.mark.parametrize("spoil", [_fails, lambda *_args: None], ids=["fails", "is not there"])
def test_what_cannot_be_read_again_is_not_marked(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[..., Any]
) -> None:
    """The listing said that it is broken; a look at itself says nothing, or that it is gone altogether."""
    world = Reconciled()
    record = world.live()
    break_it(world, record)
    monkeypatch.setattr(world.cloud, "find_endpoint", spoil)

    report = world.reconcile(dry_run=True)

    assert [case for case, _ in report.cases] == [Case.DEPLOYMENT_BROKEN]
    assert cases(world, record) == []


def test_where_too_much_looks_wrong_at_once_nothing_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marking, "_MOST", 2)
    world = Reconciled()
    records = [world.live() for _ in range(3)]
    for record in records:
        break_it(world, record)

    world.reconcile(dry_run=True)

    assert marks.list_marks(world.tables, ANNA.user_key) == []
    break_it(world, records[0], "Succeeded")
    world.reconcile(dry_run=True)
    assert len(marks.list_marks(world.tables, ANNA.user_key)) == 2


def test_a_failed_deployment_whose_model_is_gone_is_told_so_by_the_second_run_and_not_uploaded_again() -> (
    None
):
    world = Reconciled(operation_seconds=4)
    record = failed(world)
    world.cloud.remove_model(record.azure_model_name, "1")
    world.sleep(8 * DAY)
    world.reconcile()
    assert cases(world, record) == [Case.MODEL_GONE]
    world.sleep(2 * HOUR)
    assert world.reconcile().repaired == [(Case.MODEL_GONE, f"{record.azure_model_name}:1")]

    seen = world.read(record)
    assert seen.failure is not None
    assert (seen.azure_model_version, seen.failure.code) == ("", "model_not_in_registry")
    assert cases(world, record) == []
    with pytest.raises(Conflict) as refused:
        world.retry(record)
    assert refused.value.code == "model_not_in_registry"
    assert world.in_cloud().models == []
