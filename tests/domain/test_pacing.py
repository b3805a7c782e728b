"""A burst begins at once, the rest one after another, and no more than a minute's worth waits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.domain import pacing

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
gaps = st.lists(st.integers(0, 5_000_000), max_size=200)


def pauses(count: int, per_minute: int) -> list[float]:
    """Of so many requests at one moment; those refused are left out."""
    turn, given = NOON, []
    for _ in range(count):
        slot = pacing.next_slot(turn, NOON, per_minute)
        turn = slot.next_turn
        if not slot.refused_for:
            given.append(slot.pause)
    return given


def test_a_single_request_begins_at_once() -> None:
    assert pauses(1, 120) == [0]


def test_a_clock_set_back_forgets_the_turns_that_were_given() -> None:
    slot = pacing.next_slot(NOON + timedelta(hours=1), NOON, 120)
    assert (slot.pause, slot.refused_for) == (0, 0)


def test_what_comes_after_the_burst_begins_one_after_another() -> None:
    assert pauses(14, 120) == [0] * 10 + [0.5, 1, 1.5, 2]


def test_a_minutes_worth_waits_and_the_rest_is_refused() -> None:
    waiting = pauses(1000, 120)
    assert len(waiting) == pacing.BURST + 120
    assert max(waiting) == 60


def test_a_refused_request_is_met_after_the_seconds_it_is_told() -> None:
    turn = NOON
    while not (slot := pacing.next_slot(turn, NOON, 120)).refused_for:
        turn = slot.next_turn
    later = NOON + timedelta(seconds=slot.refused_for)
    assert not pacing.next_slot(slot.next_turn, later, 120).refused_for


@pytest.mark.parametrize("per_minute", [1, 7, 120, 6000])
@given(gaps=gaps)
def test_no_minute_begins_more_than_its_share_and_a_burst(per_minute: int, gaps: list[int]) -> None:
    now, turn, begun = NOON, NOON, []
    for gap in gaps:
        now += timedelta(microseconds=gap)
        slot = pacing.next_slot(turn, now, per_minute)
        assert slot.next_turn >= turn
        turn = slot.next_turn
        if not slot.refused_for:
            begun.append(now + timedelta(seconds=slot.pause))
    for start in begun:
        end = start + timedelta(minutes=1)
        within = sum(start <= each < end for each in begun)
        assert within <= per_minute + pacing.BURST
