"""Changes through azure-ai-ml: what goes wrong on the line and in the cloud, and what it means."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import processes
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_control import AzureMlControl
from shared.adapters.credentials import Credential
from shared.cloud_ports import NewModel
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason
from tests.adapters.azure_ml_changes import CHANGES, TIMEOUT, put, sent
from tests.local.azure_ml import running


@pytest.fixture
def control(workspace: Workspace) -> Iterator[AzureMlControl]:
    control = AzureMlControl(workspace, Credential(), timeout=TIMEOUT)
    control.remove_endpoint("none")  # the client is built and has its token
    yield control
    control.close()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ({"status": 503}, Trouble.AMBIGUOUS),
        ({"status": 500, "headers": {"Retry-After": "60"}}, Trouble.AMBIGUOUS),
        ({"drop": "before"}, Trouble.AMBIGUOUS),
        ({"status": 429, "headers": {"Retry-After": "60"}}, Trouble.THROTTLED),
        ({"status": 409}, Trouble.CONFLICT),
        ({"status": 412}, Trouble.CONFLICT),
        ({"status": 403}, Trouble.AUTH),
        ({"status": 400}, Trouble.PERMANENT),
    ],
    ids=str,
)
def test_a_change_is_sent_once_and_its_trouble_is_told(
    control: AzureMlControl,
    emulator: running.Running,
    endpoint: str,
    change: Callable[[AzureMlControl, str], None],
    action: dict[str, Any],
    meant: Trouble,
) -> None:
    for method in ("PUT", "DELETE"):
        emulator.fault(method, "/", action, times=0)
    with pytest.raises(CloudError) as caught:
        change(control, endpoint)
    assert caught.value.trouble is meant
    assert caught.value.retry_after == (60 if "headers" in action else None)
    assert len(sent(emulator)) == 1


@pytest.mark.parametrize("change", ["register_model", "put_endpoint"])
@pytest.mark.parametrize("action", [{"drop": "after"}, {"malformed": True}, {"cut": True}])
def test_a_change_that_was_done_without_a_good_answer_is_ambiguous(
    control: AzureMlControl,
    emulator: running.Running,
    endpoint: str,
    change: str,
    action: dict[str, Any],
) -> None:
    emulator.fault("PUT", "/", action, times=0)
    with pytest.raises(CloudError) as caught:
        CHANGES[change](control, endpoint)
    assert caught.value.trouble is Trouble.AMBIGUOUS
    assert len(sent(emulator)) == 1


PAGE = {"body": "<html>sorry</html>", "headers": {"Content-Type": "text/html"}}
BROKEN = {"body": "{", "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    "action",
    [
        PAGE | {"status": 502},
        PAGE | {"status": 404},
        PAGE | {"status": 400},
        BROKEN | {"status": 500},
        {"status": 302, "headers": {"Location": "https://login.invalid/"}},
    ],
    ids=lambda action: str(action)[:60],
)
def test_a_page_in_place_of_an_answer_is_ambiguous_for_every_change(
    control: AzureMlControl,
    emulator: running.Running,
    endpoint: str,
    change: Callable[[AzureMlControl, str], None],
    action: dict[str, Any],
) -> None:
    for method in ("PUT", "DELETE"):
        emulator.fault(method, "/", action, times=0)
    with pytest.raises(CloudError) as caught:
        change(control, endpoint)
    assert caught.value.trouble is Trouble.AMBIGUOUS
    assert len(sent(emulator)) == 1


@pytest.mark.parametrize("change", ["register_model", "put_endpoint"])
@pytest.mark.parametrize(
    "answer",
    [
        {"body": ""},
        {"status": 202},
        {"status": 204, "body": ""},
        PAGE,
        BROKEN,
        {"body": "{}", "headers": {"Content-Type": "text/plain"}},
        {"body": "é", "headers": {"Content-Type": "application/json; charset=martian"}},
    ],
    ids=lambda action: str(action)[:60],
)
def test_a_performed_change_with_a_senseless_answer_is_done_or_ambiguous(
    control: AzureMlControl,
    emulator: running.Running,
    endpoint: str,
    change: str,
    answer: dict[str, Any],
) -> None:
    emulator.fault("PUT", "/", {"performed": True} | answer)
    try:
        CHANGES[change](control, endpoint)
    except CloudError as error:
        assert error.trouble is Trouble.AMBIGUOUS  # noqa: PT017 - some answers are good enough
    assert len(sent(emulator)) == 1
    found = emulator.control("GET", "resources")
    mine = [
        held for held in found["models"] + found["endpoints"] if held["name"] in ("good", endpoint)
    ]
    assert mine


@pytest.mark.parametrize("change", ["register_model", "put_endpoint"])
@pytest.mark.parametrize("status", [200, 201])
def test_created_and_updated_are_both_done(
    control: AzureMlControl, emulator: running.Running, endpoint: str, change: str, status: int
) -> None:
    emulator.fault("PUT", "/", {"performed": True, "status": status})
    CHANGES[change](control, endpoint)


@pytest.mark.parametrize(
    "answer",
    [
        ("ScopeLocked", 409, Reason.LOCKED),
        ("RequestDisallowedByPolicy", 403, Reason.POLICY),
        ("ResourceGroupNotFound", 404, Reason.WORKSPACE),
        ("SkuNotAvailable", 409, Reason.SIZE),
        ("OutOfCapacity", 409, Reason.CAPACITY),
        ("InvalidResourceLocation", 409, Reason.REGION),
        ("OperationCanceled", 400, Reason.BUSY),
    ],
)
def test_what_azure_means_survives_the_sdk(
    control: AzureMlControl, emulator: running.Running, endpoint: str, answer: tuple[str, int, str]
) -> None:
    code, status, meant = answer
    body = {"error": {"code": code, "message": "the cloud's words"}}
    for method in ("PUT", "DELETE"):
        emulator.fault(method, "/", {"status": status, "body": body})
    for change in ("put_deployment", "remove_deployment"):
        with pytest.raises(CloudError) as caught:
            CHANGES[change](control, endpoint)
        trouble = Trouble.CONFLICT if meant == Reason.BUSY else Trouble.PERMANENT
        assert (caught.value.trouble, caught.value.code) == (trouble, meant)
        assert "the cloud's words" in caught.value.message


@pytest.mark.parametrize("change", ["register_model", "put_endpoint"])
def test_a_change_that_is_not_answered_ends_in_time(
    emulator: running.Running, workspace: Workspace, endpoint: str, change: str
) -> None:
    control = AzureMlControl(workspace, Credential(), timeout=0.8)
    control.remove_endpoint("none")
    emulator.fault("PUT", "/", {"hang": True}, times=0)
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        CHANGES[change](control, endpoint)
    assert caught.value.trouble is Trouble.AMBIGUOUS
    assert time.monotonic() - began < 0.8 + 5
    control.close()


def test_a_region_that_cannot_be_read_leaves_the_change_unsent(
    control: AzureMlControl, emulator: running.Running, endpoint: str
) -> None:
    emulator.fault("GET", "/workspaces/adapters$", {"status": 503}, times=0)
    with pytest.raises(CloudError) as caught:
        put(control, endpoint)
    assert caught.value.trouble is Trouble.TRANSIENT
    assert sent(emulator) == []


def test_nobody_there_is_transient(emulator: running.Running, endpoint: str) -> None:
    assert emulator.url  # the identity endpoint
    nowhere = Workspace(
        base_url=f"http://127.0.0.1:{processes.free_port()}",
        subscription="s",
        resource_group="g",
        name="w",
        location="local",
    )
    control = AzureMlControl(nowhere, Credential(), timeout=TIMEOUT)
    for change in CHANGES.values():
        with pytest.raises(CloudError) as caught:
            change(control, endpoint)
        assert caught.value.trouble is Trouble.TRANSIENT
    control.close()


def test_what_the_sdk_refuses_is_invalid_and_never_sent(
    control: AzureMlControl, emulator: running.Running
) -> None:
    dotted = NewModel(name="m", version="1", path="models/1.0", description="", tags={})
    changes: list[Callable[[], None]] = [
        lambda: put(control, "not_a_name"),
        lambda: control.register_model(dotted),
    ]
    for change in changes:
        with pytest.raises(CloudError) as caught:
            change()
        assert (caught.value.trouble, caught.value.code) == (Trouble.PERMANENT, "invalid")
    assert sent(emulator) == []


@pytest.mark.parametrize("change", ["remove_deployment", "remove_endpoint"])
def test_the_removal_of_what_is_not_there_is_done(
    control: AzureMlControl, emulator: running.Running, endpoint: str, change: str
) -> None:
    emulator.fault("DELETE", "/", {"status": 404})
    CHANGES[change](control, endpoint)
    assert len(sent(emulator)) == 1
