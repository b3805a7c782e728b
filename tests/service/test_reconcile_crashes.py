"""A run that dies, or loses an answer, at any of its effects comes to the same end."""

import pytest

from shared.domain.reconcile.runs import ItemState, RunState
from shared.domain.records import Status
from shared.service.reconcile import begin, rows
from shared.service.reconcile.begin import Wanted
from tests.service.faults import Died, Fault
from tests.service.garden import Garden, plant
from tests.service.reconciling import HOUR, OLGA, Report

PARTS, NEVER = 8, 10**6


def seen_once() -> Garden:
    garden = plant()
    garden.world.reconcile(dry_run=True)
    garden.world.sleep(2 * HOUR)
    return garden


def run_with(garden: Garden, at: int, fault: Fault) -> Report:
    world = garden.world
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())
    world.effects.plan(at, fault)
    report = world.finish_run(begun.id)
    assert at < len(world.effects.names) or at == NEVER
    world.effects.planned = {}
    return report


def count_effects() -> int:
    garden = seen_once()
    run_with(garden, NEVER, Fault.DIES_BEFORE)
    return len(garden.world.effects.names)


def check(garden: Garden, report: Report) -> None:
    assert report.run.state is RunState.DONE, report.run
    states = {each.state for each in report.items}
    assert states <= {ItemState.NONE, ItemState.REPAIRED}, report.items
    assert report.repaired == garden.wrong
    assert rows.load_current(garden.world.tables) is None
    garden.world.sleep(2 * HOUR)
    assert garden.world.reconcile().cases == garden.told
    assert all(garden.world.read(each).status is Status.ACTIVE for each in garden.kept)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    "fault",
    [
        *(Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.ANSWER_LOST),
        pytest.param(Fault.NOT_DONE, marks=pytest.mark.proof),
        pytest.param(Fault.RETRY_REFUSED, marks=pytest.mark.proof),
    ],
)
def test_one_fault_anywhere_changes_nothing_in_the_end(fault: Fault, part: int) -> None:
    for at in range(part, count_effects(), PARTS):
        garden = seen_once()
        check(garden, run_with(garden, at, fault))


def test_a_run_that_dies_in_each_of_its_repairs_comes_to_the_same_end() -> None:
    garden, died = seen_once(), set[int]()
    world = garden.world
    begun = begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())

    def die_once_in_each(_effect: str) -> None:
        items = (each.record for each in rows.list_items(world.tables, begun.id))
        new = {each.number for each in items if each.state is ItemState.BEGUN} - died
        if new:
            died.update(new)
            raise Died(f"repairs {new}")

    world.effects.before = die_once_in_each
    report = world.finish_run(begun.id)
    world.effects.before = lambda _effect: None

    assert len(died) == len(garden.wrong) > 5
    check(garden, report)
