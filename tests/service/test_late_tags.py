"""A call of an earlier time gives an endpoint its tags of then: it is known as ours all the same, and tagged as recorded again."""

from dataclasses import replace

import pytest

from shared.domain import ownership
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.runs import ItemState
from shared.domain.records import Deployment, Status
from shared.service import keys, late_tags, read
from tests.service.reconciling import HOUR, Reconciled, tags_of
from tests.service.world import ANNA, BERT

RIGHT = "the tags of its row"


def tags_on(world: Reconciled, record: Deployment) -> object:
    found = world.cloud.find_endpoint(record.endpoint_name)
    assert found is not None
    ours = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
    return RIGHT if found.tags == ours else found.tags


def test_the_first_run_that_sees_it_tags_it_as_recorded_and_leaves_its_traffic() -> None:
    world = Reconciled()
    record = world.tag_late("shop")
    assert tags_on(world, record) != RIGHT
    dry = world.reconcile(dry_run=True)
    assert dry.cases == [(Case.ENDPOINT_TAGS_OLD, "shop")]

    assert world.reconcile().repaired == dry.cases

    assert tags_on(world, record) == RIGHT
    found = world.cloud.find_endpoint("shop")
    assert found is not None
    assert found.traffic == {record.deployment_name: 100}
    assert world.reconcile().items == []


def test_its_owner_sees_it_and_reads_its_keys_also_before() -> None:
    world = Reconciled()
    record = world.tag_late("shop")
    assert tags_on(world, record) != RIGHT

    view = read.require_endpoint_view(world.ports, ANNA, "shop")

    assert view.found is not None
    assert view.found.traffic == {record.deployment_name: 100}
    assert keys.read_keys(world.ports, ANNA, "shop").primary


def test_a_deletion_does_not_wait_for_a_run() -> None:
    world = Reconciled()
    record = world.tag_late("shop")
    world.delete(record)
    world.settle()

    assert world.in_cloud().paid == []
    assert world.read(record).torn_down_at is not None


def test_a_change_of_traffic_is_routed_and_tags_it_as_recorded() -> None:
    world = Reconciled()
    first = world.tag_late("shop")
    second = world.live(endpoint_name="shop", deployment_name="second")
    world.route("shop", second=100)
    world.settle()

    assert world.in_cloud().traffic["shop"] == {"second": 100}
    assert tags_on(world, first) == RIGHT
    assert world.read(second).status is Status.ACTIVE


@pytest.mark.parametrize("on_it", ["nothing", "a copy"])
def test_one_on_which_nothing_of_ours_serves_may_be_another_one_of_its_name(on_it: str) -> None:
    """A late call has made it while the name was free, and somebody waits for it; or tags were copied by hand."""
    world = Reconciled()
    record = world.tag_late("shop")
    tags = dict(world.cloud.find_endpoint("shop").tags)  # type: ignore[union-attr]
    world.drop(record)
    if on_it == "a copy":
        world.put_in_cloud("shop", "other-name", world.live(BERT), tags_of(record))

    report = world.reconcile()

    assert Case.ENDPOINT_TAGS_OLD not in {case for case, _ in report.cases}
    assert tags_on(world, record) == tags
    assert read.require_endpoint_view(world.ports, ANNA, "shop").found is None


def test_tags_that_were_never_ours_stay() -> None:
    world = Reconciled()
    record = world.live(endpoint_name="shop")
    theirs = ownership.endpoint_tags(record.user_key, "e" * 32)
    world.cloud.put_endpoint("shop", tags=theirs, traffic={record.deployment_name: 100})
    world.run_for(60)

    assert world.reconcile().cases == []
    assert tags_on(world, record) == theirs
    assert read.require_endpoint_view(world.ports, ANNA, "shop").found is None


def test_while_work_on_it_is_under_way_it_is_left_alone() -> None:
    world = Reconciled(operation_seconds=600)
    world.cloud.operation_seconds = 4
    record = world.tag_late("shop")
    world.cloud.operation_seconds = 3 * HOUR
    world.deploy(world.upload(), endpoint_name="shop")
    world.run_for(60)

    report = world.reconcile(dry_run=True)

    assert report.cases == []
    assert tags_on(world, record) != RIGHT


def test_where_azure_refuses_the_run_says_so() -> None:
    world = Reconciled()
    record = world.tag_late("shop")
    world.cloud.fail_next("InternalError", "the operation failed")
    item = world.reconcile().of(Case.ENDPOINT_TAGS_OLD)
    assert item.state in (ItemState.REPAIRED, ItemState.SKIPPED)
    world.reconcile()
    assert tags_on(world, record) == RIGHT


def test_a_deletion_of_what_a_late_call_brought_back_with_traffic_comes_to_its_end() -> None:
    """Its endpoint was given up, when it failed; the calls that were sent before made both again."""
    world = Reconciled()
    record = world.live(endpoint_name="late")
    world.drop(record)
    world.sleep(3 * HOUR)
    world.nightly(nights=2)
    record = world.read(record)
    assert record.status is Status.FAILED
    assert world.endpoint("late") is None
    other = world.live()
    tags = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
    world.put_endpoint("late", tags)
    world.put_in_cloud("late", record.deployment_name, other, tags_of(record))
    world.cloud.put_endpoint("late", tags=tags, traffic={record.deployment_name: 100})
    world.run_for(60)

    world.delete(record)
    world.settle()

    assert world.cloud.find_deployment("late", record.deployment_name) is None
    assert world.read(record).torn_down_at is not None
    world.sleep(3 * HOUR)
    assert world.nightly(nights=2).repaired == [(Case.ENDPOINT_WITHOUT_RECORD, "late")]


def test_others_on_its_endpoint_have_their_traffic_again_after_such_a_deletion() -> None:
    world = Reconciled()
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    green = world.live(endpoint_name="shop", deployment_name="green")
    world.drop(green)
    world.sleep(3 * HOUR)
    world.nightly(nights=2)
    green = world.read(green)
    assert green.status is Status.FAILED
    world.put_in_cloud("shop", "green", blue, tags_of(green))
    tags = ownership.endpoint_tags(blue.user_key, blue.endpoint_tag)
    world.cloud.put_endpoint("shop", tags=tags, traffic={"green": 100})
    world.run_for(60)

    world.delete(green)
    world.settle()

    assert world.in_cloud().traffic["shop"] == {"blue": 100}
    assert world.cloud.find_deployment("shop", "green") is None
    assert world.read(green).torn_down_at is not None


def test_what_is_on_it_of_an_earlier_time_does_not_make_it_the_endpoint_of_today() -> None:
    world = Reconciled()
    before = world.live(endpoint_name="shop", deployment_name="before")
    world.delete(before)
    world.settle()
    now = world.live(endpoint_name="shop", deployment_name="now")
    world.put_in_cloud("shop", "before", now, tags_of(before))
    found = world.cloud.find_endpoint("shop")
    assert found is not None
    late = replace(found, tags=ownership.endpoint_tags(before.user_key, before.endpoint_tag))
    ours = ownership.endpoint_tags(now.user_key, now.endpoint_tag)
    assert late_tags.is_ours(world.ports, late, ours)
    world.drop(now)

    assert not late_tags.is_ours(world.ports, late, ours, [before])
