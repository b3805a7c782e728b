"""What is made of Azure Monitor's answers: sums, means, and that silence is zero only where it must be."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.cloud_ports import Metrics
from shared.domain.errors import CloudError, Trouble
from tests.local.azure_ml import running

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LOAD, TRAFFIC = "/deployments/d/providers/.*metrics", "onlineEndpoints/e/providers/.*metrics"
Told = dict[str, Any]


@pytest.fixture
def view(workspace: Workspace) -> Iterator[AzureMlView]:
    view = AzureMlView(workspace, Credential(), timeout=5)
    yield view
    view.close()


def series(values: Mapping[timedelta, float | None], **labels: str) -> Told:
    """A series of the day as Azure Monitor writes it: an average, or none where nothing is told."""
    return {
        "metadatavalues": [{"name": {"value": name}, "value": labels[name]} for name in labels],
        "data": [
            {"timeStamp": f"{DAY + at:%Y-%m-%dT%H:%M:%SZ}"}
            | ({} if value is None else {"average": value})
            for at, value in values.items()
        ],
    }


def metric(name: str, *found: Told, **more: Any) -> Told:
    return {"name": {"value": name}, "errorCode": "Success", "timeseries": list(found)} | more


def hourly(value: float, hours: int = 24) -> Told:
    """A series that tells this of the last hours of the day."""
    first = 24 - hours
    return series({timedelta(hours=at): value if at >= first else None for at in range(24)})


def minutes(**values: float) -> dict[timedelta, float | None]:
    """`m3=2.0`: two in the third minute of the day."""
    return {timedelta(minutes=int(name[1:])): value for name, value in values.items()}


def load(cpu: Told | None = None, memory: Told | None = None) -> list[Told]:
    return [
        metric("CpuUtilizationPercentage", *([cpu] if cpu else [])),
        metric("CpuMemoryUtilizationPercentage", *([memory] if memory else [])),
    ]


Tell = Callable[..., None]


@pytest.fixture
def tell(emulator: running.Running) -> Tell:
    """Lets Azure Monitor answer so: of the load, of requests, of latency."""

    def answer(busy: list[Told], requests: Told, latency: Told | None = None) -> None:
        emulator.fault("GET", LOAD, {"status": 200, "body": {"value": busy}})
        emulator.fault("GET", TRAFFIC, {"status": 200, "body": {"value": [requests]}})
        if latency is not None:
            emulator.fault("GET", TRAFFIC, {"status": 200, "body": {"value": [latency]}})

    return answer


def read(view: AzureMlView, since: datetime = DAY) -> Metrics:
    return view.read_metrics("e", "d", since=since, until=DAY + timedelta(days=1))


def test_minutes_are_summed_by_class_and_latency_counts_by_requests(
    view: AzureMlView, tell: Tell
) -> None:
    requests = metric(
        "RequestsPerMinute",
        series(minutes(m1=8.0, m2=1.0), deployment="d", statuscodeclass="2xx"),
        series(minutes(m1=1.0), deployment="d", statuscodeclass="4xx"),
        series(minutes(m2=2.0), deployment="d", statuscodeclass="5xx"),
    )
    latency = metric("RequestLatency", series(minutes(m1=10.0, m2=50.0)))
    tell(load(hourly(20.0), hourly(60.0)), requests, latency)

    assert read(view) == Metrics(
        requests=12,
        client_errors=1,
        server_errors=2,
        latency_ms=20.0,
        cpu_percent=20.0,
        memory_percent=60.0,
    )


@pytest.mark.parametrize(
    ("hours", "requests"), [(24, 0), (23, 0), (22, None), (1, None), (0, None)]
)
def test_silence_is_no_request_only_where_the_load_is_told_all_the_while(
    view: AzureMlView, tell: Tell, hours: int, requests: int | None
) -> None:
    tell(load(hourly(1.0, hours)), metric("RequestsPerMinute"))

    found = read(view)

    assert (found.requests, found.client_errors, found.server_errors) == (requests,) * 3
    assert found.latency_ms is None
    assert found.cpu_percent == (1.0 if hours else None)


def test_what_began_in_the_day_is_asked_from_then_on(view: AzureMlView, tell: Tell) -> None:
    tell(load(hourly(1.0, 3)), metric("RequestsPerMinute"))

    assert read(view, DAY + timedelta(hours=20)).requests == 0


def test_minutes_told_as_zero_are_as_good_as_a_load(view: AzureMlView, tell: Tell) -> None:
    zeros = {timedelta(minutes=minute): 0.0 for minute in range(1440)}
    tell(load(), metric("RequestsPerMinute", series(zeros, statuscodeclass="2xx")))
    assert read(view).requests == 0

    few = {timedelta(minutes=minute): 0.0 for minute in range(120)}
    tell(load(), metric("RequestsPerMinute", series(few, statuscodeclass="2xx")))
    assert read(view) == Metrics()


def test_requests_are_told_whatever_the_load_is(view: AzureMlView, tell: Tell) -> None:
    some = metric("RequestsPerMinute", series(minutes(m5=3.0), statuscodeclass="2xx"))
    tell(load(), some, metric("RequestLatency"))

    assert read(view) == Metrics(requests=3, client_errors=0, server_errors=0)


def test_requests_without_a_status_are_no_errors_and_no_successes(
    view: AzureMlView, tell: Tell
) -> None:
    some = metric(
        "RequestsPerMinute",
        series(minutes(m5=3.0), statuscodeclass="4xx"),
        series(minutes(m5=1.0), statuscodeclass=""),
    )
    tell(load(), some, metric("RequestLatency"))

    assert read(view) == Metrics(requests=4)


def test_a_metric_that_failed_over_there_is_not_taken_for_silence(
    view: AzureMlView, tell: Tell
) -> None:
    failed = metric("RequestsPerMinute", errorCode="InternalError", errorMessage="sorry")
    tell(load(hourly(1.0)), failed)

    with pytest.raises(CloudError) as caught:
        read(view)

    assert (caught.value.trouble, caught.value.code) == (Trouble.TRANSIENT, "metric_failed")
    assert "RequestsPerMinute: sorry" in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        metric("Other"),
        {"name": "RequestsPerMinute"},
        metric("RequestsPerMinute", timeseries=7),
        metric("RequestsPerMinute", {"data": [7]}),
        metric("RequestsPerMinute", {"data": [{"timeStamp": "noon", "average": 1.0}]}),
        metric("RequestsPerMinute", {"data": [{"average": 1.0}]}),
        metric("RequestsPerMinute", {"data": [{"timeStamp": "2026-03-01", "average": "many"}]}),
        metric("RequestsPerMinute", {"data": [{"timeStamp": "2026-03-01", "average": True}]}),
        metric("RequestsPerMinute", {"metadatavalues": [{"value": "2xx"}]}),
    ],
)
def test_an_answer_of_another_shape_is_no_answer(
    view: AzureMlView, tell: Tell, answer: Told
) -> None:
    tell(load(hourly(1.0)), answer)

    with pytest.raises(CloudError) as caught:
        read(view)

    assert (caught.value.trouble, caught.value.code) == (Trouble.TRANSIENT, "unreadable")


@pytest.mark.parametrize(
    ("status", "trouble"),
    [(403, Trouble.AUTH), (429, Trouble.THROTTLED), (529, Trouble.TRANSIENT)],
)
def test_a_monitor_that_refuses_says_why(
    view: AzureMlView, emulator: running.Running, status: int, trouble: Trouble
) -> None:
    refused = {"status": status, "body": {"error": {"code": "No", "message": "not now"}}}
    emulator.fault("GET", LOAD, refused, times=0)

    with pytest.raises(CloudError) as caught:
        read(view)

    assert caught.value.trouble is trouble
