from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ServiceResponseError

from local import processes
from tests.local.azure_ml.running import Rest, Running, act, score


@pytest.fixture(autouse=True)
def no_rules_left(shared: Running) -> Iterator[None]:
    yield
    shared.control("DELETE", "faults")


def test_a_dropped_answer_is_a_performed_call_that_a_repeat_adopts(
    shared: Running, rest: Rest, name: str
) -> None:
    shared.control("DELETE", "calls")
    shared.fault("PUT", f"onlineEndpoints/{name}$", {"drop": "after"})
    with pytest.raises(ServiceResponseError):
        rest.put_endpoint(name)
    again = rest.put_endpoint(name)
    assert again.status_code == 200
    assert rest.wait(again)["status"] == "Succeeded"
    calls = [call for call in shared.control("GET", "calls")["calls"] if name in call["path"]]
    assert [(call["method"], call["status"]) for call in calls] == [("PUT", 201), ("PUT", 200)]
    assert calls[0]["body"]["properties"]["authMode"] == "Key"


def test_a_connection_closed_before_has_done_nothing(
    shared: Running, rest: Rest, name: str
) -> None:
    shared.fault("PUT", name, {"drop": "before"})
    with pytest.raises(ServiceResponseError):
        rest.put_endpoint(name)
    assert rest.send("GET", f"onlineEndpoints/{name}").status_code == 404


def test_a_status_comes_as_often_as_asked_for_and_at_the_nth_call(
    shared: Running, rest: Rest
) -> None:
    action = {"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "Slow"}}}
    shared.fault("GET", f"{rest.workspace}/models$", action, nth=2, times=2)
    statuses = [rest.send("GET", "models").status_code for _ in range(5)]
    assert statuses == [200, 429, 429, 200, 200]
    (rule,) = shared.control("GET", "faults")["faults"]
    assert (rule["seen"], rule["applied"]) == (5, 2)


def test_an_answer_can_be_late_missing_or_no_json(shared: Running, rest: Rest) -> None:
    url = f"{shared.url}{rest.workspace}/models?api-version=1"
    options: dict[str, Any] = {"headers": {"Authorization": "Bearer x"}, "trust_env": False}
    shared.fault("GET", rest.workspace, {"malformed": True})
    with pytest.raises(ValueError, match="Expecting"):
        httpx.get(url, **options).json()
    shared.fault("GET", rest.workspace, {"delay": 0.3})
    assert httpx.get(url, **options).elapsed.total_seconds() >= 0.3
    shared.fault("GET", rest.workspace, {"hang": True})
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, timeout=0.3, **options)


def test_a_performed_call_can_be_answered_otherwise(shared: Running, rest: Rest, name: str) -> None:
    page = {
        "performed": True,
        "status": 502,
        "body": "<html>",
        "headers": {"Content-Type": "text/html"},
    }
    shared.fault("PUT", name, page)
    answer = rest.put_endpoint(name)
    assert (answer.status_code, answer.text()) == (502, "<html>")
    shared.fault("PUT", name, {"performed": True, "body": ""})
    answer = rest.put_endpoint(name)
    assert (answer.status_code, answer.text()) == (200, "")
    assert rest.send("GET", f"onlineEndpoints/{name}").json()["name"] == name


def test_an_answer_can_break_off_half_way(shared: Running, rest: Rest) -> None:
    url = f"{shared.url}{rest.workspace}/models?api-version=1"
    shared.fault("GET", rest.workspace, {"cut": True})
    with pytest.raises(httpx.TransportError):
        httpx.get(url, headers={"Authorization": "Bearer x"}, trust_env=False)


def test_trouble_may_last_for_a_time(shared: Running, rest: Rest) -> None:
    shared.fault("GET", f"{rest.workspace}/models$", {"status": 403}, seconds=0.3)
    statuses = [rest.send("GET", "models").status_code for _ in range(3)]
    assert statuses == [403, 403, 403]
    processes.wait_until(
        lambda: rest.send("GET", "models").status_code == 200, seconds=5, what="its end"
    )


@pytest.mark.parametrize("state", ["Canceled", "Weird"])
def test_an_operation_may_end_in_any_state(
    shared: Running, rest: Rest, name: str, state: str
) -> None:
    shared.fault("PUT", name, {"operation": {"end": state}})
    status = rest.wait(rest.put_endpoint(name))
    assert (status["status"], status["error"]["code"]) == (state, f"Operation{state}")
    shown = rest.send("GET", f"onlineEndpoints/{name}").json()
    assert shown["properties"]["provisioningState"] == state


@pytest.mark.parametrize("status", [404, 410])
def test_an_operation_may_be_forgotten_before_its_end(
    shared: Running, rest: Rest, name: str, status: int
) -> None:
    shared.fault("PUT", name, {"operation": {"gone": status}})
    begun = rest.put_endpoint(name)
    for header in ("Azure-AsyncOperation", "Location"):
        assert rest.send("GET", begun.headers[header]).status_code == status

    def created() -> bool:
        shown = rest.send("GET", f"onlineEndpoints/{name}").json()
        return bool(shown["properties"]["provisioningState"] == "Succeeded")

    processes.wait_until(created, seconds=5, what=name)


def test_an_operation_fails_as_told_and_frees_the_endpoint(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    model = rest.register("tree", model_path)
    rest.wait(rest.put_endpoint(name))
    failure = {"code": "OutOfCapacity", "message": "no machines"}
    shared.fault("PUT", "/deployments/blue", {"operation": {"fail": failure}})
    status = rest.wait(rest.put_deployment(f"{name}/blue", model))
    assert (status["status"], status["error"]) == ("Failed", failure)
    shared.fault("PUT", "/deployments/green", {"operation": {"crash": "Killed: out of memory"}})
    status = rest.wait(rest.put_deployment(f"{name}/green", model))
    assert status["error"]["code"] == "ResourceNotReady"
    place = f"onlineEndpoints/{name}/deployments/green"
    log = rest.send("POST", f"{place}/getLogs", {"tail": 5}).json()["content"]
    assert "Killed: out of memory" in log


def test_a_stuck_operation_goes_on_when_the_rules_are_cleared(
    shared: Running, rest: Rest, name: str
) -> None:
    shared.fault("PUT", name, {"operation": {"stuck": True}})
    begun = rest.put_endpoint(name)
    assert rest.send("DELETE", f"onlineEndpoints/{name}").status_code == 409
    assert rest.send("GET", begun.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
    shared.control("DELETE", "faults")
    assert rest.wait(begun)["status"] == "Succeeded"


def test_the_resources_that_exist_are_told(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    def mine() -> list[str]:
        left = shared.control("GET", "resources")
        found = [*left["models"], *left["endpoints"], *left["deployments"]]
        return [held["name"] for held in found if held["id"].startswith(rest.workspace)]

    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    assert mine() == ["tree", name, "blue"]
    rest.wait(rest.send("DELETE", f"onlineEndpoints/{name}"))
    rest.send("DELETE", "models/tree/versions/1")
    assert mine() == []


def test_scoring_can_go_wrong_too(shared: Running, rest: Rest, name: str, model_path: str) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    shared.fault("POST", f"/endpoints/{name}/score", {"status": 502})
    key = rest.key(name)
    assert [score(shared.url, name, key).status_code for _ in range(2)] == [502, 200]


def test_a_scoring_process_that_dies_is_started_again(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("actor", actor_path))
    key = rest.key(name)
    assert act(shared.url, name, key, "die 3").status_code == 503
    processes.wait_until(
        lambda: act(shared.url, name, key, "env HOME").status_code == 200,
        seconds=10,
        what="a new process",
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"match": {}, "action": {}},
        {"match": {"path": "("}, "action": {"status": 500}},
        {"match": {"verb": "PUT"}, "action": {"status": 500}},
        {"action": {"drop": "sometimes"}},
        {"action": {"drop": "after", "cut": True}},
        {"action": {"body": "without a status"}},
        {"action": {"operation": {"gone": 500}}},
        {"action": {"status": 500}, "times": "often"},
        {"match": {"nth": []}, "action": {"status": 500}},
        [],
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(shared: Running, rule: object) -> None:
    answer = httpx.post(f"{shared.url}/_control/faults", json=rule, trust_env=False)
    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
