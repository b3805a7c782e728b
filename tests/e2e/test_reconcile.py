"""Records and workspace that disagree in every way there is: told by a dry run, and repaired by a run, killed in it or not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from contextlib import closing
from pathlib import Path

import pytest

from local.cloud import LocalCloud, Options
from local.processes import wait_until
from shared.domain.reconcile.findings import RULES, Area, Case, Repair
from shared.domain.reconcile.runs import ItemState, RunState, is_over
from shared.service.reconcile import rows
from tests.e2e import reconciling
from tests.e2e.conftest import EVERY_CALL_SLOW, SHORT, Faults
from tests.e2e.garden import LOST, Garden, plant
from tests.e2e.killing import pause, slow_down
from tests.e2e.reconciling import Report, reconcile
from tests.e2e.user import Json, User, is_torn_down
from tests.e2e.watch import frozen, names_in, tables, worker

SETTINGS = {
    "RECONCILE_PAID_GRACE_SECONDS": "1",
    "SIGHTING_GAP_SECONDS": "1",
    "RECONCILE_REPAIRS": ",".join(Repair),
}
GAP = 1.0  # seconds
KINDS = [Area.ENDPOINTS, Area.REGISTRY, Area.RECORDS]
SOME = {Repair.REMOVE_MODEL, Repair.RELEASE_NAME}
SLICE = 0.002  # seconds: less than the worker takes from the beginning of a repair to its end
TOLD = {
    Case.DEPLOYMENT_WITHOUT_RECORD: "of which there is no record",
    Case.DEPLOYMENT_LEFT_OVER: "is deleted and was torn down, and this is still there",
    Case.DEPLOYMENT_GONE: "Azure ML has none of it on gone",
    Case.DEPLOYMENT_BROKEN: "Azure ML says it is Failed",
    Case.DEPLOYMENT_REPLACED: "serves something else",
    Case.ENDPOINT_WITHOUT_RECORD: "its name was given up",
    Case.ENDPOINT_TAGS_OLD: "has given it the tags that it had before its name was given up",
    Case.TRAFFIC_DIFFERS: "Azure ML routes second 100 %, and the record says first 100 %",
    Case.DEPLOYMENT_IDLE: "Nobody has called quiet since",
    Case.MODEL_WITHOUT_RECORD: "which is deleted, and no record needs it",
    Case.MODEL_GONE: "the registry has it no more",
    Case.REFERENCED_MODEL_GONE: "the registry has it no more: it cannot be deployed",
    Case.NEVER_REGISTERED: "was uploaded and never deployed",
    Case.TEARDOWN_UNFINISHED: "is being removed (withdraw_traffic) without coming to an end",
    Case.DEPLOYING_TOO_LONG: "it should have come to an end",
    Case.NOT_INDEXED: "so nothing goes on with it",
    Case.NAME_UNUSED: "and there is no such endpoint",
    Case.DELETION_UNFINISHED: "it is hidden, and not gone",
}
"""What is said of each case in the garden."""
ALL = {rule.repair for case, rule in RULES.items() if case in TOLD and rule.repair}


@pytest.fixture
def garden(tmp_path: Path) -> Iterator[Garden]:
    options = Options(
        folder=tmp_path,
        in_memory=True,
        operation_seconds=0.5,
        message_lease=5,
        serving="light",
        azure_ml_options=("--cores", "400"),
        settings={**SHORT, **SETTINGS},
    )
    with LocalCloud(options) as cloud, closing(User(cloud.base_url)) as user:
        yield plant(cloud, user, Faults(cloud.azure_ml_url))


@pytest.mark.parametrize(
    ("repairs", "later"),
    [
        (SOME, 0),
        *(pytest.param(ALL, slices, marks=pytest.mark.proof) for slices in (0, 2, 5)),
    ],
)
def test_a_dry_run_tells_all_of_it_and_a_run_killed_in_its_repairs_does_just_these_and_once(
    garden: Garden, repairs: Set[Repair], later: int
) -> None:
    before = names_in(garden.cloud)
    pause(GAP)  # what was lost last is as old as it has to be

    dry = reconcile(garden.user, dry_run=True, kinds=KINDS)
    assert dry.cases == sorted(garden.wrong + garden.told)
    assert names_in(garden.cloud) == before
    check_words(dry)
    pause(GAP)

    faults = Faults(garden.cloud.azure_ml_url)
    faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    run_id = reconciling.begin(garden.user, kinds=KINDS)
    if repairs != SOME:
        kill_in_listing(garden.cloud, run_id)
    kill_in_each(garden.cloud, run_id, repairs, later)
    faults.clear()
    run = reconciling.finish(garden.user, run_id)

    assert run.run["state"] == "done", run.page
    assert run.repaired == garden.wrong, run.page
    assert run.cases == dry.cases
    check_end(garden, before)
    pause(GAP)
    assert reconcile(garden.user, kinds=KINDS).cases == garden.told


def kill_in_listing(cloud: LocalCloud, run_id: str) -> None:
    """Kills the worker while the run lists what there is, which takes seconds as every call of the cloud is slow."""
    stored = tables(cloud)

    def lists() -> bool:
        run = rows.load_run(stored, run_id)
        return run is not None and run.record.state is RunState.OBSERVING

    wait_until(lists, seconds=60, what="a turn that lists")
    cloud.kill_worker()
    run = rows.load_run(stored, run_id)
    assert run is not None
    assert run.record.state is RunState.OBSERVING


def kill_in_each(cloud: LocalCloud, run_id: str, repairs: Set[Repair], later: int) -> None:
    """Kills the worker in the first repair of each of these kinds, so many slices of time after it has begun.

    From the plan on the worker runs in slices; between them it stands still and is looked at.
    """
    stored, alive = tables(cloud), set(repairs)

    def planned() -> bool:
        return bool(list(rows.list_items(stored, run_id)))

    wait_until(planned, seconds=60, what="the plan")
    slow_down(worker(cloud, 0))  # until it is killed
    while alive:
        with frozen(cloud, 0) as pid:
            begun = {
                each.record.finding.rule.repair
                for each in rows.list_items(stored, run_id)
                if each.record.state is ItemState.BEGUN
            }
            run = rows.load_run(stored, run_id)
            assert run is not None
            assert not is_over(run.record), f"it ended without {alive}"
            hit = alive.intersection(begun)
        if not hit:
            pause(SLICE)
            continue
        alive -= hit
        pause(later * SLICE)
        cloud.kill_worker()
        wait_until(
            lambda: cloud.worker_pids[0] not in {None, pid}, seconds=60, what="another worker"
        )
        if alive:
            slow_down(worker(cloud, 0))


def check_words(dry: Report) -> None:
    """Each is told by what is wrong with it, and stands on the page for people, and so does what becomes of it."""
    assert set(TOLD) == {each["case"] for each in dry.items}
    texts: Mapping[str, str] = {each["case"]: each["text"] for each in dry.items}
    page = " ".join(dry.page.split())
    for case, words in TOLD.items():
        assert words in texts[case]
        assert words in page
    for each in dry.items:
        assert each["subject"] in page
        assert each["why"] == expected_why(each), each


def expected_why(item: Json) -> str:
    """Why nothing is done about a finding in the first run that saw it."""
    if not item["repair"]:
        return "for you to decide: nothing is done about it by itself"
    if item["case"] == Case.ENDPOINT_TAGS_OLD:  # that gives back only
        return "will be repaired (retag)"
    if item["case"] == Case.TRAFFIC_DIFFERS:  # Azure does not say since when
        return "nobody knows how old it is: its age counts from now on"
    return "a run at least a second after the first that saw it has to see it, too"


def check_end(garden: Garden, before: Mapping[str, list[str]]) -> None:
    """What was wrong is gone, what only looked so is there, and what was brought on has come to its end."""
    user = garden.user
    made = [user.wait_active(garden.ids[each]) for each in LOST]
    failed = user.wait(garden.ids["gone"], is_torn_down)
    late = garden.record("late").azure_model_name
    left = {kind: Counter(names) for kind, names in before.items()}
    for kind, gone, new in (
        ("models", {late}, {each["azure_model_name"] for each in made}),
        ("endpoints", {"gone", "late"}, set(LOST)),
        ("deployments", {"torn-down", "given-up"}, {each["deployment_name"] for each in made}),
    ):
        left[kind] -= Counter(gone)
        left[kind] += Counter(new)

    assert {kind: Counter(names) for kind, names in names_in(garden.cloud).items()} == left
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "gone_from_cloud")
    assert user.look_at_endpoint("routed")["traffic"] == {"first": 100}
    for each in ("stays", "first", "second", "broken", "replaced", "quiet", "tagged"):
        assert user.look(garden.ids[each])["status"] == "active"
