"""Schedules are read as NCRONTAB reads them, in UTC."""

import datetime as dt

import pytest

from local.host import schedule

NOW = dt.datetime(2026, 1, 15, 12, 0, 30, tzinfo=dt.UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 4 * * *", "2026-01-16 04:00:00"),
        ("0 4 * * *", "2026-01-16 04:00:00"),
        ("*/20 * * * * *", "2026-01-15 12:00:40"),
        ("30 0 12 * * *", "2026-01-16 12:00:30"),
        ("0 0 9 * * MON-FRI", "2026-01-16 09:00:00"),
        ("0 0 0 13 * 5", "2026-02-13 00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29 00:00:00"),
    ],
    ids=["six", "five", "seconds", "never-now", "names", "both-days-must-fit", "leap"],
)
def test_the_next_due_time_is_later_than_now(expression: str, expected: str) -> None:
    due = schedule.parse(expression).after(NOW)

    assert due == dt.datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    ("expression", "frequent"),
    [("*/30 * * * * *", True), ("0 * * * * *", False), ("0,30 0 4 * * *", True)],
)
def test_runs_less_than_a_minute_apart_are_frequent(expression: str, frequent: bool) -> None:
    assert schedule.parse(expression).is_frequent is frequent


@pytest.mark.parametrize(
    "text", ["", "@daily", "* * *", "0 61 * * * *", "00:05:00", "0 0 0 31 2 *"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"NCRONTAB|never due"):
        schedule.parse(text)
