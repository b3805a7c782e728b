"""Two runs begin at night, one after the other; a tick that comes while another run goes on is not lost, and begins one run."""

import pytest

from shared.domain.errors import Conflict
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.runs import Run, RunState, is_over
from shared.service.reconcile import begin, rows
from shared.service.reconcile.begin import ARTIFACTS, NIGHTLY, Wanted
from tests.service.faults import meet_at, once_before
from tests.service.garden_of_files import add_dataset, put
from tests.service.reconciling import DAY, HOUR, OLGA, Reconciled


class Nights(Reconciled):
    """A world whose timers tick when they are told to."""

    def tick(self, areas: tuple[Area, ...]) -> None:
        begin.begin_nightly(self.ports, self.mint, self.policy, areas)

    def await_repair(self) -> None:
        """A file that is nobody's was found in one night, and the run has begun that may remove it."""
        add_dataset(self, "rows")
        put(self, "nobody's")
        self.sleep(8 * DAY)
        self.tick(ARTIFACTS)
        self.rest()
        self.sleep(DAY)
        self.tick(ARTIFACTS)

    def runs(self) -> list[Run]:
        """All runs, the first one first."""
        return list(rows.list_runs(self.tables))[::-1]

    def areas(self) -> list[set[str]]:
        return [set(each.areas) for each in self.runs()]

    def rest(self) -> None:
        """Goes on until no run is under way or wished for; every one that began has ended."""
        for _ in range(20):
            self.sweep()
            current = rows.load_current(self.tables)
            if current is None:
                break
            self.finish_run(current.record.id)
        assert rows.load_wish(self.tables) is None
        assert all(is_over(each) for each in self.runs())


def test_the_two_runs_of_a_night_look_at_everything_and_at_nothing_twice() -> None:
    assert {*ARTIFACTS, *NIGHTLY} == set(Area)
    assert not {*ARTIFACTS} & {*NIGHTLY}
    world = Nights()
    world.tick(ARTIFACTS)
    world.rest()
    world.tick(NIGHTLY)
    world.rest()
    assert world.areas() == [{*ARTIFACTS}, {*NIGHTLY}]
    assert {each.asked_by for each in world.runs()} == {"schedule"}


def test_a_run_that_is_due_while_another_goes_on_begins_when_that_has_ended() -> None:
    world = Nights()
    world.tick(ARTIFACTS)
    world.tick(NIGHTLY)
    assert world.areas() == [{*ARTIFACTS}]
    world.sleep(HOUR)
    world.sweep()  # reminds of the one under way, and begins no other
    assert world.areas() == [{*ARTIFACTS}]
    world.rest()
    assert world.areas() == [{*ARTIFACTS}, {*NIGHTLY}]
    world.sweep()
    assert len(world.runs()) == 2


def test_a_tick_that_comes_twice_begins_one_run() -> None:
    world = Nights()
    for _ in range(3):
        world.tick(ARTIFACTS)
    for _ in range(3):
        world.tick(NIGHTLY)
    world.rest()
    assert world.areas() == [{*ARTIFACTS}, {*NIGHTLY}]


def test_a_tick_that_comes_late_begins_what_it_would_have_in_time() -> None:
    world = Nights()
    world.tick(NIGHTLY)
    world.tick(ARTIFACTS)  # past due, after the other
    world.rest()
    assert world.areas() == [{*NIGHTLY}, {*ARTIFACTS}]


def test_what_both_wish_for_while_an_operators_run_goes_on_is_one_run() -> None:
    world = Nights()
    world.live()
    asked = begin.begin_run(
        world.ports, world.mint, world.policy, OLGA, Wanted(areas=(Area.REGISTRY,))
    )
    world.tick(ARTIFACTS)
    world.tick(NIGHTLY)
    assert [each.id for each in world.runs()] == [asked.id]
    world.rest()
    assert world.areas() == [{Area.REGISTRY}, set(Area)]


def test_a_dry_run_does_for_no_run_of_the_schedule() -> None:
    world = Nights()
    begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted(dry_run=True))
    world.tick(NIGHTLY)
    world.rest()
    assert [each.dry_run for each in world.runs()] == [True, False]


def test_a_run_that_repairs_for_a_day_does_not_do_for_the_next_night() -> None:
    world = Nights()
    world.await_repair()
    once_before(world.effects, "blob:copy", lambda: world.tick(ARTIFACTS))
    world.rest()
    assert len(world.runs()) == 3


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize(("one", "other"), [(ARTIFACTS, NIGHTLY), (NIGHTLY, ARTIFACTS)])
def test_two_timers_that_tick_at_once_begin_both(
    at: int, one: tuple[Area, ...], other: tuple[Area, ...]
) -> None:
    world = Nights()
    assert meet_at(world.effects, at, lambda: world.tick(one), lambda: world.tick(other))
    world.rest()
    looked = [area for areas in world.areas() for area in areas]
    assert sorted(looked) == sorted(Area)


def test_two_sweeps_at_once_begin_what_waits_once() -> None:
    world = Nights()
    world.tick(ARTIFACTS)
    world.tick(NIGHTLY)
    world.run_until(lambda: world.step_run(world.runs()[0].id))
    assert rows.load_wish(world.tables)
    once_before(world.effects, "reconciles:Insert+Insert+Delete", world.sweep)
    world.sweep()
    assert len(world.runs()) == 2
    world.rest()
    assert len(world.runs()) == 2


def test_what_waits_for_approval_is_not_superseded_by_a_run_over_something_else() -> None:
    world = Nights(policy=Policy(most_deletes=0))
    world.await_repair()
    world.rest()
    waits = world.runs()[-1]
    assert waits.state is RunState.NEEDS_APPROVAL
    world.tick(NIGHTLY)
    world.rest()

    assert begin.approve_run(world.ports, OLGA, waits.id, 1).state is RunState.REPAIRING
    world.rest()
    world.sleep(DAY)
    put(world, "another")
    world.sleep(8 * DAY)
    for _ in range(3):
        world.tick(ARTIFACTS)
        world.rest()
        world.sleep(DAY)
    earlier = world.runs()[-2]
    with pytest.raises(Conflict) as refused:
        begin.approve_run(world.ports, OLGA, earlier.id, 1)
    assert refused.value.code == "run_superseded"
