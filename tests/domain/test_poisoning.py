"""What a poison message means: the record's crashes decide, never the message or its copies."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import leases, plans, poisoning, progress
from shared.domain.outcomes import Done, Wait
from shared.domain.poisoning import CRASHES_TO_GIVE_UP, GiveUp, Ignore, TryAgain
from shared.domain.records import Deployment, Plan, Step
from tests.domain.examples import NOW, deployment

SOON = NOW + timedelta(minutes=1)


def standing(plan: Plan = Plan.DEPLOY, **work: Any) -> Deployment:
    begun = plans.start_work(plan, NOW, NOW + timedelta(hours=1))
    return replace(deployment(), work=replace(begun, **work))


def crash(record: Deployment, times: int) -> Deployment:
    for _ in range(times):
        record, _ = poisoning.after_crash(record, KeyError())
    return record


def tried(record: Deployment) -> TryAgain:
    decision = poisoning.decide_poison(record, record.work.due_at)
    assert isinstance(decision, TryAgain)
    return decision


@pytest.mark.parametrize(
    "record",
    [
        standing(step=None),
        standing(due_at=SOON),
        leases.take_lease(standing(crashes=5), "another", SOON),
    ],
    ids=["finished", "waiting", "leased"],
)
def test_what_is_finished_waits_or_is_worked_on_is_left_alone(record: Deployment) -> None:
    assert poisoning.decide_poison(record, NOW) == Ignore()


def test_a_record_whose_turns_did_not_crash_goes_on_at_once_and_is_noted_once() -> None:
    first = tried(standing())
    assert (first.seconds, first.record.work.due_at) == (0, NOW)
    assert poisoning.decide_poison(first.record, NOW) == Ignore()


def test_no_number_of_poison_messages_fails_a_record_whose_turns_do_not_crash() -> None:
    record = standing(trouble="storage")
    for _ in range(50):
        decision = poisoning.decide_poison(record, NOW)
        assert not isinstance(decision, GiveUp)
        assert not poisoning.must_give_up(record.work)
        if isinstance(decision, TryAgain):
            record = decision.record


def test_a_record_whose_turns_crash_gets_a_second_chance_after_a_pause_and_no_third() -> None:
    chance = tried(crash(standing(), 5))
    assert chance.seconds == poisoning.FIRST_PAUSE
    copy = poisoning.decide_poison(chance.record, chance.record.work.due_at)
    assert copy == Ignore()  # nothing has crashed since
    again = crash(chance.record, CRASHES_TO_GIVE_UP)
    assert poisoning.decide_poison(again, again.work.due_at) == GiveUp()
    assert poisoning.must_give_up(again.work)
    assert not poisoning.must_give_up(crash(chance.record, CRASHES_TO_GIVE_UP - 1).work)


@pytest.mark.parametrize("plan", [Plan.DELETE, Plan.ABANDON])
def test_a_removal_goes_on_for_ever_at_a_pace_that_slows_to_an_hour(plan: Plan) -> None:
    record, pauses = standing(plan), []
    for _ in range(30):
        chance = tried(crash(record, 5))
        assert not poisoning.must_give_up(crash(chance.record, 5).work)
        pauses.append(chance.seconds)
        record = chance.record
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (poisoning.FIRST_PAUSE, poisoning.LONGEST_PAUSE)


def test_any_turn_that_ends_in_order_forgets_the_crashes_before_it() -> None:
    record = crash(tried(crash(standing(), 5)).record, CRASHES_TO_GIVE_UP)
    waited = progress.after_wait(record, Wait(why=""), 1, NOW)
    done = progress.after_done(record, Step.PREPARE, Done(text=""), NOW)
    for work in (waited.work, done.work):
        assert (work.crashes, work.second_chance) == (0, None)


def test_the_failure_is_an_operators_and_tells_no_more_than_the_kind_of_error() -> None:
    record, text = poisoning.after_crash(standing(), ValueError("AccountKey=s3cret"))
    failure = poisoning.turns_crash(record)
    assert (failure.code, failure.whose_turn) == ("turn_crashed", "operator")
    assert "ValueError" in text
    assert "s3cret" not in f"{record} {text} {failure}"
