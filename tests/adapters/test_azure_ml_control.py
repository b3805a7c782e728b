"""Changes through azure-ai-ml: what it sends, what is private of it, and what it leaves behind."""

import concurrent.futures
import importlib.metadata
import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from local import processes
from shared.adapters.arm_rest import AZURE, Workspace
from shared.adapters.azure_ml_control import AzureMlControl
from shared.adapters.credentials import Credential
from shared.domain.errors import CloudError
from tests.adapters.azure_ml_changes import MODEL, TIMEOUT, deployment, put, ready, sent
from tests.contracts.emulated import GOOD_PATH
from tests.local.azure_ml import running


@pytest.fixture
def control(workspace: Workspace) -> Iterator[AzureMlControl]:
    control = AzureMlControl(workspace, Credential(), timeout=TIMEOUT)
    control.remove_endpoint("none")  # the client is built and has its token
    yield control
    control.close()


def test_the_private_names_of_the_sdk_are_those_of_the_installed_version(
    control: AzureMlControl,
) -> None:
    assert importlib.metadata.version("azure-ai-ml") == "1.35.2"
    client: Any = control._client()
    groups = (
        client.online_endpoints._online_operation,
        client.online_deployments._online_deployment,
    )
    for group in groups:
        for name in ("begin_create_or_update", "begin_delete"):
            begin = getattr(group, name)
            assert 'kwargs.pop("polling", True)' in inspect.getsource(begin)
            assert {"resource_group_name", "workspace_name"} <= inspect.signature(
                begin
            ).parameters.keys()


def test_an_endpoint_is_sent_with_keys_an_identity_all_tags_and_its_traffic(
    control: AzureMlControl, emulator: running.Running, endpoint: str
) -> None:
    put(control, endpoint)
    processes.wait_until(lambda: ready(emulator, endpoint), seconds=10, what=endpoint)
    with pytest.raises(CloudError):
        control.put_endpoint(endpoint, tags={"t": "2", "u": "3"}, traffic={"blue": 100, "green": 0})
    assert [body for _, _, body in sent(emulator)] == [
        {
            "location": "local",
            "properties": {
                "authMode": "Key",
                "properties": {},
                "traffic": traffic,
                "mirrorTraffic": {},
            },
            "identity": {"type": "SystemAssigned"},
            "tags": tags,
        }
        for tags, traffic in (({"t": "1"}, {}), ({"t": "2", "u": "3"}, {"blue": 100}))
    ]


def test_a_deployment_is_sent_with_its_model_size_variables_and_tags(
    control: AzureMlControl, emulator: running.Running, workspace: Workspace, endpoint: str
) -> None:
    with pytest.raises(CloudError) as caught:
        control.put_deployment(deployment(endpoint))
    assert caught.value.code == "not_found"  # there is no endpoint; the body is what counts here
    assert sent(emulator) == [
        (
            "PUT",
            f"onlineEndpoints/{endpoint}/deployments/blue",
            {
                "location": "local",
                "properties": {
                    "model": f"{workspace.id}/models/good/versions/7",
                    "properties": {},
                    "environmentVariables": {"A": "b"},
                    "appInsightsEnabled": False,
                    "instanceType": "Standard_DS1_v2",
                    "endpointComputeType": "Managed",
                },
                "tags": {"longshore-deployment": "1"},
                "sku": {"name": "Default", "capacity": 2},
            },
        )
    ]


def test_a_model_is_registered_by_its_path_and_nothing_is_uploaded(
    control: AzureMlControl,
    emulator: running.Running,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls: list[tuple[str, str]] = []
    send = RequestsTransport.send

    def watched(self: RequestsTransport, request: Any, **options: Any) -> Any:
        urls.append((request.method, request.url.partition("?")[0]))
        return send(self, request, **options)

    monkeypatch.setattr(RequestsTransport, "send", watched)
    control.register_model(MODEL)
    versions = f"{workspace.base_url}{workspace.id}/models/good/versions"
    assert urls == [("GET", versions), ("PUT", f"{versions}/7")]
    ((_, _, body),) = sent(emulator)
    properties = body["properties"]
    assert properties["modelUri"].endswith(f"/datastores/workspaceblobstore/paths/{GOOD_PATH}")
    assert (properties["modelType"], properties["tags"]) == ("mlflow_model", {"t": "1"})


def test_no_thread_outlives_a_change_that_goes_on_in_the_cloud(
    control: AzureMlControl, emulator: running.Running, endpoint: str
) -> None:
    before = threading.enumerate()
    with emulator.holding("/onlineEndpoints/"):
        put(control, endpoint)
        assert threading.enumerate() == before
        assert not ready(emulator, endpoint)
    processes.wait_until(lambda: ready(emulator, endpoint), seconds=10, what=endpoint)
    with emulator.holding("/onlineEndpoints/"):
        control.remove_endpoint(endpoint)
        assert threading.enumerate() == before


def test_one_client_serves_several_threads(
    emulator: running.Running, workspace: Workspace, endpoint: str
) -> None:
    control = AzureMlControl(workspace, Credential(), timeout=TIMEOUT)
    names = [f"{endpoint}-{number}" for number in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: put(control, name), names))
    assert {path for _, path, _ in sent(emulator)} == {f"onlineEndpoints/{name}" for name in names}
    control.close()


def test_the_environment_stays_as_it_was(
    emulator: running.Running, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert emulator.url
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", "http://127.0.0.1:9")
    monkeypatch.delenv("AZUREML_CURRENT_CLOUD", raising=False)
    before = dict(os.environ)
    control = AzureMlControl(workspace, Credential(), timeout=TIMEOUT)
    control.remove_endpoint("none")
    control.close()
    assert dict(os.environ) == before


def test_azure_itself_is_where_the_sdk_goes_by_default(workspace: Workspace) -> None:
    azure = Workspace(subscription="s", resource_group="g", name="w")
    assert azure.base_url == AZURE
    control = AzureMlControl(azure, Credential())
    assert control._client()._base_url == AZURE
    other = AzureMlControl(workspace, Credential())
    assert other._client()._base_url == workspace.base_url
    control.close()
    other.close()


_QUIET = """
import sys
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_control import AzureMlControl
from shared.adapters.credentials import Credential
from tests.adapters.azure_ml_changes import MODEL, deployment, put
url, endpoint = sys.argv[1:]
place = Workspace(base_url=url, subscription="quiet", resource_group="g", name="w")
control = AzureMlControl(place, Credential())
control.register_model(MODEL)
put(control, endpoint)
try:
    control.put_deployment(deployment(endpoint))
except Exception as error:
    assert type(error).__name__ == "CloudError", error
control.remove_endpoint("none")
"""


def test_nothing_is_written_to_the_terminal(emulator: running.Running, endpoint: str) -> None:
    command = [sys.executable, "-c", _QUIET, emulator.url, endpoint]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
