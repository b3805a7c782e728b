"""When to look again: what `retry` decides, shown on operations of any length."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from shared.domain import retry
from shared.domain.errors import Trouble

seconds = st.floats(min_value=0, max_value=7200, allow_nan=False)


def watch(takes: float, expected: float, late: Callable[[], float] = float) -> tuple[int, float]:
    """How many looks it took to see the end, and when the last was due; each comes `late` seconds late."""
    elapsed, looks, due = 0.0, 0, 0.0
    while elapsed < takes:
        due = elapsed + retry.poll_delay(elapsed, expected)
        elapsed = due + late()
        looks += 1
    return looks, due


def learned(takes: float, runs: int, late: Callable[[], float] = float) -> float:
    """The estimate after some runs that all took as long."""
    expected = 0.0
    for _ in range(runs):
        _, due = watch(takes, expected, late)
        expected = retry.learn(expected, due)
    return expected


@given(seconds, seconds)
def test_a_look_comes_after_whole_seconds_between_one_and_240(
    elapsed: float, expected: float
) -> None:
    delay = retry.poll_delay(elapsed, expected)

    assert 1 <= delay <= 240
    assert delay == int(delay)


@given(st.floats(min_value=1, max_value=3600))
def test_without_experience_an_operation_is_seen_to_end_within_a_quarter_of_its_time(
    takes: float,
) -> None:
    _, due = watch(takes, 0)

    assert due <= takes * 1.25 + 1


@pytest.mark.parametrize("takes", [2, 6, 30, 90, 360, 1800])
@pytest.mark.parametrize("runs", [1, 2, 5, 20])
def test_with_experience_the_end_is_seen_soon_after_it_in_few_looks(
    takes: float, runs: int
) -> None:
    looks, due = watch(takes, learned(takes, runs))

    assert due <= takes * 1.05 + 2
    assert looks <= 8 + takes / 60


@pytest.mark.parametrize("takes", [6, 90])
def test_looks_that_come_late_do_not_make_the_estimate_later(takes: float) -> None:
    assert learned(takes, 30, late=lambda: 2.0) <= takes


def test_looks_after_a_long_outage_do_not_make_the_estimate_later() -> None:
    lateness = iter([0.0, 3600.0])

    assert learned(3, 1, late=lambda: next(lateness)) <= 3


def test_an_operation_that_takes_a_hundred_times_as_long_as_expected_costs_few_looks() -> None:
    looks, due = watch(600, learned(6, 5))

    assert looks < 50
    assert due <= 630


def test_an_operation_that_became_faster_is_found_out() -> None:
    expected = learned(360, 3)
    for _ in range(12):
        _, due = watch(120, expected)
        expected = retry.learn(expected, due)

    assert expected <= 120 * 1.05


@given(seconds, st.floats(min_value=1, max_value=7200))
def test_an_estimate_is_never_negative_nor_beyond_what_was_seen(
    expected: float, due: float
) -> None:
    assert 0 <= retry.learn(expected, due) <= max(expected, due)


@pytest.mark.parametrize(
    ("told", "least", "most"), [(17, 17, 18.7), (0.2, 1, 1.1), (86_400, 800, 900)]
)
def test_the_time_the_cloud_tells_is_kept_to_within_bounds_and_spread(
    told: float, least: float, most: float
) -> None:
    for trouble in (Trouble.THROTTLED, Trouble.TRANSIENT, Trouble.CONFLICT, Trouble.AUTH):
        waits = [retry.retry_delay(trouble, 3, told, jitter) for jitter in (0, 0.5, 1)]
        assert least <= waits[0] < waits[1] < waits[2] <= most + 1e-9


@pytest.mark.parametrize(
    ("told", "bounded"), [(None, None), (-3600, None), (math.nan, None), (0.2, 1), (1e300, 900)]
)
def test_a_told_time_is_handed_on_within_bounds(told: float | None, bounded: float | None) -> None:
    assert retry.bound_told(told) == bounded


@pytest.mark.parametrize("told", [0.0, -1.0, -86_400.0, math.nan])
def test_a_told_time_that_is_not_in_the_future_says_nothing(told: float) -> None:
    for trouble in Trouble:
        assert retry.retry_delay(trouble, 4, told, 0.5) == retry.retry_delay(trouble, 4, None, 0.5)


@given(st.sampled_from(Trouble), st.integers(0, 1000), st.floats(), st.floats(0, 1))
def test_every_trouble_is_waited_for_between_a_second_and_15_minutes(
    trouble: Trouble, attempts: int, told: float, jitter: float
) -> None:
    for retry_after in (None, told):
        wait = retry.retry_delay(trouble, attempts, retry_after, jitter)
        assert 1 <= wait <= retry.LONGEST_WAIT + 1e-9


def test_twelve_attempts_last_longer_than_six_minutes_however_the_dice_fall() -> None:
    attempts = range(retry.MAX_ATTEMPTS[Trouble.TRANSIENT])
    waits = [retry.retry_delay(Trouble.TRANSIENT, each, None, 0) for each in attempts]
    assert sum(waits) > 300
    assert max(waits) <= 120


@pytest.mark.parametrize("trouble", Trouble)
def test_trouble_ends_unless_it_is_somebody_elses_turn(trouble: Trouble) -> None:
    others = trouble in (Trouble.THROTTLED, Trouble.CONFLICT)
    assert retry.may_retry(trouble, 1000, 100_000) is others


def test_a_permanent_refusal_is_not_tried_again_and_a_momentary_trouble_twelve_times() -> None:
    assert not retry.may_retry(Trouble.PERMANENT, 1, 0)
    assert retry.may_retry(Trouble.TRANSIENT, 11, 0)
    assert not retry.may_retry(Trouble.TRANSIENT, 12, 0)


def test_a_role_that_has_not_arrived_yet_has_ten_minutes_however_many_looks_that_takes() -> None:
    assert retry.may_retry(Trouble.AUTH, 1000, 599)
    assert not retry.may_retry(Trouble.AUTH, 1, 600)
    waits = [retry.retry_delay(Trouble.AUTH, 0, None, jitter) for jitter in (0, 1)]
    assert waits == [30, 60]


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_what_has_taken_long_is_looked_at_seldom_but_never_later_than_15_minutes(
    seconds: float, elapsed: float
) -> None:
    slowed = retry.slow_down(seconds, elapsed)
    assert slowed >= seconds
    assert slowed == seconds or slowed <= min(retry.LONGEST_WAIT, elapsed / 30)


def test_an_endless_step_is_looked_at_less_than_a_thousand_times_in_a_week() -> None:
    elapsed, looks = 0.0, 0
    while elapsed < 7 * 24 * 3600:
        elapsed += retry.slow_down(1.0, elapsed)
        looks += 1
    assert looks < 1000
    assert retry.slow_down(1.0, 60) == 2


@pytest.mark.parametrize(("left", "wait"), [(500, 300), (30, 30), (0.1, 1), (-900, 1)])
def test_a_wait_ends_with_the_deadline(left: float, wait: float) -> None:
    assert retry.keep_deadline(300, left) == wait
