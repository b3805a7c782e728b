"""Days of use: which are still to be measured, what they add up to, and since when an endpoint is idle."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.domain import usage
from shared.domain.records import Status
from shared.domain.usage import DayOfUse, Life, Totals
from tests.domain.examples import deployment

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
BORN = datetime(2026, 3, 10, 13, 37, tzinfo=UTC)
BLUE = Life(deployment_id="blue", since=BORN)


def march(number: int) -> date:
    return date(2026, 3, number)


def at_midnight(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def day(number: int, requests: int | None = 0, of: str = "blue", **more: float) -> DayOfUse:
    told: dict[str, object] = {"client_errors": None, "server_errors": None}
    return DayOfUse(
        user_key="a" * 32,
        deployment_id=of,
        deployment_name=of,
        endpoint_name="shop",
        day=march(number),
        measured_at=NOW,
        requests=requests,
        **told | more,  # type: ignore[arg-type]  # numbers by name
    )


def days(first: int, last: int, requests: int | None = 0, of: str = "blue") -> list[DayOfUse]:
    return [day(number, requests, of) for number in range(first, last + 1)]


def test_a_deployment_lives_from_when_it_was_deployed_until_nothing_of_it_is_left() -> None:
    record = deployment()
    assert usage.life_of(record) is None
    live = replace(record, status=Status.ACTIVE, deployed_at=BORN)
    assert usage.life_of(live) == BLUE
    going = replace(live, status=Status.DELETED, deleted_at=NOW)
    assert usage.life_of(going) == BLUE
    gone = replace(going, torn_down_at=NOW)
    assert usage.life_of(gone) == replace(BLUE, until=NOW)


def test_the_days_that_have_ended_are_measured_newest_first_and_once() -> None:
    assert usage.days_to_measure(BLUE, [], NOW) == [march(day) for day in range(19, 12, -1)]
    known = {march(19), march(17)}
    assert usage.days_to_measure(BLUE, known, NOW) == [march(day) for day in (18, 16, 15, 14, 13)]
    young = replace(BLUE, since=at_midnight(18) + timedelta(hours=23))
    assert usage.days_to_measure(young, [], NOW) == [march(19), march(18)]
    assert usage.days_to_measure(replace(BLUE, since=NOW), [], NOW) == []
    dead = replace(BLUE, until=at_midnight(14))
    assert usage.days_to_measure(dead, [], NOW) == [march(14), march(13)]


def test_a_day_is_measured_from_the_hour_on_in_which_the_life_began() -> None:
    assert usage.span_of(march(11), BLUE) == (at_midnight(11), at_midnight(12))
    assert usage.span_of(march(10), BLUE) == (at_midnight(10).replace(hour=13), at_midnight(11))


def test_what_is_not_known_is_final_when_it_is_not_asked_for_again() -> None:
    assert usage.is_kept(day(19, 0), NOW)
    assert not usage.is_kept(day(19, None), NOW)
    assert not usage.is_kept(day(14, None), NOW)
    assert usage.is_kept(day(13, None), NOW)
    assert march(13) in usage.days_to_measure(BLUE, [], NOW)
    assert march(12) not in usage.days_to_measure(BLUE, [], NOW)


def test_days_add_up_and_latency_counts_by_requests() -> None:
    found = [
        day(19, 9, client_errors=2, server_errors=0, latency_ms=10.0),
        day(18, 1, client_errors=0, server_errors=1, latency_ms=30.0),
        day(17, 0, client_errors=0, server_errors=0),
        day(16, 5),
        day(15, None),
    ]
    assert usage.sum_up(found) == Totals(
        known_days=4, requests=15, client_errors=2, server_errors=1, latency_ms=12.0
    )
    assert usage.sum_up([]) == usage.sum_up([day(15, None)]) == Totals()
    assert usage.sum_up([day(15, 0)]) == Totals(known_days=1, requests=0)


def test_an_endpoint_is_idle_since_the_midnight_after_its_last_request() -> None:
    rows = [*days(10, 14), day(15, 3), *days(16, 19)]
    assert usage.idle_since(rows, [BLUE], NOW) == at_midnight(16)


def test_one_that_was_never_called_is_idle_since_it_began() -> None:
    assert usage.idle_since(days(10, 19), [BLUE], NOW) == BORN


def test_one_that_was_called_yesterday_is_not_idle() -> None:
    assert usage.idle_since([*days(10, 18), day(19, 1)], [BLUE], NOW) is None


def test_one_that_began_today_or_has_no_deployment_is_not_known_to_be_idle() -> None:
    assert usage.idle_since([], [replace(BLUE, since=NOW)], NOW) is None
    assert usage.idle_since([], [], NOW) is None
    assert usage.idle_since(days(10, 19), [], NOW) is None


@pytest.mark.parametrize("unknown", [[], [day(15, None)]])
def test_a_day_that_is_not_known_ends_what_is_known_of_its_idleness(
    unknown: list[DayOfUse],
) -> None:
    assert usage.idle_since([*days(10, 14), *unknown, *days(16, 19)], [BLUE], NOW) == at_midnight(
        16
    )


@pytest.mark.parametrize("unknown", [[], [day(19, None)]])
def test_nothing_is_known_where_yesterday_is_not(unknown: list[DayOfUse]) -> None:
    assert usage.idle_since([*days(10, 18), *unknown], [BLUE], NOW) is None


def test_every_deployment_of_the_endpoint_has_to_be_known_while_it_lived() -> None:
    green = Life(deployment_id="green", since=at_midnight(17))
    rows = days(10, 19)
    assert usage.idle_since(rows, [BLUE, green], NOW) is None
    rows += days(18, 19, of="green")
    assert usage.idle_since(rows, [BLUE, green], NOW) == at_midnight(18)
    rows += days(17, 17, of="green")
    assert usage.idle_since(rows, [BLUE, green], NOW) == BORN
    assert usage.idle_since([*rows, day(18, 1, of="green")], [BLUE, green], NOW) == at_midnight(19)


def test_the_day_on_which_a_deployment_went_counts_only_where_it_is_known() -> None:
    green = Life(deployment_id="green", since=BORN, until=at_midnight(15).replace(hour=9))
    rows = [*days(10, 19), *days(10, 14, of="green")]
    assert usage.idle_since(rows, [BLUE, green], NOW) == at_midnight(16)
    rows += days(15, 15, of="green")
    assert usage.idle_since(rows, [BLUE, green], NOW) == BORN


def test_a_call_of_one_whose_record_is_gone_counts() -> None:
    rows = [*days(10, 19), day(16, 4, of="forgotten")]
    assert usage.idle_since(rows, [BLUE], NOW) == at_midnight(17)


@given(
    numbers=st.lists(st.none() | st.integers(0, 2), min_size=10, max_size=10),
    others=st.lists(st.none() | st.integers(0, 2), min_size=10, max_size=10),
)
def test_no_day_since_then_is_unknown_or_had_a_request(
    numbers: list[int | None], others: list[int | None]
) -> None:
    green = Life(deployment_id="green", since=at_midnight(12))
    rows = [day(10 + at, number) for at, number in enumerate(numbers)]
    rows += [day(10 + at, number, of="green") for at, number in enumerate(others) if at >= 2]

    since = usage.idle_since(rows, [BLUE, green], NOW)

    quiet = {
        each: all(row.requests == 0 for row in rows if row.day == each)
        for each in (march(number) for number in range(10, 20))
    }
    if since is None:
        assert not quiet[march(19)]
    else:
        assert all(quiet[each] for each in quiet if each >= since.date())
        before = since.date() - timedelta(days=1)
        assert before < march(10) or not quiet[before]
