"""The light view of Azure ML: what answers without sense mean, and what is missing from good ones."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason
from tests.local.azure_ml import running

TIMEOUT = 0.8
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def view(workspace: Workspace) -> Iterator[AzureMlView]:
    view = AzureMlView(workspace, Credential(), timeout=TIMEOUT)
    view.find_endpoint("none")  # takes the token, so that a test's time is the call's own
    yield view
    view.close()


def trouble(
    emulator: running.Running, action: dict[str, Any], path: str = "/", **more: Any
) -> None:
    emulator.fault("*", path, action, times=more.pop("times", 0), **more)


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"name": "e"},
        {"name": "e", "properties": []},
        {"name": "e", "properties": {"properties": 7, "provisioningState": "Failed", "traffic": 1}},
        {"name": "e", "tags": [], "properties": {"tags": "x"}},
        {"properties": {"provisioningState": "Failed"}},
        {"value": "x"},
        {"value": ["x", 7]},
        {"value": [{"currentValue": "many", "limit": None, "name": "x"}]},
        {"primaryKey": None, "secondaryKey": {}},
        {"content": []},
    ],
)
def test_an_answer_of_another_shape_never_escapes_as_an_error_of_ours(
    view: AzureMlView, emulator: running.Running, body: object
) -> None:
    trouble(emulator, {"status": 200, "body": body}, "/onlineEndpoints|/usages|/models")
    calls: list[Callable[[], object]] = [
        view.list_usages,
        lambda: view.find_endpoint("e"),
        lambda: view.find_deployment("e", "d"),
        lambda: view.find_model("m", "1"),
        lambda: view.list_deployments("e"),
        lambda: view.read_logs("e", "d", lines=1),
        lambda: view.read_keys("e"),
        lambda: view.read_metrics("e", "d", since=NOW, until=NOW + timedelta(hours=1)),
    ]
    for call in calls:
        try:
            call()
        except CloudError as error:
            assert error.trouble is Trouble.TRANSIENT  # noqa: PT017 - some of them may succeed


PAGE = {"body": "<html>sorry</html>", "headers": {"Content-Type": "text/html"}}


@pytest.mark.parametrize(
    "action",
    [
        PAGE | {"status": 200},
        PAGE | {"status": 404},
        PAGE | {"status": 502},
        {"status": 200},
        {"status": 204},
        {"status": 302, "headers": {"Location": "/_control/faults"}},
        {"status": 200, "body": "{}", "headers": {"Content-Type": "text/plain"}},
        {"status": 200, "body": '{"name": "e"', "headers": {"Content-Type": "application/json"}},
        {
            "status": 200,
            "body": "é",
            "headers": {"Content-Type": "application/json; charset=martian"},
        },
        {"status": 200, "body": "[" * 100_000},
        {"cut": True},
    ],
    ids=lambda action: str(action)[:60],
)
def test_an_answer_that_makes_no_sense_is_never_the_absence_of_a_thing(
    view: AzureMlView, emulator: running.Running, action: dict[str, Any]
) -> None:
    trouble(emulator, action, "/onlineEndpoints/")
    with pytest.raises(CloudError) as caught:
        view.find_endpoint("e")
    assert caught.value.trouble is not Trouble.AMBIGUOUS
    assert caught.value.code != Reason.NOT_FOUND


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_absent(view: AzureMlView, emulator: running.Running, status: int) -> None:
    trouble(emulator, {"status": status, "body": {"error": {"code": "Gone"}}}, "/onlineEndpoints/")
    assert view.find_endpoint("e") is None


def test_a_workspace_that_is_not_there_does_not_make_its_endpoints_absent(
    view: AzureMlView, emulator: running.Running
) -> None:
    body = {"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'rg' is gone."}}
    trouble(emulator, {"status": 404, "body": body}, "/onlineEndpoints/")
    with pytest.raises(CloudError) as caught:
        view.find_endpoint("e")
    assert (caught.value.trouble, caught.value.code) == (Trouble.PERMANENT, Reason.WORKSPACE)


def test_a_resource_without_a_provisioning_state_has_succeeded(
    view: AzureMlView, emulator: running.Running
) -> None:
    trouble(emulator, {"status": 200, "body": {"name": "x", "properties": {}}}, "/onlineEndpoints/")
    endpoint, deployment = view.find_endpoint("x"), view.find_deployment("e", "x")
    assert endpoint
    assert deployment
    assert endpoint.state == deployment.state == "Succeeded"


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_a_failure_is_seen_also_where_its_account_cannot_be_read(
    view: AzureMlView, emulator: running.Running, status: int
) -> None:
    own = {"AzureAsyncOperationUri": f"{emulator.url}/subscriptions/s/account"}
    properties = {"provisioningState": "Failed", "properties": own}
    trouble(emulator, {"status": 200, "body": {"name": "d", "properties": properties}}, "/deploy")
    trouble(emulator, {"status": status, "body": {"error": {"code": "Oops"}}}, "/account")
    found = view.find_deployment("e", "d")
    assert found
    assert found.state == "Failed"
    assert "Oops" in found.error


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:9/x",
        "",
        "{url}/subscriptions/s/gone",
        "//",
        "http://[x",
        "http://127.0.0.1:99999/x",
    ],
)
def test_a_failed_deployment_whose_operation_cannot_be_seen_has_no_cause(
    view: AzureMlView, emulator: running.Running, place: str
) -> None:
    own = {"AzureAsyncOperationUri": place.format(url=emulator.url)}
    properties = {"provisioningState": "Failed", "properties": own}
    trouble(emulator, {"status": 200, "body": {"name": "d", "properties": properties}}, "/deploy")
    found = view.find_deployment("e", "d")
    assert found
    assert (found.state, found.error) == ("Failed", "")


MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-01-02T03:04:05.1234567Z", MADE.replace(microsecond=123456)),
        ("2026-01-02T03:04:05+00:00", MADE),
        ("2026-01-02T05:04:05.5+02:00", MADE.replace(microsecond=500000)),
        ("2026-01-02T03:04:05", None),
        ("yesterday", None),
        (None, None),
        (7, None),
        ({}, None),
    ],
)
def test_when_a_thing_was_made_is_one_moment_anywhere_or_unknown(
    view: AzureMlView, emulator: running.Running, told: object, moment: datetime | None
) -> None:
    made = {"systemData": {"createdAt": told}}
    trouble(emulator, {"status": 200, "body": {"name": "1", "properties": {}} | made})
    looks = [view.find_endpoint("e"), view.find_deployment("e", "d"), view.find_model("m", "1")]
    assert [found and found.created_at for found in looks] == [moment] * 3


@pytest.mark.parametrize(
    ("sku", "count"),
    [({"capacity": 3}, 3), ({"capacity": True}, 0), ({"capacity": "3"}, 0), ([], 0)],
)
def test_instances_are_counted_where_the_answer_counts_them(
    view: AzureMlView, emulator: running.Running, sku: object, count: int
) -> None:
    properties = {"instanceType": "Standard_DS3_v2"}
    body = {"name": "d", "properties": properties, "sku": sku}
    trouble(emulator, {"status": 200, "body": body})
    found = view.find_deployment("e", "d")
    assert found
    assert (found.instance_type, found.instance_count) == ("Standard_DS3_v2", count)
