"""The HTTP path stays light: what is slow to import is the worker's alone, and no request pays for more."""

import base64
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from functions.deploy_http import (
    artifact_routes,
    dead_letter_routes,
    deployment_routes,
    endpoint_routes,
    exception_routes,
    model_routes,
)
from local import app_settings
from local.azurite import Azurite
from tests.api.serving import model_bytes

SCRIPT = Path(__file__).with_name("first_requests.py")
HEAVY = {"azure.ai.ml", "mlflow", "boto3", "numpy", "pandas", "sklearn", "joblib", "cloudpickle"}
HEAVY |= {"requests_oauthlib", "pydash", "marshmallow", "azure.storage.fileshare", "opencensus"}


def served(env: dict[str, str], *requests: httpx.Request) -> list[dict[str, Any]]:
    """What a fresh process answers to these requests, and what it has loaded after each."""
    told = [
        {
            "method": request.method,
            "url": str(request.url),
            "headers": dict(request.headers),
            "body": base64.b64encode(request.read()).decode(),
        }
        for request in requests
    ]
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=env,
        cwd="/",
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: list[dict[str, Any]] = json.loads(done.stdout)
    return seen


def heavy(seen: dict[str, Any]) -> set[str]:
    return HEAVY & set(seen["modules"])


def url(path: str) -> str:
    return f"http://127.0.0.1:7071{path}"


@pytest.fixture
def env(azurite: Azurite) -> dict[str, str]:
    return app_settings.app_env(
        storage=azurite.connection_string, azure_ml="http://127.0.0.1:9", settings={}
    )


def test_importing_the_app_opens_nothing_and_needs_no_settings() -> None:
    [imported] = served(app_settings.process_env())

    assert not heavy(imported)
    light = {"fastapi", "azure.core", "azure.data.tables", "azure.storage.queue", "shared.wiring"}
    assert not light & set(imported["modules"])


def test_the_first_requests_load_nothing_heavy(env: dict[str, str]) -> None:
    uploaded = httpx.Request(
        "POST",
        url("/models?user_id=light"),
        data={"model_name": "iris"},
        files={"file": ("iris.pkl", model_bytes())},
    )
    reads = [httpx.Request("GET", url(path)) for path in ("/health", "/deployments/list")]

    seen = served(env, *reads, uploaded)

    assert [each["status"] for each in seen[1:]] == [200, 200, 201]
    assert [heavy(each) for each in seen] == [set()] * 4
    model_id = json.loads(seen[-1]["body"])["id"]
    deploy = httpx.Request(
        "POST", url("/deployments/deploy?user_id=light"), json={"model_id": model_id}
    )
    known = f"/models/{model_id}"
    shown = [
        httpx.Request("GET", url(f"{path}?user_id=light"))
        for path in (f"{known}/inspection", f"/artifacts{known.replace('models', 'model')}/rate")
    ]
    [_, accepted, *rest] = served(env, deploy, *shown)
    assert [each["status"] for each in (accepted, *rest)] == [202, 200, 200]
    assert not any(heavy(each) for each in (accepted, *rest))


def test_a_file_goes_through_the_hosts_own_way_whole_and_in_part(env: dict[str, str]) -> None:
    content = "".join(f"row {number}\n" for number in range(5000))
    stored = httpx.Request(
        "POST",
        url("/artifacts/dataset?user_id=light"),
        data={"name": "rows"},
        files={"file": ("rows.txt", content.encode())},
    )
    [_, made] = served(env, stored)
    path = f"{json.loads(made['body'])['content']}?user_id=light"
    part = httpx.Request("GET", url(path), headers={"range": "bytes=0-4"})

    [_, whole, head, ranged] = served(
        env, httpx.Request("GET", url(path)), httpx.Request("HEAD", url(path)), part
    )

    assert (whole["status"], whole["body"]) == (200, content)
    assert (head["status"], head["body"]) == (200, "")
    assert (ranged["status"], ranged["body"]) == (206, "row 0")
    assert not heavy(whole)


def test_s3_is_not_loaded_before_an_artifact_is_asked_for(env: dict[str, str]) -> None:
    stored = {**env, "ARTIFACT_STORE": "s3", "S3_BUCKET": "artifacts"}
    reads = [
        httpx.Request("GET", url(path)) for path in ("/health", "/models", "/deployments/list")
    ]

    seen = served(stored, *reads)

    assert [each["status"] for each in seen[1:]] == [200, 200, 200]
    assert [heavy(each) for each in seen] == [set()] * 4


def test_wrong_settings_stop_the_first_request_with_their_names(env: dict[str, str]) -> None:
    wrong = {**env, "AUTH_MODE": "easyauth", "AzureWebJobsStorage": "AccountKey=s3cret"}

    seen = served(wrong, httpx.Request("GET", url("/health")))

    assert seen[1]["status"] == 500
    problem = json.loads(seen[1]["body"])
    assert problem["code"] == "settings_wrong"
    assert "s3cret" not in seen[1]["body"]
    assert "AUTH_MODE" in problem["detail"]


def test_a_connection_string_that_is_none_is_a_wrong_setting(env: dict[str, str]) -> None:
    wrong = {**env, "AzureWebJobsStorage": "AccountKey=s3cret"}

    seen = served(wrong, httpx.Request("GET", url("/health")))

    problem = json.loads(seen[1]["body"])
    assert [each["field"] for each in problem["problems"]] == ["AzureWebJobsStorage"]
    assert "s3cret" not in seen[1]["body"]


def test_what_a_route_depends_on_is_not_handed_to_a_thread() -> None:
    modules = (
        artifact_routes,
        dead_letter_routes,
        deployment_routes,
        endpoint_routes,
        exception_routes,
        model_routes,
    )
    routes = [each for module in modules for each in module.router.routes]
    needed = {
        each.call
        for route in routes
        if isinstance(route, APIRoute)
        for each in route.dependant.dependencies
    }
    assert len(needed) >= 2
    assert all(inspect.iscoroutinefunction(each) for each in needed), needed
