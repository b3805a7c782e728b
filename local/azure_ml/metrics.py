"""The REST interface of Azure Monitor, for the metrics of endpoints and deployments that are measured here.

The form is that of Microsoft.Insights/metrics, 2023-10-01. A metric has an average in each interval that something
was measured in; one without any data has no series. What is not measured, or asked for in another way, is refused.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, deployments, emulator, endpoints
from local.azure_ml.errors import bad_request
from local.azure_ml.monitor import Load, Requests
from local.azure_ml.state import Resource

_INTERVALS = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "P1D": 1440}
_CONDITION = re.compile(r"(\w+) eq '([^']*)'")
_MOST_SERIES = 10
_TRAFFIC = {"RequestsPerMinute": "Count", "RequestLatency": "Milliseconds"}
_LOAD = {"CpuUtilizationPercentage": "Percent", "CpuMemoryUtilizationPercentage": "Percent"}
_DIMENSIONS = {
    "RequestsPerMinute": ("deployment", "statuscode", "statuscodeclass"),
    "RequestLatency": ("deployment",),
}

Labels = tuple[tuple[str, str], ...]
Values = dict[int, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for: metrics, minutes of the epoch from `first` to before `end`, minutes of an interval, conditions."""

    metrics: Sequence[str]
    first: int
    end: int
    interval: int
    only: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Measured:
    """The requests of a minute, whose they were, and with which status they ended."""

    labels: dict[str, str]
    held: Requests


def routes(workspace: str) -> list[Route]:
    """The routes below a workspace's path."""
    endpoint = f"{workspace}/onlineendpoints/{{endpoint}}"
    metrics = "providers/microsoft.insights/metrics"
    return [
        Route(f"{endpoint}/{metrics}", tell_traffic, methods=["GET"]),
        Route(f"{endpoint}/deployments/{{deployment}}/{metrics}", tell_load, methods=["GET"]),
    ]


async def tell_traffic(request: Request) -> Response:
    """Requests and latency of an endpoint, by deployment and status."""
    endpoint = endpoints.require(request)
    asked = _asked(request, _TRAFFIC)
    parts = emulator.of(request)
    measured = [
        _Measured(_labels(deployment, held), held)
        for deployment in parts.store.children(endpoint.id, "deployment")
        for held in parts.monitor.requests(deployment.id, asked.first, asked.end)
    ]
    found = {metric: _traffic(metric, measured, asked) for metric in asked.metrics}
    return _answer(request, endpoint, asked, found, _TRAFFIC)


async def tell_load(request: Request) -> Response:
    """CPU and memory of the process that serves a deployment, where it has one of its own."""
    deployment = deployments.require(request)
    asked = _asked(request, _LOAD)
    parts = emulator.of(request)
    if parts.settings.serving == "process":
        parts.monitor.sample(deployment, parts.serving.pid(deployment))
    loads = parts.monitor.loads(deployment.id, asked.first, asked.end)
    read: dict[str, Callable[[Load], float]] = {
        "CpuUtilizationPercentage": lambda load: load.cpu,
        "CpuMemoryUtilizationPercentage": lambda load: load.memory,
    }
    found: dict[str, dict[Labels, Values]] = {
        metric: {(): _averages([(load.minute, read[metric](load), 1) for load in loads], asked)}
        for metric in asked.metrics
    }
    return _answer(request, deployment, asked, found, _LOAD)


def _labels(deployment: Resource, held: Requests) -> dict[str, str]:
    return {
        "deployment": deployment.name,
        "statuscode": str(held.status),
        "statuscodeclass": f"{held.status // 100}xx",
    }


def _traffic(metric: str, measured: Iterable[_Measured], asked: Asked) -> dict[Labels, Values]:
    """The series of a metric, one for each combination of the dimensions that were asked for."""
    if unknown := asked.only.keys() - set(_DIMENSIONS[metric]):
        raise bad_request(f"{metric} has no dimension {', '.join(sorted(unknown))}")
    groups: dict[Labels, list[Requests]] = {}
    for each in measured:
        if all(value in ("*", each.labels[name]) for name, value in asked.only.items()):
            labels = tuple((name, each.labels[name]) for name in asked.only)
            groups.setdefault(labels, []).append(each.held)
    chosen = sorted(groups.items())[:_MOST_SERIES]
    if metric == "RequestLatency":
        return {labels: _averages(_latencies(held), asked) for labels, held in chosen}
    return {labels: _averages(_per_minute(held), asked) for labels, held in chosen}


def _per_minute(held: Iterable[Requests]) -> list[tuple[int, float, int]]:
    """How many requests each minute had in which there were any."""
    minutes: dict[int, int] = {}
    for each in held:
        minutes[each.minute] = minutes.get(each.minute, 0) + each.number
    return [(minute, float(number), 1) for minute, number in minutes.items()]


def _latencies(held: Iterable[Requests]) -> list[tuple[int, float, int]]:
    """Mean milliseconds, which count as often as there were requests."""
    return [(each.minute, 1000 * each.seconds / each.number, each.number) for each in held]


def _averages(measured: Iterable[tuple[int, float, int]], asked: Asked) -> Values:
    """The average of each interval, from (minute, value, how often it counts)."""
    sums: dict[int, tuple[float, int]] = {}
    for minute, value, times in measured:
        start = minute - (minute - asked.first) % asked.interval
        total, count = sums.get(start, (0.0, 0))
        sums[start] = (total + value * times, count + times)
    return {start: total / count for start, (total, count) in sums.items()}


def _answer(
    request: Request,
    resource: Resource,
    asked: Asked,
    found: dict[str, dict[Labels, Values]],
    units: dict[str, str],
) -> Response:
    value = [
        {
            "id": f"{resource.id}/providers/Microsoft.Insights/metrics/{metric}",
            "type": "Microsoft.Insights/metrics",
            "name": {"value": metric, "localizedValue": metric},
            "unit": units[metric],
            "timeseries": [_series(*each, asked) for each in found[metric].items() if each[1]],
            "errorCode": "Success",
        }
        for metric in asked.metrics
    ]
    return JSONResponse(
        {
            "cost": 0,
            "timespan": request.query_params["timespan"],
            "interval": request.query_params["interval"],
            "value": value,
            "namespace": f"{arm.PROVIDER}/workspaces/onlineEndpoints",
            "resourceregion": emulator.of(request).settings.location,
        }
    )


def _series(labels: Labels, values: Values, asked: Asked) -> dict[str, Any]:
    """A series as Azure Monitor writes it: intervals without data have no average."""
    data: list[dict[str, Any]] = []
    for minute in range(asked.first, asked.end, asked.interval):
        point = {"timeStamp": f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%dT%H:%M:%SZ}"}
        data.append(point | ({"average": values[minute]} if minute in values else {}))
    names = [
        {"name": {"value": name, "localizedValue": name}, "value": value} for name, value in labels
    ]
    return {"metadatavalues": names, "data": data}


def _asked(request: Request, known: dict[str, str]) -> Asked:
    """What the call asks for; raises ArmError (400) for what is not there or not told here."""
    query = request.query_params
    metrics = [each for each in query.get("metricnames", "").split(",") if each]
    if not metrics or set(metrics) - known.keys():
        text = f"metric: {','.join(metrics)}, Valid metrics: {','.join(known)}"
        raise bad_request(f"Failed to find metric configuration for {text}")
    if query.get("aggregation", "").lower() != "average":
        raise bad_request("Only the aggregation Average is told of these metrics.")
    interval = _INTERVALS.get(query.get("interval", ""))
    if interval is None:
        raise bad_request(f"The interval has to be one of {', '.join(_INTERVALS)}.")
    first, end = map(_minute, (query.get("timespan", "") + "/").split("/")[:2])
    if not first < end:
        raise bad_request("The timespan does not end after its start.")
    return Asked(metrics, first, end, interval, _conditions(query.get("$filter", "")))


def _minute(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"The timespan is not two times with a slash: {text}") from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() // 60)


def _conditions(text: str) -> dict[str, str]:
    """The values that dimensions must have, by name in lower case; `*` is any."""
    found = {}
    for part in text.split(" and ") if text else ():
        match = _CONDITION.fullmatch(part.strip())
        if match is None:
            raise bad_request(f"This part of the filter is not emulated: {part}")
        found[match[1].lower()] = match[2]
    return found
