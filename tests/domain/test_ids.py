"""Ids: readable, sortable, and read back as themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.domain import ids

MOMENTS = st.integers(0, 253_402_300_799_999_999)  # to the end of the year 9999
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone


@given(MOMENTS)
def test_a_moment_is_20_digits_and_back(moment: int) -> None:
    text = ids.render_id(moment)
    assert len(text) == 20
    assert ids.parse_id(text) == moment


@given(MOMENTS, MOMENTS)
def test_ids_sort_by_time_and_row_keys_newest_first(one: int, other: int) -> None:
    a, b = ids.render_id(one), ids.render_id(other)
    assert (a < b) == (one < other)
    assert (ids.newest_first(a) > ids.newest_first(b)) == (one < other)


@given(st.text(max_size=24))
def test_no_text_breaks_the_reading_of_an_id(text: str) -> None:
    assert ids.parse_id(text) is None or ids.render_id(ids.parse_id(text) or 0) == text
    parsed = ids.parse_artifact_id(text)
    assert parsed is None or ids.render_artifact_id(*parsed) == text


@given(TIMES)
def test_a_time_keeps_its_microseconds(time: datetime) -> None:
    assert ids.to_datetime(ids.to_moment(time)) == time


@given(st.sampled_from(["model", "dataset", "code"]), st.integers(1, 999_999), MOMENTS)
def test_an_artifact_id_reads_back_as_itself(kind: str, n: int, moment: int) -> None:
    moment = moment % 10**16
    assert ids.parse_artifact_id(ids.render_artifact_id(kind, n, moment)) == (kind, n, moment)


@given(st.lists(st.integers(-(10**6), 10**6), max_size=50))
def test_moments_only_grow_whatever_the_clock_does(steps: list[int]) -> None:
    now, last = datetime(2026, 1, 1, tzinfo=UTC), 0
    for step in steps:
        now += timedelta(microseconds=step)
        moment = ids.next_moment(now, last)
        assert moment > last
        assert moment >= ids.to_moment(now)
        last = moment


@pytest.mark.parametrize(
    "text", ["2026", "20261301000000000000", "20260230000000000000", "x" * 20, "²" * 20]
)
def test_what_names_no_time_is_no_id(text: str) -> None:
    assert ids.parse_id(text) is None


def test_an_artifact_id_is_written_as_people_know_it() -> None:
    assert ids.render_artifact_id("code", 2, 1763490543100000) == "code-2-1763490543100000"
