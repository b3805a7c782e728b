"""A run has one turn at a time: its lease is kept up through the longest look, and a turn that has lost it stops."""

from collections.abc import Iterator
from typing import Any

from shared.domain.errors import CloudError, Trouble
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.runs import RunState
from shared.ports import Insert, Row
from shared.service import store
from shared.service.reconcile import begin, hints, run as running, sides
from shared.service.reconcile.begin import Wanted
from tests.service.reconciling import OLGA, Reconciled


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
