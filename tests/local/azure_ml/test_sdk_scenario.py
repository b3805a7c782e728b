"""The whole way through the unmodified azure-ai-ml, in the order of the recorded calls."""

import warnings
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.local.azure_ml import running

with warnings.catch_warnings():  # the SDK uses what its own libraries deprecate
    warnings.simplefilter("ignore")
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model

pytestmark = pytest.mark.filterwarnings("ignore:::azure.ai.ml", "ignore:::marshmallow")


@pytest.fixture
def client(shared: running.Running, name: str, monkeypatch: pytest.MonkeyPatch) -> MLClient:
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", shared.url)
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    return MLClient(
        running.Credential(),
        running.SUBSCRIPTION,
        running.GROUP,
        f"sdk-{name}",
        authentication_policy=running.bearer(),
        enable_telemetry=False,
    )


def _model(path: str, version: str | None = "1", **more: Any) -> Model:
    uri = f"azureml://datastores/workspaceblobstore/paths/{path}"
    return Model(name="tree", version=version, path=uri, type="mlflow_model", **more)


def _deployment(endpoint: str, size: str) -> ManagedOnlineDeployment:
    return ManagedOnlineDeployment(
        name="blue",
        endpoint_name=endpoint,
        model="azureml:tree:1",
        instance_type=size,
        instance_count=1,
    )


def _error(caught: pytest.ExceptionInfo[HttpResponseError]) -> Any:
    return caught.value.error


def test_the_sdk_registers_versions_lists_and_archives_them(
    client: MLClient, model_path: str
) -> None:
    created = client.models.create_or_update(_model(model_path, tags={"a": "1"}, description="d"))
    assert (created.version, created.tags, created.description) == ("1", {"a": "1"}, "d")
    assert created.flavors["sklearn"]
    assert client.models.create_or_update(_model(model_path, version=None)).version == "2"
    assert client.models.get("tree", label="latest").version == "2"
    assert {held.name for held in client.models.list()} == {"tree"}
    client.models.archive("tree", version="2")
    assert [held.version for held in client.models.list("tree")] == ["1"]
    assert client.models.get("tree", version="2").version == "2"
    versions = client.models._model_versions_operation
    for version in ("1", "2"):
        versions.delete(running.GROUP, client.workspace_name, "tree", version)
    assert client.models.create_or_update(_model(model_path, version=None)).version == "3"


def test_the_sdk_deploys_reads_logs_and_usages_scores_and_deletes(
    client: MLClient, shared: running.Running, model_path: str, name: str
) -> None:
    client.models.create_or_update(_model(model_path))
    endpoint = ManagedOnlineEndpoint(name=name, auth_mode="key", tags={"t": "1"})
    client.online_endpoints.begin_create_or_update(endpoint).result()
    deployment = _deployment(name, "Standard_DS3_v2")
    client.online_deployments.begin_create_or_update(deployment).result()
    deployments = client.online_deployments
    assert deployments.get("blue", name).provisioning_state == "Succeeded"
    assert [held.name for held in deployments.list(name)] == ["blue"]
    log = deployments.get_logs("blue", name, 5, container_type="storage-initializer")
    assert "Downloaded" in log
    assert "numpy==1.0.0: here" in deployments.get_logs("blue", name, 50)
    used = {u.name["value"]: u.currentValue for u in client.compute.list_usage()}
    assert used["standardDSv2Family"] >= 8

    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    found = client.online_endpoints.get(name)
    assert (found.traffic, found.tags) == ({"blue": 100}, {"t": "1"})
    key = client.online_endpoints.get_keys(name).primary_key
    answer = running.score(shared.url, name, key)
    assert (answer.status_code, answer.json()) == (200, [0, 1])
    assert found.scoring_uri == str(answer.request.url)
    client.online_endpoints.begin_regenerate_keys(name, key_type="primary").result()
    assert running.score(shared.url, name, key).status_code == 401

    versions = client.models._model_versions_operation
    with pytest.raises(ResourceExistsError):
        versions.delete(running.GROUP, client.workspace_name, "tree", "1")
    client.online_endpoints.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        client.online_endpoints.get(name)


def test_the_sdk_reports_quota_and_missing_files_with_azures_codes(
    client: MLClient, model_path: str, name: str
) -> None:
    client.models.create_or_update(_model(model_path))
    with pytest.raises(HttpResponseError) as missing:
        client.models.create_or_update(_model("no/such/path", version="91"))
    assert _error(missing).details[0].code == "ModelAssetPathNotFoundInStorage"
    with pytest.raises(HttpResponseError) as changed:
        client.models.create_or_update(_model("models/other"))
    assert _error(changed).message == "Asset paths cannot be updated."

    client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=name, auth_mode="key")
    ).result()
    big = _deployment(name, "Standard_F4s_v2")
    with pytest.raises(HttpResponseError) as refused:
        client.online_deployments.begin_create_or_update(big)
    assert refused.value.status_code == 400
    assert _error(refused).details[0].code == "InferencingClientCreateDeploymentFailed"
    assert "Current usage/limit: 0/6. Additional needed: 8" in str(refused.value)
