"""Microsoft's own worker library indexes, loads and runs every function of the app."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from httpx import Request
from sklearn.dummy import DummyRegressor

from local import app_settings, microsoft_runtime
from local.azurite import Azurite
from local.microsoft_runtime import Invocation
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS, INTAKE_JOBS

APP = Path(__file__).parents[2]
USER = "microsoft"
TRIGGERS = {
    "artifacts": "timerTrigger",
    "deploy_http": "httpTrigger",
    "deploy_jobs": "queueTrigger",
    "deploy_jobs_poison": "queueTrigger",
    "deploy_requests": "queueTrigger",
    "deploy_requests_poison": "queueTrigger",
    "intake_jobs": "queueTrigger",
    "intake_jobs_poison": "queueTrigger",
    "reconcile": "timerTrigger",
    "reconcile_jobs": "queueTrigger",
    "reconcile_jobs_poison": "queueTrigger",
    "sweep": "timerTrigger",
    "usage": "timerTrigger",
}


@pytest.fixture
def env(azurite: Azurite) -> dict[str, str]:
    settings = {"PRODUCER_USERS": USER}
    return app_settings.app_env(
        storage=azurite.connection_string, azure_ml="http://127.0.0.1:9", settings=settings
    )


def call(env: dict[str, str], method: str, path: str, **sent: Any) -> tuple[int, Any]:
    """One HTTP request through the library: status and body."""
    request = Request(method, f"http://127.0.0.1{path}", **sent)
    given = {
        "method": method,
        "url": path,
        "headers": {**request.headers, "host": "127.0.0.1"},
        "body": request.read().decode(),
    }
    done = microsoft_runtime.invoke(APP, "deploy_http", given, env)
    assert done.error == ""
    return int(done.returned["status_code"]), json.loads(done.returned["body"])


def run(env: dict[str, str], name: str, **given: object) -> Invocation:
    return microsoft_runtime.invoke(APP, name, given, env)


def test_every_function_is_indexed_and_loaded_with_an_empty_environment() -> None:
    indexed = microsoft_runtime.index(APP, app_settings.process_env())

    triggers = {
        each.name: binding
        for each in indexed
        for binding in each.bindings
        if "Trigger" in binding["type"]
    }
    assert {name: binding["type"] for name, binding in triggers.items()} == TRIGGERS
    assert triggers["deploy_jobs"]["queueName"] == DEPLOY_JOBS
    assert triggers["deploy_requests"]["queueName"] == DEPLOY_REQUESTS
    assert triggers["intake_jobs"]["queueName"] == INTAKE_JOBS
    for name in (
        "deploy_jobs",
        "deploy_requests",
        "intake_jobs",
        "reconcile_jobs",
    ):  # where the host puts what failed five times
        assert triggers[f"{name}_poison"]["queueName"] == triggers[name]["queueName"] + "-poison"
    assert triggers["sweep"]["schedule"] == "%SWEEP_SCHEDULE%"
    assert triggers["artifacts"]["schedule"] == "%ARTIFACTS_SCHEDULE%"
    assert triggers["reconcile"]["schedule"] == "%RECONCILE_SCHEDULE%"
    assert triggers["usage"]["schedule"] == "%USAGE_SCHEDULE%"
    assert triggers["deploy_http"]["route"] == "{*path}"


def test_health_answers(env: dict[str, str]) -> None:
    status, body = call(env, "GET", "/health")

    assert (status, body["status"]) == (200, "ok")


def test_a_model_is_uploaded_and_deployed(env: dict[str, str]) -> None:
    query = f"?user_id={USER}"
    model = DummyRegressor(strategy="constant", constant=0.0).fit([[0.0]], [0.0])
    content = pickle.dumps(model, protocol=0)  # text: JSON carries the body to the library
    form = {"data": {"model_name": "zeros"}, "files": {"file": ("zeros.pkl", content)}}

    status, made = call(env, "POST", f"/models{query}", **form)
    assert (status, made.get("verdict")) == (201, "clean"), made

    wanted = {"model_id": made["id"]}
    status, accepted = call(env, "POST", f"/deployments/deploy{query}", json=wanted)
    assert (status, accepted["status"]) == (202, "deploying")
    status, listed = call(env, "GET", f"/deployments/list{query}")
    assert [each["id"] for each in listed["deployments"]] == [accepted["deployment_id"]]
    status, _ = call(env, "DELETE", f"/deployments/{accepted['deployment_id']}{query}")
    assert status == 202


@pytest.mark.parametrize("name", ["deploy_jobs", "deploy_jobs_poison"])
def test_a_hint_of_an_unknown_deployment_is_taken_and_forgotten(
    env: dict[str, str], name: str
) -> None:
    hint = {"user_key": "0" * 32, "deployment_id": "2" + "0" * 18 + "1"}

    assert run(env, name, message=json.dumps(hint)).error == ""


@pytest.mark.parametrize("name", [name for name in TRIGGERS if TRIGGERS[name] == "queueTrigger"])
def test_a_message_that_nobody_can_read_is_put_aside_and_does_not_come_again(
    env: dict[str, str], name: str
) -> None:
    said = f"for {name}"

    assert run(env, name, message=said).error == ""

    _, told = call(env, "GET", "/dead-letters?user_id=local")
    [letter] = [each for each in told["dead_letters"] if each["excerpt"] == said]
    assert (letter["reason"], letter["times"]) == ("not_json", 1)


def test_an_event_is_taken_and_what_became_of_it_is_told(env: dict[str, str]) -> None:
    event = {
        "specversion": "1.0",
        "type": "model.trained",
        "source": "runtime-test",
        "id": "1",
        "data": {"user_id": USER, "model_id": "model-1-1763486943100000"},
    }

    assert run(env, "deploy_requests", message=json.dumps(event)).error == ""

    _, told = call(env, "GET", f"/requests?source=runtime-test&id=1&user_id={USER}")
    assert (told["state"], told["problem"]["code"]) == ("refused", "model_not_found")


@pytest.mark.parametrize("name", [name for name in TRIGGERS if TRIGGERS[name] == "timerTrigger"])
def test_a_timer_runs_also_when_it_is_late(env: dict[str, str], name: str) -> None:
    for past_due in (False, True):
        assert run(env, name, past_due=past_due).error == ""
