"""How deployments were used, by UTC day: which days are still to be measured, sums, and since when an endpoint is idle.

A day that is not known is never taken for one without requests.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.domain.records import Deployment, Kept

ASKED_DAYS = 7
"""For so many days a day is asked for again where it could not be measured."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfUse(Kept):
    """How a deployment was used on a UTC day; None is what the cloud did not tell, as in `Metrics` of the ports."""

    user_key: str
    deployment_id: str
    deployment_name: str
    endpoint_name: str
    day: date
    measured_at: datetime
    requests: int | None = None
    client_errors: int | None = None
    server_errors: int | None = None
    latency_ms: float | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sum of some days, of which `known_days` have a number of requests; None where none has.

    `latency_ms` is the mean of all requests whose latency is known.
    """

    known_days: int = 0
    requests: int | None = None
    client_errors: int | None = None
    server_errors: int | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """From when to when a deployment could be called; it still can where `until` is None."""

    deployment_id: str
    since: datetime
    until: datetime | None = None

    def is_on(self, day: date) -> bool:
        """Whether it could be called at some time of a UTC day."""
        return self.since.date() <= day and (self.until is None or day <= self.until.date())


def life_of(record: Deployment) -> Life | None:
    """The life of a deployment, which ends when the cloud has nothing of it any more; None where it never was live."""
    if record.deployed_at is None:
        return None
    return Life(deployment_id=record.id, since=record.deployed_at, until=record.torn_down_at)


def days_to_measure(life: Life, known: Collection[date], now: datetime) -> list[date]:
    """The days that have ended, of the last `ASKED_DAYS`, on which it lived and of which nothing is known; newest first."""
    ended = (now.date() - _DAY * number for number in range(1, ASKED_DAYS + 1))
    return [day for day in ended if life.is_on(day) and day not in known]


def span_of(day: date, life: Life) -> tuple[datetime, datetime]:
    """What to measure of a day: all of it, or from the whole hour on in which the life began."""
    since = max(midnight(day), life.since.replace(minute=0, second=0, microsecond=0))
    return since, midnight(day + _DAY)


def is_kept(record: DayOfUse, now: datetime) -> bool:
    """Whether what was measured is final: it has a number of requests, or will not be asked for again."""
    return record.requests is not None or record.day <= now.date() - _DAY * ASKED_DAYS


def first_day(days: int, now: datetime) -> date:
    """The first of so many days, of which the last is the day before this one."""
    return now.date() - _DAY * days


def midnight(day: date) -> datetime:
    """When a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def sum_up(rows: Iterable[DayOfUse]) -> Totals:
    """The sum of some days."""
    known = [each for each in rows if each.requests is not None]
    if not known:
        return Totals()
    timed = [(each.latency_ms, each.requests or 0) for each in known if each.latency_ms is not None]
    count = sum(number for _, number in timed)
    return Totals(
        known_days=len(known),
        requests=_sum(each.requests for each in known),
        client_errors=_sum(each.client_errors for each in known),
        server_errors=_sum(each.server_errors for each in known),
        latency_ms=sum(each * number for each, number in timed) / count if count else None,
    )


def idle_since(rows: Iterable[DayOfUse], lives: Collection[Life], now: datetime) -> datetime | None:
    """Since when an endpoint has had no request, as far as the last midnight; None where that is not known.

    `rows` and `lives` are those of all deployments that it has and had. Every day since then is known of every deployment
    that lived on it; the day before had requests, or is not known, or there was no deployment yet. So it may have been idle
    for longer, never for less. What Longshore scores to verify a deployment is a request of the day it began.
    """
    requests = {(each.deployment_id, each.day): each.requests for each in rows}
    busy = {day for (_, day), number in requests.items() if number}
    if not lives:
        return None
    beginning, since = min(life.since for life in lives), None
    day = now.date() - _DAY
    while day >= beginning.date() and day not in busy:
        if any(
            requests.get((life.deployment_id, day)) is None for life in lives if life.is_on(day)
        ):
            break
        since = max(midnight(day), beginning)
        day -= _DAY
    return since


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [each for each in numbers if each is not None]
    return sum(known) if known else None
