"""A run has one turn at a time: its lease is kept up through the longest look, and a turn that has lost it stops."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.errors import CloudError, Trouble
from shared.domain.policy import RECONCILE_JOBS, Policy
from shared.domain.reconcile.findings import Area, Case
from shared.domain.reconcile.runs import ItemState, RunState
from shared.ports import Insert, Row
from shared.service import store
from shared.service.reconcile import begin, hints, run as running, sides
from shared.service.reconcile.begin import Wanted
from tests.service.reconciling import DAY, HOUR, OLGA, Reconciled, tags_of
from tests.service.test_reconcile_races import left_over
from tests.service.world import HOST_LEASE


def test_a_look_that_takes_far_longer_than_a_lease_keeps_it() -> None:
    world = Reconciled(policy=Policy(lease=60))
    for _ in range(8):
        world.live()
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())
    real, others = world.cloud.list_deployments, []

    def slow(endpoint_name: str) -> Any:
        world.clock.advance(15)
        before = world.run(begun.id)
        running.run_turn(world.reconcile_ports, world.policy, hints.RunHint(run_id=begun.id))
        others.append(world.run(begun.id) == before)
        return real(endpoint_name)

    world.cloud.list_deployments = slow  # type: ignore[method-assign]

    assert world.finish_run(begun.id).run.state is RunState.DONE
    assert len(others) == 8
    assert all(others)


def test_rows_that_are_nothing_to_be_compared_keep_the_lease_as_all_others_do() -> None:
    world = Reconciled()
    for number in range(2000):
        key = f"{store.REQUEST}{number:05}"
        row = Row(partition="user", key=key, values={"at": "2026-01-01T00:00:00+00:00"})
        world.tables.commit(store.RECORDS, [Insert(row)])
    kept: list[int] = []
    passed: list[Row] = []
    with world.reconcile_ports.joins.open() as join:
        laid = sides.lay_records(world.tables, join, lambda: kept.append(1), passed.append)

    assert (laid, len(passed)) == (0, 2000)
    assert len(kept) >= 2000 / sides.EACH_PAGE


def test_of_a_cloud_that_does_not_answer_the_first_turn_says_so_and_no_other_asks_it_too() -> None:
    world = Reconciled(policy=Policy(lease=60))
    world.live()
    asked = []

    def hangs() -> Iterator[Any]:
        asked.append(1)
        for _ in range(17):  # tries of 20 s, and waits of 30 s between them
            world.clock.advance(10)
            world.sweep()
            world.step_run(begun.id)  # by another worker
        yield from ()
        raise CloudError(Trouble.TRANSIENT, "timeout", "no answer")

    world.cloud.list_endpoints = hangs  # type: ignore[method-assign]
    world.cloud.list_models = hangs  # type: ignore[method-assign]
    wanted = Wanted(areas=(Area.ENDPOINTS, Area.REGISTRY))
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, wanted)
    report = world.finish_run(begun.id)

    assert report.run.state is RunState.DONE
    told = "Azure ML did not tell all there is (timeout: no answer)"
    assert report.run.unknown == {"endpoints": told, "registry": told}
    assert len(asked) == 2


def test_a_turn_that_sleeps_through_its_lease_writes_nothing_more() -> None:
    world = Reconciled()
    world.live()
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())
    real, second = world.cloud.list_models, []

    def sleepy() -> Any:
        world.cloud.list_models = real  # type: ignore[method-assign]
        world.clock.advance(4 * world.policy.lease + 1)
        running.run_turn(world.reconcile_ports, world.policy, hints.RunHint(run_id=begun.id))
        second.append(world.run(begun.id))
        return real()

    world.cloud.list_models = sleepy  # type: ignore[method-assign]
    running.run_turn(world.reconcile_ports, world.policy, hints.RunHint(run_id=begun.id))

    assert second[0].state is RunState.DONE
    assert world.run(begun.id) == second[0]


def test_a_run_whose_turns_never_end_is_given_up() -> None:
    world = Reconciled()
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())

    def broken() -> Any:
        raise ZeroDivisionError

    world.cloud.list_models = broken  # type: ignore[method-assign]
    for _ in range(6):
        try:
            running.run_turn(world.reconcile_ports, world.policy, hints.RunHint(run_id=begun.id))
        except ZeroDivisionError:
            world.clock.advance(1)

    ended = world.run(begun.id)
    assert ended.state is RunState.FAILED
    assert ended.trouble == "ZeroDivisionError in a turn: see the log"
    begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())


def waiting() -> tuple[Reconciled, str]:
    """A run that waits for a removal which does not come to an end for hours."""
    world, _, _ = left_over()
    world.cloud.operation_seconds = 9 * HOUR
    return world, begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted()).id


def test_a_run_that_waits_is_gone_on_with_by_one_hint_however_often_the_sweep_comes_by() -> None:
    world, run_id = waiting()
    turns = 0
    for _ in range(45):
        world.run_for(60)
        while message := world.queue.receive(RECONCILE_JOBS, lease=HOST_LEASE):
            running.run_turn(world.reconcile_ports, world.policy, hints.parse(message.text))
            world.queue.delete(RECONCILE_JOBS, message)
            turns += 1

    assert world.run(run_id).state is RunState.REPAIRING
    assert 10 < turns < 120


def test_a_run_whose_hint_was_lost_is_gone_on_with_by_the_sweep() -> None:
    world, run_id = waiting()
    world.run_until(lambda: world.step_run(run_id) or world.run(run_id).due_at is not None)
    due_at = world.run(run_id).due_at
    while message := world.queue.receive(RECONCILE_JOBS, lease=1):
        world.queue.delete(RECONCILE_JOBS, message)
    world.sleep(60)
    while message := world.queue.receive(RECONCILE_JOBS, lease=1):
        world.queue.delete(RECONCILE_JOBS, message)

    world.run_until(lambda: world.step_run(run_id) or world.run(run_id).due_at != due_at)

    assert world.run(run_id).state is RunState.REPAIRING


def test_what_is_in_use_for_long_does_not_hold_up_the_runs_to_come() -> None:
    world = Reconciled()
    record, other = world.live(), world.live()
    world.delete(record)
    world.settle()
    world.register(record.azure_model_name, tags_of(record), record)
    world.put_in_cloud(
        other.endpoint_name, "theirs", replace(record, azure_model_version="1"), {"team": "physics"}
    )
    world.sleep(8 * DAY)

    report = world.nightly(nights=2)

    item = report.of(Case.MODEL_WITHOUT_RECORD)
    assert (item.state, item.outcome[:18]) == (ItemState.SKIPPED, "ModelVersionInUse:")
    assert report.run.finished_at is not None
    assert report.run.finished_at - report.run.created_at < timedelta(minutes=30)
