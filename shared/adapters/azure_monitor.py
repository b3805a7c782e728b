"""What Azure Monitor tells of a deployment: the metrics of `CloudView.read_metrics`, by ARM REST.

Asked are the deployment itself for CPU and memory, its endpoint for requests by class of status, and for latency
where there were requests: two or three light calls for a day. It takes the right Microsoft.Insights/metrics/read on
the workspace, which the role Monitoring Reader has ("Azure Monitor REST API walkthrough", which also tells that data
are kept for 93 days, and of status 529 for too many calls).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from shared.adapters.arm_rest import ArmClient, Document, need
from shared.cloud_ports import Metrics
from shared.domain.errors import CloudError, Trouble

_API_VERSION = "2023-10-01"
"""A released version, in which a filter may leave one dimension open (`*`), ten series come at most unless `top` asks
for more, and a metric that failed has an `errorCode` (azure-rest-api-specs, Microsoft.Insights, metrics_API.json)."""
_REQUESTS, _LATENCY, _CLASS = "RequestsPerMinute", "RequestLatency", "statusCodeClass"
_CPU, _MEMORY = "CpuUtilizationPercentage", "CpuMemoryUtilizationPercentage"
"""Sampled every minute and told as an average, never as a total, so requests are the sum of the minutes (Azure Monitor's
supported metrics of .../workspaces/onlineEndpoints and .../onlineEndpoints/deployments). That a minute has one sample
for each class of status is assumed."""
_MINUTE, _HOUR = "PT1M", "PT1H"

Points = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose metrics, and of which time: ARM paths of the endpoint and of the deployment, and its name."""

    endpoint: str
    deployment: str
    name: str
    since: datetime
    until: datetime

    @property
    def hours(self) -> int:
        """How many hours the span takes, a begun one included."""
        return math.ceil((self.until - self.since) / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class _Series:
    """The values of a metric by time, and of which dimensions they are, by name in lower case."""

    labels: Mapping[str, str]
    points: Points


def read_metrics(arm: ArmClient, asked: Asked) -> Metrics:
    """The metrics of a span of time. Raises `CloudError`: `not_found` where there is no deployment."""
    monitor = _Monitor(arm, asked)
    cpu, memory = map(_joined, monitor.read(asked.deployment, (_CPU, _MEMORY), _HOUR))
    only = f"deployment eq '{asked.name}'"
    by_class = f"{only} and {_CLASS} eq '*'"
    [found] = monitor.read(asked.endpoint, (_REQUESTS,), _MINUTE, by_class)
    minutes = _joined(found)
    requests = round(sum(minutes.values()))
    known = bool(requests) or any(_is_told(each, asked) for each in (minutes, cpu, memory))
    latency: Points = {}
    if requests:
        latency = _joined(*monitor.read(asked.endpoint, (_LATENCY,), _MINUTE, only))
    return Metrics(
        requests=requests if known else None,
        client_errors=_of_class(found, "4") if known else None,
        server_errors=_of_class(found, "5") if known else None,
        latency_ms=_mean(latency, minutes),
        cpu_percent=_mean(cpu),
        memory_percent=_mean(memory),
    )


class _Monitor:
    """Reads metrics of one span; all its calls have to end by one deadline."""

    def __init__(self, arm: ArmClient, asked: Asked) -> None:
        self._arm, self._deadline = arm, arm.deadline()
        self._span = f"{_written(asked.since)}/{_written(asked.until)}"

    def read(
        self, resource: str, metrics: Sequence[str], interval: str, only: str = ""
    ) -> list[Sequence[_Series]]:
        """The series of each metric, in the order asked for; `only` is a filter by dimensions."""
        query = {
            "api-version": _API_VERSION,
            "metricnames": ",".join(metrics),
            "timespan": self._span,
            "interval": interval,
            "aggregation": "Average",
        } | ({"$filter": only} if only else {})
        path = (
            f"{resource}/providers/Microsoft.Insights/metrics?{urlencode(query, quote_via=quote)}"
        )
        answer = self._arm.read(path, deadline=self._deadline)
        found = {str(need(each, "name", "value")): _series(each) for each in _list(answer, "value")}
        if missing := set(metrics) - found.keys():
            raise _unreadable(f"lacks {', '.join(sorted(missing))}")
        return [found[name] for name in metrics]


def _series(metric: Document) -> Sequence[_Series]:
    """The series of a metric; raises `CloudError` for one that could not be read over there."""
    code = str(metric.get("errorCode") or "Success")
    if code != "Success":
        told = f"{need(metric, 'name', 'value')}: {metric.get('errorMessage') or code}"
        raise CloudError(Trouble.TRANSIENT, "metric_failed", str(told)[:500])
    return [
        _Series(dict(_labels(each)), dict(_points(each))) for each in _list(metric, "timeseries")
    ]


def _labels(series: Document) -> Iterator[tuple[str, str]]:
    for each in _list(series, "metadatavalues"):
        yield str(need(each, "name", "value")).lower(), str(each.get("value") or "")


def _points(series: Document) -> Iterator[tuple[datetime, float]]:
    """Time and value of what has a value."""
    for each in _list(series, "data"):
        value = each.get("average")
        if value is None:
            continue
        if type(value) not in (int, float) or not math.isfinite(value):
            raise _unreadable("has a value that is no number")
        try:
            yield datetime.fromisoformat(str(need(each, "timeStamp"))), float(value)
        except ValueError:
            raise _unreadable("has a time that is none") from None


def _joined(series: Sequence[_Series]) -> dict[datetime, float]:
    """The series of a metric as one: values of the same time added up."""
    total: dict[datetime, float] = {}
    for each in series:
        for at, value in each.points.items():
            total[at] = total.get(at, 0.0) + value
    return total


def _of_class(series: Sequence[_Series], first: str) -> int | None:
    """Requests whose status begins with this digit; None where some have no status."""
    if any(sum(each.points.values()) and not each.labels.get(_CLASS.lower()) for each in series):
        return None
    chosen = (each for each in series if each.labels.get(_CLASS.lower(), "").startswith(first))
    return round(sum(sum(each.points.values()) for each in chosen))


def _is_told(points: Points, asked: Asked) -> bool:
    """Whether something is told of every hour; the first may be one in which it began.

    What has no data has no series, or points without a value, and it is up to each service whether that means zero
    or not known ("Azure Monitor metrics aggregation and display explained", NULL and zero values). So silence about
    requests is taken for zero only where something is told of the same deployment all the while.
    """
    hours = {at.replace(minute=0, second=0, microsecond=0) for at in points}
    return len(hours) >= max(1, asked.hours - 1)


def _mean(points: Points, weights: Points | None = None) -> float | None:
    """The mean, by the weights of the same times where they have any; None of nothing."""
    weighed = {at: (weights or {}).get(at, 0.0) for at in points}
    if not any(weighed.values()):
        weighed = dict.fromkeys(points, 1.0)
    total = sum(weighed.values())
    return sum(points[at] * weight for at, weight in weighed.items()) / total if total else None


def _list(document: Document, name: str) -> Sequence[Document]:
    found = document.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _unreadable(f"has no list of objects as {name}")
    return found


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _unreadable(what: str) -> CloudError:
    return CloudError(Trouble.TRANSIENT, "unreadable", f"an answer of Azure Monitor {what}")
