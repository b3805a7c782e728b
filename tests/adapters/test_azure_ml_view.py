"""The light view of Azure ML: what goes wrong on the line, and what it must not load or follow."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import processes
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.cloud_ports import Usage
from shared.domain.errors import CloudError, Trouble
from tests.local.azure_ml import running

TIMEOUT = 0.8
HEAVY = ("azure.ai", "azure.identity", "azure.storage", "numpy", "pandas", "mlflow", "marshmallow")


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


def seen(emulator: running.Running) -> int:
    return int(emulator.control("GET", "faults")["faults"][0]["seen"])


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, shared.adapters.azure_ml_view;"
        f"print([name for name in sys.modules if name.startswith({HEAVY})])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("status", "meant", "requests"),
    [
        (401, Trouble.AUTH, 1),
        (403, Trouble.AUTH, 1),
        (409, Trouble.CONFLICT, 1),
        (418, Trouble.PERMANENT, 1),
        (500, Trouble.TRANSIENT, 2),
        (503, Trouble.TRANSIENT, 2),
    ],
)
def test_a_read_is_tried_twice_only_where_the_trouble_may_pass_at_once(
    view: AzureMlView, emulator: running.Running, status: int, meant: Trouble, requests: int
) -> None:
    trouble(emulator, {"status": status}, "/onlineEndpoints/")
    with pytest.raises(CloudError) as caught:
        view.find_endpoint("any")
    assert caught.value.trouble is meant
    assert seen(emulator) == requests


@pytest.mark.parametrize("action", [{"status": 503}, {"drop": "before"}, {"malformed": True}])
def test_a_read_survives_one_bad_answer(
    view: AzureMlView, emulator: running.Running, action: dict[str, Any]
) -> None:
    trouble(emulator, action, "/usages", times=1)
    assert view.list_usages()


@pytest.mark.parametrize("action", [{"drop": "after"}, {"malformed": True}, {"hang": True}])
def test_a_read_without_a_good_answer_ends_in_time_and_is_transient(
    view: AzureMlView, emulator: running.Running, action: dict[str, Any]
) -> None:
    trouble(emulator, action, "/usages")
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        view.list_usages()
    assert caught.value.trouble is Trouble.TRANSIENT
    assert time.monotonic() - began < TIMEOUT + 5


def test_a_throttled_read_waits_for_nobody_and_says_how_long(
    view: AzureMlView, emulator: running.Running
) -> None:
    trouble(emulator, {"status": 429, "headers": {"Retry-After": "3600"}}, "/onlineEndpoints/")
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        view.read_keys("any")
    assert (caught.value.trouble, caught.value.retry_after) == (Trouble.THROTTLED, 3600)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "action", [{"status": 500}, {"status": 408}, {"drop": "after"}, {"hang": True}]
)
def test_a_removal_without_a_clear_answer_is_ambiguous_and_not_repeated(
    view: AzureMlView, emulator: running.Running, action: dict[str, Any]
) -> None:
    trouble(emulator, action, "/models/")
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        view.remove_model("good", "1")
    assert caught.value.trouble is Trouble.AMBIGUOUS
    assert seen(emulator) == 1
    assert time.monotonic() - began < TIMEOUT + 5


def test_the_removal_of_what_is_not_there_is_done(
    view: AzureMlView, emulator: running.Running
) -> None:
    trouble(emulator, {"status": 404}, "/models/")
    view.remove_model("good", "1")
    assert seen(emulator) == 1


def test_nobody_there_is_transient_also_for_a_removal(
    emulator: running.Running, workspace: Workspace
) -> None:
    assert emulator.url  # the identity endpoint
    url = f"http://127.0.0.1:{processes.free_port()}"
    nowhere = Workspace(base_url=url, subscription="s", resource_group="g", name="w")
    view = AzureMlView(nowhere, Credential(), timeout=TIMEOUT)
    calls: list[Callable[[], object]] = [
        lambda: view.find_model("m", "1"),
        lambda: view.remove_model("m", "1"),
    ]
    for call in calls:
        with pytest.raises(CloudError) as caught:
            call()
        assert caught.value.trouble is Trouble.TRANSIENT
    view.close()
    assert not nowhere.is_here(workspace.base_url)


@pytest.mark.parametrize("action", [{"status": 503}, {"drop": "after"}, {"hang": True}])
def test_a_rotation_without_a_clear_answer_is_ambiguous_and_not_repeated(
    view: AzureMlView, emulator: running.Running, action: dict[str, Any]
) -> None:
    trouble(emulator, action, "/regenerateKeys")
    with pytest.raises(CloudError) as caught:
        view.rotate_key("any", "primary")
    assert caught.value.trouble is Trouble.AMBIGUOUS
    assert seen(emulator) == 1


def test_a_rotation_names_the_key_and_no_value_for_it(
    view: AzureMlView, emulator: running.Running
) -> None:
    trouble(emulator, {"status": 202}, "/regenerateKeys")
    view.rotate_key("any", "secondary")
    (call,) = emulator.control("GET", "calls")["calls"]
    assert call["body"] == {"keyType": "Secondary"}


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9/more",
        "http://127.0.0.1:99999/",
        "http://[x",
        5,
        {"a": 1},
    ],
)
def test_a_list_does_not_go_on_at_another_service(
    view: AzureMlView, emulator: running.Running, link: object
) -> None:
    body = {"value": [], "nextLink": link}
    trouble(emulator, {"status": 200, "body": body}, "/deployments")
    with pytest.raises(CloudError) as caught:
        view.list_deployments("any")
    assert (caught.value.trouble, caught.value.code) == (Trouble.PERMANENT, "foreign_link")


def test_the_same_service_may_write_its_port(workspace: Workspace) -> None:
    azure = Workspace(subscription="s", resource_group="g", name="w")
    assert azure.is_here("https://management.azure.com:443/subscriptions/s")
    assert not azure.is_here("http://management.azure.com:443/subscriptions/s")
    assert not azure.is_here("https://management.azure.com.example.com/")
    assert not azure.is_here("https://management.azure.com@example.com/")
    assert not azure.is_here("")
    assert workspace.is_here(f"{workspace.base_url}/x")


def test_usages_are_those_of_families(view: AzureMlView, emulator: running.Running) -> None:
    provider = "Microsoft.MachineLearningServices"
    entry = {"currentValue": 2, "limit": 24, "name": {"value": "standardDSv2Family"}}
    cluster = entry | {"type": f"{provider}/workspaces/computes/usages", "currentValue": 1}
    body = {"value": [entry | {"type": f"{provider}/usages"}, cluster]}
    trouble(emulator, {"status": 200, "body": body}, "/usages")
    assert view.list_usages() == [Usage(name="standardDSv2Family", used=2, limit=24)]


def test_the_region_is_read_once(view: AzureMlView, emulator: running.Running) -> None:
    trouble(emulator, {"delay": 0}, "/workspaces/adapters$")
    view.list_usages()
    view.list_usages()
    assert seen(emulator) == 1


def test_names_stay_within_their_place_in_the_path(
    view: AzureMlView, emulator: running.Running
) -> None:
    trouble(emulator, {"delay": 0}, "/models/a/../b")
    assert view.find_model("a/../b", "1?x=1#y") is None


def test_no_thread_outlives_a_call(view: AzureMlView) -> None:
    before = threading.enumerate()
    view.list_usages()
    view.find_endpoint("none")
    assert threading.enumerate() == before
