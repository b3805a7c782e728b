"""`CloudView.read_metrics`: what is told of how a deployment was used, and what is not."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.cloud_ports import Metrics
from shared.domain.errors import CloudError, Trouble
from tests.contracts.clouds import (
    ROWS,
    Cloud,
    create_endpoint,
    new_deployment,
    new_model,
    refusal,
    serve,
    settled_deployment,
    settled_endpoint,
)
from tests.contracts.emulated import BROKEN_PATH

HOUR = timedelta(hours=1)


def read(cloud: Cloud, endpoint: str, name: str = "blue", *, ago: timedelta = HOUR) -> Metrics:
    """The metrics from the last whole hour but `ago` on until a minute from now."""
    now = cloud.now().replace(second=0, microsecond=0)
    since = now.replace(minute=0) - ago
    return cloud.view.read_metrics(endpoint, name, since=since, until=now + timedelta(minutes=1))


def known(cloud: Cloud, endpoint: str, name: str = "blue") -> Metrics:
    """The metrics since the deployment began to serve: its hour, which has one sample or more."""

    def told() -> Metrics | None:
        found = read(cloud, endpoint, name, ago=timedelta(0))
        return found if found.requests is not None else None

    return cloud.until(told)


def score(cloud: Cloud, endpoint: str, name: str, payload: Mapping[str, object]) -> int:
    uri = settled_endpoint(cloud, endpoint).scoring_uri
    key = cloud.view.read_keys(endpoint).primary
    return cloud.scorer.score(uri, key=key, deployment_name=name, payload=payload).status


def test_requests_are_counted_for_the_deployment_that_answered_by_how_it_did(
    cloud: Cloud, endpoint: str
) -> None:
    serve(cloud, endpoint, "blue", "green")
    statuses = [score(cloud, endpoint, "blue", ROWS) for _ in range(3)]
    assert [*statuses, score(cloud, endpoint, "blue", {})] == [200, 200, 200, 424]
    blue = known(cloud, endpoint)
    assert (blue.requests, blue.client_errors, blue.server_errors) == (4, 1, 0)
    assert blue.latency_ms
    assert 0 < blue.latency_ms < 5000
    green = known(cloud, endpoint, "green")
    assert (green.requests, green.client_errors, green.server_errors) == (0, 0, 0)
    assert green.latency_ms is None


def test_a_container_that_does_not_answer_is_an_error_of_the_server(
    cloud: Cloud, endpoint: str
) -> None:
    cloud.control.register_model(new_model(path=BROKEN_PATH))
    create_endpoint(cloud, endpoint)
    cloud.control.put_deployment(new_deployment(endpoint))
    assert settled_deployment(cloud, endpoint).state == "Failed"
    assert score(cloud, endpoint, "blue", ROWS) == 503
    found = known(cloud, endpoint)
    assert (found.requests, found.client_errors, found.server_errors) == (1, 0, 1)
    assert (found.cpu_percent, found.memory_percent) == (None, None)


def test_what_nobody_could_be_found_for_is_nobodys(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    uri = settled_endpoint(cloud, endpoint).scoring_uri
    refused = cloud.scorer.score(uri, key="wrong", deployment_name="blue", payload=ROWS)
    assert (refused.status, score(cloud, endpoint, "red", ROWS)) == (401, 404)
    assert known(cloud, endpoint).requests == 0


def test_cpu_and_memory_are_percents_of_an_instance(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    found = known(cloud, endpoint)
    assert found.cpu_percent is not None
    assert found.memory_percent is not None
    assert 0 <= found.cpu_percent <= 100
    assert 0 < found.memory_percent < 50


def test_of_a_time_before_there_was_a_deployment_nothing_is_told(
    cloud: Cloud, endpoint: str
) -> None:
    serve(cloud, endpoint, "blue")
    day = cloud.now().replace(hour=0, minute=0, second=0, microsecond=0)
    before = cloud.view.read_metrics(
        endpoint, "blue", since=day - timedelta(days=2), until=day - timedelta(days=1)
    )
    assert before == Metrics()


def test_the_metrics_of_what_is_not_there_are_refused_as_not_found(
    cloud: Cloud, endpoint: str
) -> None:
    with pytest.raises(CloudError) as no_endpoint:
        read(cloud, endpoint)
    create_endpoint(cloud, endpoint)
    with pytest.raises(CloudError) as no_deployment:
        read(cloud, endpoint)
    assert refusal(no_endpoint) == refusal(no_deployment) == (Trouble.PERMANENT, "not_found")


def test_a_span_is_told_without_what_was_before_and_after(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    score(cloud, endpoint, "blue", ROWS)
    minute = cloud.now().replace(second=0, microsecond=0)
    later = cloud.view.read_metrics(
        endpoint, "blue", since=minute + timedelta(minutes=2), until=minute + timedelta(minutes=3)
    )
    earlier = cloud.view.read_metrics(
        endpoint, "blue", since=minute - 2 * HOUR, until=minute - HOUR
    )
    assert not later.requests
    assert not earlier.requests
    assert known(cloud, endpoint).requests == 1
