"""Metrics in the form of Azure Monitor: what the scoring front has counted, and how busy the processes are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import processes
from local.azurite import Azurite
from tests.local.azure_ml.running import Rest, Running, act, emulator, score

VERSION = "2023-10-01"
LOAD = "CpuUtilizationPercentage,CpuMemoryUtilizationPercentage"


def ask(rest: Rest, place: str, metrics: str, **query: str) -> Any:
    """What a call for the metrics of the last two hours is answered."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    first, last = now - timedelta(hours=2), now + timedelta(minutes=2)
    asked = {
        "api-version": VERSION,
        "metricnames": metrics,
        "timespan": f"{first:%Y-%m-%dT%H:%M:%SZ}/{last:%Y-%m-%dT%H:%M:%SZ}",
        "interval": "PT1M",
        "aggregation": "Average",
    }
    path = f"onlineEndpoints/{place}/providers/Microsoft.Insights/metrics"
    return rest.send("GET", path, **asked | query)


def told(answer: Any, metric: int = 0) -> dict[str, float]:
    """The sum of each series, by the values of its dimensions."""
    assert answer.status_code == 200, answer.text()
    return {
        "/".join(each["value"] for each in found["metadatavalues"]): sum(
            point.get("average", 0.0) for point in found["data"]
        )
        for found in answer.json()["value"][metric]["timeseries"]
    }


def test_requests_and_latency_are_told_by_deployment_and_status(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    model = rest.register("actor", actor_path)
    rest.serve(f"{name}/blue", model)
    rest.wait(rest.put_deployment(f"{name}/green", model))
    key = rest.key(name)
    for what in ("sleep 0.1", "sleep 0.1", "refuse it", "die 1"):
        act(shared.url, name, key, what)

    blue = "deployment eq 'blue'"
    classes = ask(
        rest, name, "RequestsPerMinute", **{"$filter": f"{blue} and statusCodeClass eq '*'"}
    )
    assert told(classes) == {"blue/2xx": 2, "blue/4xx": 1, "blue/5xx": 1}
    statuses = ask(rest, name, "RequestsPerMinute", **{"$filter": "statusCode eq '*'"})
    assert told(statuses) == {"200": 2, "424": 1, "503": 1}
    assert told(ask(rest, name, "RequestsPerMinute")) == {"": 4}
    green = ask(rest, name, "RequestsPerMinute", **{"$filter": "deployment eq 'green'"})
    assert told(green) == {}
    both = ask(rest, name, "RequestsPerMinute,RequestLatency", interval="P1D", **{"$filter": blue})
    assert 50 < told(both, 1)["blue"] < 5000


def test_an_average_is_that_of_the_minutes_in_which_there_was_something(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    for _ in range(3):
        score(shared.url, name, rest.key(name))

    minutes = told(ask(rest, name, "RequestsPerMinute"))[""]
    points = ask(rest, name, "RequestsPerMinute", interval="P1D").json()["value"][0]["timeseries"]

    assert minutes == 3
    assert [point["average"] for point in points[0]["data"]] in ([3.0], [1.5])  # one minute, or two


def test_cpu_and_memory_are_those_of_the_process_of_a_deployment(
    rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))

    def loaded() -> Any:
        found = ask(rest, f"{name}/deployments/blue", LOAD, interval="P1D")
        return found if told(found) else None

    answer = processes.wait_until(loaded, seconds=20, what="the first sample")
    assert 0 <= told(answer)[""] <= 100
    assert 1 < told(answer, 1)[""] < 50  # of 3.5 GB


@pytest.mark.parametrize(
    "wrong",
    [
        {"metricnames": "Requests"},
        {"metricnames": ""},
        {"aggregation": "Total"},
        {"interval": "PT7M"},
        {"timespan": "yesterday"},
        {"timespan": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"},
        {"$filter": "model eq 'x'"},
        {"$filter": "deployment eq 'a' or deployment eq 'b'"},
    ],
)
def test_what_azure_would_not_answer_is_refused(
    rest: Rest, name: str, wrong: dict[str, str]
) -> None:
    rest.wait(rest.put_endpoint(name))

    answer = ask(rest, name, "RequestsPerMinute", **wrong)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_what_was_counted_survives_a_kill_and_a_shared_process_tells_no_load(
    azurite: Azurite, model_path: str, tmp_path: Path
) -> None:
    with emulator(tmp_path, azurite.connection_string, "--serving", "light") as first:
        rest = Rest(first.url, "ws")
        rest.serve("kept/blue", rest.register("tree", model_path))
        assert score(first.url, "kept", rest.key("kept")).status_code == 200
        assert told(ask(rest, "kept/deployments/blue", LOAD)) == {}
        first.process.kill()
        first.process.wait(20)
    with emulator(tmp_path, azurite.connection_string, "--serving", "light") as second:
        rest = Rest(second.url, "ws")
        assert told(ask(rest, "kept", "RequestsPerMinute")) == {"": 1}
