"""How a deployment was used, as the API shows it."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from shared.domain.usage import DayOfUse
from shared.service.usage import UsageView

_UNKNOWN = "null where the cloud did not tell."


class UsageTotals(BaseModel):
    """The sum of the days shown; null where none of them is known."""

    known_days: int = Field(description="Of how many days the requests are known.")
    requests: int | None
    client_errors: int | None
    server_errors: int | None
    latency_ms: float | None = Field(description="The mean of all requests.")


class UsageDay(BaseModel):
    """A UTC day of a deployment, measured after it had ended."""

    day: date
    requests: int | None = Field(description=f"Errors included; {_UNKNOWN}")
    client_errors: int | None = Field(description=f"Answered by a status of 4xx; {_UNKNOWN}")
    server_errors: int | None = Field(description=f"Answered by a status of 5xx; {_UNKNOWN}")
    latency_ms: float | None = Field(
        description="The mean; null also where there were no requests."
    )
    cpu_percent: float | None = Field(description=f"The mean, of an instance; {_UNKNOWN}")
    memory_percent: float | None = Field(description=f"The mean, of an instance; {_UNKNOWN}")
    measured_at: datetime


class UsageAnswer(BaseModel):
    """How a deployment was used from `first_day` to `last_day`, newest first; a day that is left out is not known."""

    deployment_id: str
    endpoint_name: str
    first_day: date
    last_day: date
    days: list[UsageDay]
    totals: UsageTotals


def render_usage(view: UsageView) -> UsageAnswer:
    """The days of a deployment as the API shows them."""
    totals = view.totals
    return UsageAnswer(
        deployment_id=view.record.id,
        endpoint_name=view.record.endpoint_name,
        first_day=view.first,
        last_day=view.last,
        days=[_day(each) for each in view.days],
        totals=UsageTotals(
            known_days=totals.known_days,
            requests=totals.requests,
            client_errors=totals.client_errors,
            server_errors=totals.server_errors,
            latency_ms=_short(totals.latency_ms),
        ),
    )


def _day(record: DayOfUse) -> UsageDay:
    return UsageDay(
        day=record.day,
        requests=record.requests,
        client_errors=record.client_errors,
        server_errors=record.server_errors,
        latency_ms=_short(record.latency_ms),
        cpu_percent=_short(record.cpu_percent),
        memory_percent=_short(record.memory_percent),
        measured_at=record.measured_at,
    )


def _short(number: float | None) -> float | None:
    """To a thousandth, beyond which nothing is measured."""
    return None if number is None else round(number, 3)
