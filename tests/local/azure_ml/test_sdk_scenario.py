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
def client(shared: running.Running, monkeypatch: pytest.MonkeyPatch) -> MLClient:
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", shared.url)
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    return MLClient(
        running.Credential(),
        running.SUBSCRIPTION,
        running.GROUP,
        "sdk",
        authentication_policy=running.bearer(),
        enable_telemetry=False,
    )


def _model(path: str, version: str | None = "1", **more: Any) -> Model:
    uri = f"azureml://datastores/workspaceblobstore/paths/{path}"
    return Model(name="tree", version=version, path=uri, type="mlflow_model", **more)


def test_the_unmodified_sdk_registers_deploys_scores_and_deletes(
    client: MLClient, shared: running.Running, model_path: str, name: str
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

    endpoint = ManagedOnlineEndpoint(name=name, auth_mode="key", tags={"t": "1"})
    client.online_endpoints.begin_create_or_update(endpoint).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=name,
        model="azureml:tree:1",
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    client.online_deployments.begin_create_or_update(deployment).result()
    blue = client.online_deployments.get("blue", name)
    assert blue.provisioning_state == "Succeeded"
    assert "Downloaded" in client.online_deployments.get_logs(
        "blue", name, 5, container_type="storage-initializer"
    )
    assert "numpy==1.0.0: here" in client.online_deployments.get_logs("blue", name, 50)

    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    found = client.online_endpoints.get(name)
    assert (found.traffic, found.tags) == ({"blue": 100}, {"t": "1"})
    key = client.online_endpoints.get_keys(name).primary_key
    answer = running.score(shared.url, name, key)
    assert (answer.status_code, answer.json()) == (200, [0, 1])
    assert found.scoring_uri == str(answer.request.url)
    used = {u.name["value"]: u.currentValue for u in client.compute.list_usage()}
    assert used["standardDSv2Family"] >= 8

    client.online_endpoints.begin_regenerate_keys(name, key_type="primary").result()
    assert running.score(shared.url, name, key).status_code == 401

    versions = client.models._model_versions_operation
    with pytest.raises(ResourceExistsError):
        versions.delete(running.GROUP, "sdk", "tree", "1")
    client.online_endpoints.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        client.online_endpoints.get(name)
    for version in ("1", "2"):
        versions.delete(running.GROUP, "sdk", "tree", version)
    assert client.models.create_or_update(_model(model_path, version=None)).version == "3"


def test_the_sdk_reports_quota_and_missing_files_with_azures_codes(
    client: MLClient, model_path: str, name: str
) -> None:
    client.models.create_or_update(_model(model_path, version="90"))
    with pytest.raises(HttpResponseError) as missing:
        client.models.create_or_update(_model("no/such/path", version="91"))
    assert missing.value.error.details[0].code == "ModelAssetPathNotFoundInStorage"
    with pytest.raises(HttpResponseError) as changed:
        client.models.create_or_update(_model("models/other", version="90"))
    assert changed.value.error.message == "Asset paths cannot be updated."

    client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=name, auth_mode="key")
    ).result()
    big = ManagedOnlineDeployment(
        name="big",
        endpoint_name=name,
        model="azureml:tree:90",
        instance_type="Standard_F4s_v2",
        instance_count=1,
    )
    with pytest.raises(HttpResponseError) as refused:
        client.online_deployments.begin_create_or_update(big)
    assert refused.value.status_code == 400
    assert refused.value.error.details[0].code == "InferencingClientCreateDeploymentFailed"
    assert "Current usage/limit: 0/6. Additional needed: 8" in str(refused.value)
