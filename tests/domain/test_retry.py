"""When to look again: what `retry` decides, shown on operations of any length."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_the_time_the_cloud_tells_is_believed_within_bounds() -> None:
    assert retry.retry_delay(Trouble.THROTTLED, 3, 17, 0.5) == 17
    assert retry.retry_delay(Trouble.THROTTLED, 3, 0, 0.5) == 1
    assert retry.retry_delay(Trouble.THROTTLED, 3, 1e9, 0.5) == 900


@given(st.integers(0, 1000), st.floats(0, 1))
def test_without_a_told_time_the_wait_is_between_a_second_and_two_minutes(
    attempts: int, jitter: float
) -> None:
    assert 1 <= retry.retry_delay(Trouble.TRANSIENT, attempts, None, jitter) <= 120


def test_a_role_that_has_not_arrived_yet_is_given_a_minute() -> None:
    assert retry.retry_delay(Trouble.AUTH, 0, None, 0.1) == 60


def test_a_permanent_refusal_is_not_tried_again_and_a_conflict_always_is() -> None:
    assert not retry.may_retry(Trouble.PERMANENT, 1)
    assert retry.may_retry(Trouble.TRANSIENT, 11)
    assert not retry.may_retry(Trouble.TRANSIENT, 12)
    assert retry.may_retry(Trouble.CONFLICT, 10_000)
