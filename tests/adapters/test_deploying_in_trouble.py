"""The whole way of a deployment through the real adapters, while the emulator misbehaves.

Fault rows F18-F28 and F52: what the machine decides is shown in tests/service; here, that the SDK
and the wire bring each trouble to it as what it is.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from local.azurite import Azurite
from shared.adapters.arm_rest import Workspace
from shared.domain.records import Deployment, Status
from tests.adapters.deploying import Deploying
from tests.local.azure_ml import running

TIMEOUT = 2.0
MODEL, ENDPOINT, DEPLOYMENT = "models/.*/versions/", "onlineEndpoints/[^/]+$", ".*/deployments/"
PAGE = {"body": "<html>sorry</html>", "headers": {"Content-Type": "text/html"}}


@pytest.fixture
def deploying(
    emulator: running.Running, workspace: Workspace, azurite: Azurite
) -> Iterator[Deploying]:
    deploying = Deploying(emulator, workspace, azurite, TIMEOUT)
    yield deploying
    assert all(rule["applied"] for rule in emulator.control("GET", "faults")["faults"])
    deploying.close()
    assert deploying.left() == {"models": [], "endpoints": [], "deployments": []}


def check_active(deploying: Deploying, record: Deployment) -> None:
    """Live, with one of each thing and all the traffic."""
    assert record.status is Status.ACTIVE, record.failure
    assert deploying.left() == {
        "models": [record.azure_model_name],
        "endpoints": [record.endpoint_name],
        "deployments": [record.deployment_name],
    }
    assert deploying.traffic(record.endpoint_name) == {record.deployment_name: 100}


def date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("path", "action"),
    [
        *((path, {"drop": "after"}) for path in (MODEL, ENDPOINT, DEPLOYMENT)),
        *((path, {"performed": True, "status": 503} | PAGE) for path in (MODEL, DEPLOYMENT)),
        (ENDPOINT, {"cut": True}),
        (DEPLOYMENT, {"performed": True, "body": ""}),
        (ENDPOINT, {"performed": True, "status": 200}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_change_that_was_made_without_a_good_answer_is_adopted_and_not_made_again(
    deploying: Deploying, endpoint: str, path: str, action: dict[str, Any]
) -> None:
    deploying.fault("PUT", path, action)
    record = deploying.deploy(endpoint)
    check_active(deploying, record)
    assert deploying.sent("PUT", f"/{record.azure_model_name}/versions/1") == 1
    assert deploying.sent("PUT", f"/{record.deployment_name}") == 1
    assert deploying.sent("PUT", f"/{endpoint}") == 2  # created, and given its traffic


@pytest.mark.parametrize(
    "action",
    [
        {"drop": "before"},
        {"status": 409, "body": {"error": {"code": "Conflict", "message": "another operation"}}},
        {"status": 412},
        {"status": 429, "headers": {"Retry-After": date(60)}},
        {"status": 429, "headers": {"retry-after-ms": "2500"}},
        {"status": 429, "headers": {"Retry-After": "-1"}},
        {"status": 429},
        {"status": 500},
        {"status": 502} | PAGE,
        {"status": 404} | PAGE,
        {"status": 401},
        {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "not yet"}}},
    ],
    ids=lambda action: str(action)[:60],
)
def test_trouble_that_passes_leads_to_one_of_each_thing(
    deploying: Deploying, endpoint: str, action: dict[str, Any]
) -> None:
    deploying.fault("PUT", "", action, times=2)
    deploying.fault("PUT", DEPLOYMENT, action, times=1)
    deploying.fault("GET", "onlineEndpoints", action, nth=4, times=2)
    check_active(deploying, deploying.deploy(endpoint))


def test_a_change_that_is_never_answered_is_looked_for(deploying: Deploying, endpoint: str) -> None:
    deploying.fault("PUT", DEPLOYMENT, {"hang": True})
    check_active(deploying, deploying.deploy(endpoint))


@pytest.mark.parametrize("status", [404, 410])
def test_an_operation_that_azure_has_forgotten_is_seen_by_what_came_of_it(
    deploying: Deploying, endpoint: str, status: int
) -> None:
    deploying.fault("PUT", "", {"operation": {"gone": status}}, times=0)
    check_active(deploying, deploying.deploy(endpoint))


@pytest.mark.parametrize(
    ("operation", "code", "words"),
    [
        (
            {"fail": {"code": "OutOfCapacity", "message": "none"}},
            "no_capacity",
            "OutOfCapacity: none",
        ),
        ({"end": "Canceled"}, "cancelled", "OperationCanceled: "),
        ({"crash": "Killed", "gone": 404}, "container_failed", ""),
        ({"crash": "Killed", "gone": 410}, "container_failed", ""),
    ],
    ids=str,
)
def test_an_operation_that_does_not_succeed_fails_the_deployment_and_leaves_nothing_paid(
    deploying: Deploying, endpoint: str, operation: dict[str, Any], code: str, words: str
) -> None:
    deploying.fault("PUT", DEPLOYMENT, {"operation": operation})
    record = deploying.deploy(endpoint)
    assert record.failure is not None
    assert record.failure.code == code
    assert words in record.failure.cloud
    assert deploying.left()["endpoints"] == deploying.left()["deployments"] == []


def test_a_state_nobody_has_heard_of_meets_the_deadline(
    deploying: Deploying, endpoint: str
) -> None:
    deploying.world.policy = replace(deploying.world.policy, deploy_deadline=60)
    deploying.fault("PUT", DEPLOYMENT, {"operation": {"end": "Weird"}})
    record = deploying.deploy(endpoint)
    assert record.failure is not None
    assert record.failure.code == "deadline"
    assert "is Weird" in record.failure.cloud


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"instance_type": "DS4_v2", "instance_count": 3}, "quota", "0 of the 24"),
        ({"instance_type": "NC6s_v3"}, "size_unavailable", "Standard_NC6s_v3"),
    ],
)
def test_what_the_subscription_or_the_region_does_not_have_is_named(
    deploying: Deploying, endpoint: str, fields: dict[str, Any], code: str, words: str
) -> None:
    failure = deploying.deploy(endpoint, **fields).failure
    assert failure is not None
    assert failure.code == code
    assert words in failure.cause


def test_a_role_that_never_comes_is_named(deploying: Deploying, endpoint: str) -> None:
    words = "may not perform action 'Microsoft.MachineLearningServices/workspaces/x/write' over"
    body = {"error": {"code": "AuthorizationFailed", "message": words}}
    deploying.fault("PUT", ENDPOINT, {"status": 403, "body": body}, times=0)
    failure = deploying.deploy(endpoint).failure
    assert failure is not None
    assert failure.code == "not_allowed"
    assert "workspaces/x/write" in failure.cause


def test_an_endpoint_of_somebody_else_in_the_region_is_told_and_left_alone(
    deploying: Deploying, endpoint: str
) -> None:
    other = running.Rest(deploying.emulator.url, "foreign")
    other.wait(other.put_endpoint(endpoint))
    failure = deploying.deploy(endpoint).failure
    assert failure is not None
    assert failure.code == "endpoint_taken"
    kept = other.send("GET", f"onlineEndpoints/{endpoint}")
    assert kept.json()["properties"]["provisioningState"] == "Succeeded"


def test_a_traffic_change_that_fails_leaves_the_old_traffic_and_is_made_again(
    deploying: Deploying, endpoint: str
) -> None:
    deploying.deploy(endpoint, deployment_name="blue")
    green = deploying.deploy(endpoint, deployment_name="green")
    failure = {"operation": {"fail": {"code": "InternalServerError", "message": "sorry"}}}
    deploying.fault("PUT", ENDPOINT, failure, times=2)
    deploying.world.route(endpoint, green=100)
    seen = []
    while not deploying.world.is_quiet():
        seen.append(deploying.traffic(endpoint))
        if not deploying.world.deliver():
            deploying.world._advance()
    assert seen[0] == {"blue": 100}
    assert deploying.traffic(endpoint) == {"green": 100}
    events = deploying.world.events(green)
    assert any("has ended as Failed" in each.text for each in events if each.name == "trouble")
