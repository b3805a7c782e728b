"""Starts the emulator as a person would, and speaks to it in the ways its users do."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx
from azure.core import PipelineClient
from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from local import processes

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "rg"
CONTAINER = "emulator-tests"
API_VERSION = "2023-04-01-preview"
PROVIDER = "Microsoft.MachineLearningServices"
LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/{PROVIDER}/locations/local"


class Credential:
    """Any bearer will do for the emulator."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("test", int(time.time()) + 3600)


class PlainHttpBearer(ARMChallengeAuthenticationPolicy):
    """Sends the token over plain http, which only a loopback address deserves."""

    def on_request(self, request: Any) -> None:
        request.context.options["enforce_https"] = False
        super().on_request(request)


def bearer() -> PlainHttpBearer:
    return PlainHttpBearer(Credential(), "https://management.azure.com/.default")


@dataclass
class Running:
    """An emulator process and where it answers."""

    process: Popen[bytes]
    url: str
    log: Path
    http: httpx.Client

    def control(self, method: str, what: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/_control/{what}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fault(self, method: str, path: str, action: dict[str, Any], **more: Any) -> None:
        match = {"method": method, "path": path} | {k: more.pop(k) for k in ["nth"] if k in more}
        self.control("POST", "faults", {"match": match, "action": action} | more)

    @contextlib.contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Operations begun on this path meanwhile do not end before the `with` block does."""
        self.fault("*", path, {"operation": {"stuck": True}}, times=0)
        try:
            yield
        finally:
            self.control("DELETE", "faults")


@contextlib.contextmanager
def emulator(
    state: Path, storage: str, *options: str, variables: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A running emulator, with these environment variables beside its own; ended on leaving, if it has not ended by then."""
    port = processes.free_port()
    log = state / "emulator.log"
    command = [sys.executable, "-m", "local.azure_ml", "--port", str(port), "--state", str(state)]
    command += ["--storage", storage, "--container", CONTAINER, "--operation-seconds", "0.2"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    before = log.stat().st_size if log.exists() else 0
    process = processes.start(
        [*command, *options], env=environment | dict(variables or {}), log=log
    )
    try:
        processes.wait_until(
            lambda: process.poll() is not None or b"azure ml ready" in log.read_bytes()[before:],
            seconds=60,
            what="the emulator",
        )
        assert process.poll() is None, log.read_text()
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
            yield Running(process, url, log, http)
    finally:
        processes.stop(process)


class Rest:
    """Plain ARM REST through azure-core's pipeline: the second, independent client."""

    def __init__(self, url: str, workspace: str) -> None:
        self._client: PipelineClient[Any, Any] = PipelineClient(base_url=url, policies=[bearer()])
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        self.workspace = f"{group}/providers/{PROVIDER}/workspaces/{workspace}"

    def send(self, method: str, path: str, body: Any = None, **query: str) -> HttpResponse:
        """`path` is below the workspace, or absolute."""
        url = path if path.startswith(("/", "http")) else f"{self.workspace}/{path}".rstrip("/")
        if "api-version=" not in url:
            query = {"api-version": API_VERSION} | query
        request = HttpRequest(method, self._client.format_url(url), json=body, params=query)
        response: HttpResponse = self._client.send_request(request)
        return response

    def wait(self, response: HttpResponse, seconds: float = 60, every: float = 0.02) -> Any:
        """The final status document of the operation that `response` began."""
        assert response.status_code in (200, 201, 202), response.text()
        url = response.headers["Azure-AsyncOperation"]

        def ended() -> Any:
            status = self.send("GET", url).json()
            return status if status["status"] != "InProgress" else None

        return processes.wait_until(ended, seconds=seconds, what=url, every=every)

    def register(self, name: str, path: str, version: str = "1") -> str:
        """Registers an MLflow folder; returns its id."""
        uri = f"azureml:/{self.workspace}/datastores/workspaceblobstore/paths/{path}"
        properties = {"modelType": "mlflow_model", "modelUri": uri, "tags": {}}
        answer = self.send("PUT", f"models/{name}/versions/{version}", {"properties": properties})
        assert answer.status_code in (200, 201), answer.text()
        return str(answer.json()["id"])

    def put_endpoint(self, name: str, **properties: Any) -> HttpResponse:
        body = {"location": "local", "properties": {"authMode": "Key"} | properties}
        return self.send("PUT", f"onlineEndpoints/{name}", body)

    def put_deployment(self, place: str, model: str, **properties: Any) -> HttpResponse:
        """`place` is endpoint/deployment."""
        endpoint, _, name = place.partition("/")
        capacity = properties.pop("capacity", 1)
        given = {
            "model": model,
            "instanceType": "Standard_DS1_v2",
            "endpointComputeType": "Managed",
        }
        body = {
            "location": "local",
            "properties": given | properties,
            "sku": {"name": "Default", "capacity": capacity},
        }
        return self.send("PUT", f"onlineEndpoints/{endpoint}/deployments/{name}", body)

    def serve(self, place: str, model: str, **properties: Any) -> None:
        """An endpoint with one deployment that has all traffic."""
        endpoint, _, name = place.partition("/")
        assert self.wait(self.put_endpoint(endpoint))["status"] == "Succeeded"
        status = self.wait(self.put_deployment(place, model, **properties))
        assert status["status"] == "Succeeded", status
        assert self.wait(self.put_endpoint(endpoint, traffic={name: 100}))["status"] == "Succeeded"

    def key(self, endpoint: str) -> str:
        return str(self.send("POST", f"onlineEndpoints/{endpoint}/listKeys").json()["primaryKey"])


ROWS = {"columns": ["a", "b"], "index": [0, 1], "data": [[0.0, 0.0], [9.0, 9.0]]}


def score(url: str, endpoint: str, key: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{url}/endpoints/{endpoint}/score",
        json={"input_data": ROWS} if body is None else body,
        headers={"Authorization": f"Bearer {key}"} | headers,
        trust_env=False,
        timeout=30,
    )


def act(url: str, endpoint: str, key: str, what: str, **headers: str) -> httpx.Response:
    """Scores the actor model."""
    body = {"input_data": {"columns": ["do"], "index": [0], "data": [[what]]}}
    return score(url, endpoint, key, body, **headers)
