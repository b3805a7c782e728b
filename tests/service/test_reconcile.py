"""Records and cloud are compared each night: what disagrees is found, and repaired when it was seen twice and is old enough."""

from shared.domain.prices import estimate
from shared.domain.principal import Principal
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.report import render_report
from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Status
from tests.service.reconciling import DAY, HOUR, Reconciled, tags_of
from tests.service.world import BERT

CLAIRE = Principal(user_id="claire", issuer="tests")


def test_nothing_is_found_where_records_and_cloud_agree() -> None:
    world = Reconciled()
    for _ in range(3):
        world.live()
    world.delete(world.live())
    world.settle()

    report = world.nightly(nights=3)

    assert (report.run.state, report.items) == (RunState.DONE, [])


def test_a_deployment_that_is_left_over_is_removed_when_it_was_seen_twice() -> None:
    world = Reconciled()
    stays = world.live(endpoint_name="shared")
    gone = world.live(endpoint_name="shared")
    world.delete(gone)
    world.settle()
    world.put_in_cloud("shared", gone.deployment_name, stays, tags_of(gone))
    world.sleep(3 * HOUR)

    first = world.reconcile()
    assert first.cases == [(Case.DEPLOYMENT_LEFT_OVER, f"shared/{gone.deployment_name}")]
    price = estimate(world.policy.prices, "Standard_DS1_v2", 1).a_month
    assert first.items[0].finding.cost == first.run.cost == price
    assert first.items[0].why.startswith("a run at least an hour after the first")
    world.run_for(2 * HOUR)
    second = world.reconcile()

    assert second.repaired == first.cases
    assert [each.name for each in world.cloud.list_deployments("shared")] == [stays.deployment_name]
    assert world.reconcile().items == []


def test_an_active_deployment_that_somebody_removed_fails_and_can_be_tried_again() -> None:
    world = Reconciled()
    record = world.live()
    world.sleep(DAY)
    world.drop(record)

    report = world.nightly(nights=2)

    assert report.repaired == [
        (Case.DEPLOYMENT_GONE, f"{record.endpoint_name}/{record.deployment_name}")
    ]
    failed = world.read(record)
    assert failed.status is Status.FAILED
    assert failed.failure
    assert failed.failure.code == "gone_from_cloud"
    world.retry(failed)
    world.settle()
    assert world.read(record).status is Status.ACTIVE
    assert world.nightly(nights=2).items == []


def test_a_dry_run_is_a_sighting_and_changes_nothing() -> None:
    world = Reconciled()
    record = world.live()
    world.sleep(DAY)
    world.drop(record)

    dry = world.reconcile(dry_run=True)
    assert [each.state for each in dry.items] == [ItemState.NONE]
    assert world.read(record).status is Status.ACTIVE
    world.run_for(2 * HOUR)

    assert len(world.reconcile().repaired) == 1


def test_an_endpoint_that_came_too_late_is_removed_with_what_is_on_it() -> None:
    world = Reconciled()
    record, other = world.come_late()
    world.put_in_cloud("late", record.deployment_name, other, tags_of(record))
    world.sleep(3 * HOUR)

    report = world.nightly(nights=2)

    assert report.repaired == [
        (Case.DEPLOYMENT_LEFT_OVER, f"late/{record.deployment_name}"),
        (Case.ENDPOINT_WITHOUT_RECORD, "late"),
    ]
    assert world.cloud.find_endpoint("late") is None


def test_a_model_that_no_record_needs_is_removed_after_the_days_of_grace() -> None:
    world = Reconciled()
    record = world.live()
    world.delete(record)
    world.settle()
    world.register(record.azure_model_name, tags_of(record), record)

    young = world.nightly(nights=3)
    assert [each.why[:12] for each in young.items] == ["younger than"]
    world.sleep(5 * DAY)
    old = world.reconcile()

    subject = f"{record.azure_model_name}:1"
    assert old.repaired == [(Case.MODEL_WITHOUT_RECORD, subject)]
    assert world.cloud.find_model(record.azure_model_name, "1") is None


def test_a_finding_says_whose_it_is_by_the_name_that_they_sign_in_with() -> None:
    world = Reconciled()
    anna, bert = world.live(), world.live(BERT)
    world.delete(bert, BERT)
    world.settle()
    for record in (anna, bert):
        world.register(f"{record.azure_model_name}_v2", tags_of(record), record)
    never = world.upload(CLAIRE)
    world.sleep(8 * DAY)

    report = world.reconcile()

    owners = {each.finding.subject: each.finding.owner for each in report.items}
    assert owners == {
        f"{anna.azure_model_name}_v2:1": "anna",
        f"{bert.azure_model_name}_v2:1": "bert",
        never.id: CLAIRE.user_key,  # she has no deployment that tells her name
    }
    page = render_report(report.run, report.items)
    assert f"{bert.azure_model_name}_v2:1 of bert, since" in page
