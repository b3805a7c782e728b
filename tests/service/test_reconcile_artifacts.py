"""What no record names goes into the trash, what is missed comes back, and who needs something meanwhile keeps it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.sqlite_join import SqliteJoins
from shared.domain.catalogue.artifacts import Artifact
from shared.domain.errors import Unavailable
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.repair import Decision
from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Deployment, Status
from shared.reconcile_ports import ReconcilePorts
from shared.service import store
from shared.service.catalogue import content, trash, withdraw
from shared.service.reconcile import begin
from shared.service.reconcile.begin import Wanted
from tests.service.faults import FaultyBlobs, meet_at
from tests.service.garden_of_files import add_dataset, key_of, put
from tests.service.reconciling import DAY, HOUR, OLGA, Reconciled, Report, tags_of
from tests.service.sample import DIGEST
from tests.service.world import ANNA

ONLY = (Area.ARTIFACTS,)
KEY = content.content_key(DIGEST)


class Stores(Reconciled):
    """Whose runs look at what is in the stores only, and lay it out on disk as the real ones do."""

    @property
    def reconcile_ports(self) -> ReconcilePorts:
        return replace(super().reconcile_ports, joins=SqliteJoins())

    def look(self, *, dry_run: bool = False) -> Report:
        return self.reconcile(areas=ONLY, dry_run=dry_run)

    def collect(self) -> Report:
        """A look, and a run that may do what it says."""
        self.look(dry_run=True)
        self.sleep(2 * HOUR)
        return self.look()

    def age(self, days: float = 8) -> None:
        self.sleep(days * DAY)

    def keys(self, prefix: str) -> list[str]:
        return [each.key for each in self.blobs.list(prefix)]

    def package_of(self, record: Deployment) -> list[str]:
        return self.keys(content.package_folder(self.read(record).package_digest))


def torn_down(world: Stores) -> Deployment:
    record = world.live()
    world.delete(record)
    world.settle()
    return record


# ------------------------------------------------------------------ what is named


def test_what_is_on_record_stays_however_old_it_is() -> None:
    world = Stores()
    world.live()
    add_dataset(world, "rows")
    world.age(100)
    before = world.keys("")
    assert world.collect().items == []
    assert world.keys("") == before


def test_the_content_of_a_model_that_was_deleted_goes_into_the_trash_and_after_its_time_for_good() -> (
    None
):
    world = Stores()
    kept = [content.metadata_key(add_dataset(world, "rows").id), key_of("rows")]
    withdraw.delete_model(world.ports, ANNA, world.upload().id)
    world.age()

    assert world.collect().repaired == [(Case.CONTENT_WITHOUT_RECORD, KEY)]
    assert world.keys("") == [*kept, trash.trash_key(KEY)]
    [lies] = world.blobs.list("trash/")
    almost = lies.modified_at + timedelta(days=30, minutes=-1)
    world.sleep((almost - world.clock.now()).total_seconds())
    assert world.look().items == []
    world.sleep(HOUR)
    assert world.collect().repaired == [(Case.TRASH_EXPIRED, KEY)]
    assert world.keys("") == kept


def test_a_content_is_kept_for_a_model_whose_deletion_broke_off() -> None:
    world = Stores()
    model = world.upload()
    stored = store.load_model(world.tables, ANNA.user_key, model.id)
    assert stored
    leaving = replace(stored.record, leaving=world.clock.now())
    store.save(
        world.tables, world.ports.random, store.RECORDS, store.model_row(leaving, stored.row.etag)
    )
    world.age()
    assert world.collect().items == []


def test_young_things_stay_and_so_does_what_only_one_run_has_seen() -> None:
    world = Stores()
    add_dataset(world, "rows")
    put(world, "nobody's")
    world.age(6.9)
    assert [each.decision for each in world.look().items] == [Decision.YOUNG]
    world.sleep(3 * HOUR)
    assert len(world.look().repaired) == 1
    assert world.keys("content/") == [key_of("rows")]

    put(world, "another")
    world.age(20)
    assert [each.decision for each in world.look().items] == [Decision.SEEN_ONCE]


def test_a_package_is_kept_as_long_as_something_is_deployed_or_could_be_from_it() -> None:
    world = Stores()
    record = world.live()
    world.age()
    assert world.collect().items == []
    world.delete(record)
    world.settle()
    world.age()

    repaired = world.collect().repaired

    folder = content.package_folder(record.package_digest)
    assert repaired == [(Case.PACKAGE_WITHOUT_RECORD, folder)]
    assert world.keys("packages/") == []
    assert f"{trash.trash_key(folder)}/MLmodel" in world.keys("trash/")


def test_a_package_of_what_is_registered_without_a_record_is_kept_until_that_is_gone() -> None:
    world = Stores()
    record = torn_down(world)
    world.register(record.azure_model_name, tags_of(record), record)
    world.age()
    assert world.collect().items == []
    world.cloud.remove_model(record.azure_model_name, "1")
    assert [case for case, _ in world.collect().repaired] == [Case.PACKAGE_WITHOUT_RECORD]


def test_where_the_registry_does_not_answer_nothing_in_the_stores_is_touched() -> None:
    world = Stores()
    torn_down(world)
    put(world, "nobody's")
    world.age()
    before = world.keys("")
    world.cloud.list_models = _broken  # type: ignore[assignment,method-assign]
    report = world.collect()
    assert (report.items, set(report.run.unknown)) == ([], {Area.ARTIFACTS})
    assert world.keys("") == before


def _broken() -> None:
    raise Unavailable("no answer")


def test_two_stores_are_each_looked_through_for_what_belongs_there() -> None:
    world = Stores()
    artifacts = MemoryBlobs(world.clock.now)
    world.ports = replace(world.ports, artifacts=FaultyBlobs(artifacts, world.effects))
    record = torn_down(world)
    withdraw.delete_model(world.ports, ANNA, record.model_id)
    theirs = put(world, "in the workspace's own container")
    world.age()

    cases = {case for case, _ in world.collect().repaired}

    assert cases == {Case.CONTENT_WITHOUT_RECORD, Case.PACKAGE_WITHOUT_RECORD}
    assert [each.key for each in artifacts.list("")] == [trash.trash_key(KEY)]
    assert {each.partition("/")[0] for each in world.keys("")} == {"content", "trash"}
    assert world.blobs.find(theirs)


def test_more_than_one_run_may_take_away_waits_for_an_operator() -> None:
    world = Stores(policy=Policy(most_deletes=3))
    for number in range(4):
        put(world, f"nobody's {number}")
    add_dataset(world, "kept")
    world.age()
    report = world.collect()
    assert (report.run.state, report.run.waiting) == (RunState.NEEDS_APPROVAL, 4)
    assert len(world.keys("content/")) == 5
    begin.approve_run(world.ports, OLGA, report.run.id, 4)
    assert len(world.finish_run(report.run.id).repaired) == 4
    assert world.keys("content/") == [key_of("kept")]


def test_a_finding_says_what_it_costs_and_of_whom_it_is() -> None:
    world = Stores()
    world.blobs.put(key_of("big"), b"x" * 1024 * 1024)
    record = world.live()
    world.blobs.remove(KEY)
    report = world.look()
    big = report.of_subject(key_of("big")).finding
    assert big.cost == pytest.approx(0.0184 / 1024)
    assert "1,048,576 bytes" in big.text
    gone = report.of(Case.CONTENT_GONE).finding
    assert (record.model_id in gone.text, record.id in gone.text) == (True, True)
    assert gone.user_key == ANNA.user_key


# ------------------------------------------------------------------ what is missed


def test_what_lies_in_the_trash_and_is_named_comes_back_in_the_first_run_and_is_never_emptied() -> (
    None
):
    world = Stores()
    key = content.content_key(add_dataset(world, "rows").content_digest)
    [seen] = world.blobs.list(key)
    trash.put_away(world.blobs, seen)
    world.age(60)
    dry = world.look(dry_run=True)
    assert dry.cases == [(Case.CONTENT_IN_TRASH, key)]
    assert world.look().repaired == dry.cases
    assert world.blobs.open(key).read() == b"rows"


def test_what_is_added_while_a_run_lists_is_not_told_as_missing() -> None:
    world = Stores()
    real = world.tables.scan
    added: list[Artifact] = []

    def scan(table: str, *args: object, **bounds: object) -> object:
        if table == store.RECORDS and not added:
            added.append(add_dataset(world, "rows"))
        return real(table, *args, **bounds)  # type: ignore[arg-type]  # passed on as they are

    put(world, "x")
    world.tables.scan = scan  # type: ignore[method-assign,assignment]
    assert [case for case, _ in world.look().cases] == [Case.CONTENT_WITHOUT_RECORD]
    assert added


# ------------------------------------------------------------------ who meets a run


def orphaned() -> Stores:
    """A world in which a content and a package of nobody were seen, are old, and are in the plan of a run."""
    world = Stores()
    withdraw.delete_model(world.ports, ANNA, torn_down(world).model_id)
    world.age()
    world.look(dry_run=True)
    world.sleep(2 * HOUR)
    return world


def add_file(world: Stores) -> None:
    world.upload()


def deploy(world: Stores) -> None:
    world.deploy(world.upload())
    while world.deliver():
        pass


def met_at(at: int, comes: Callable[[Stores], None]) -> tuple[Stores, bool]:
    """A run which somebody meets just before its effect `at`; whether it had so many."""
    world = orphaned()
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted(areas=ONLY))
    met = meet_at(world.effects, at, lambda: world.finish_run(begun.id), lambda: comes(world))
    report = world.report(begun.id)
    assert report.run.state is RunState.DONE
    assert {each.state for each in report.items} <= {
        ItemState.NONE,
        ItemState.REPAIRED,
        ItemState.SKIPPED,
    }
    return world, met


@pytest.mark.parametrize("comes", [add_file, deploy])
def test_whoever_needs_something_at_any_effect_of_a_run_has_it(
    comes: Callable[[Stores], None],
) -> None:
    at, met = 0, True
    while met:
        world, met = met_at(at, comes)
        if met:
            world.settle()
            assert world.blobs.find(KEY), at
        for record in world.deployments():
            assert world.read(record).status is Status.ACTIVE
            assert len(world.package_of(record)) > 3, at
        assert world.look().repaired == []
        at += 1
    assert at > 15


def test_a_plan_that_waits_for_approval_is_read_again_on_record_before_anything_goes() -> None:
    world = Stores(policy=Policy(most_deletes=0))
    put(world, "rows")
    add_dataset(world, "other")
    world.age()
    report = world.collect()
    assert report.run.state is RunState.NEEDS_APPROVAL
    dataset = add_dataset(world, "rows")
    [listed] = world.blobs.list(key_of("rows"))
    since = report.items[0].finding.since
    assert since
    old = replace(listed, modified_at=since)
    world.blobs._contents[listed.key] = (old, b"rows")  # as if the upload had not touched it
    begin.approve_run(world.ports, OLGA, report.run.id, 1)

    done = world.finish_run(report.run.id)

    assert done.items[0].outcome == "it is no longer so", dataset
    assert world.blobs.find(key_of("rows"))


def test_where_all_records_are_lost_nothing_in_the_stores_is_anybodys() -> None:
    world = Stores()
    world.live()
    put(world, "nobody's")
    world.age()
    world.tables._tables["records"].clear()  # type: ignore[attr-defined]  # somebody emptied it
    report = world.collect()
    assert report.items == []
    assert "there is not a single record" in report.run.unknown[Area.ARTIFACTS]
