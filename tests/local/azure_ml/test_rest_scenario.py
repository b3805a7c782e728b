"""The same way as the SDK's scenario through a second client: ARM REST and azure-core's pollers."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import ContentDecodePolicy, RequestIdPolicy
from azure.core.polling import LROPoller
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.polling.arm_polling import ARMPolling

from tests.local.azure_ml.running import (
    API_VERSION,
    LOCATION,
    PROVIDER,
    Rest,
    Running,
    bearer,
    score,
)


class Arm:
    """Begins operations as generated clients do and polls them with azure-core's own poller."""

    def __init__(self, url: str) -> None:
        self._client: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            base_url=url, policies=[RequestIdPolicy(), bearer(), ContentDecodePolicy()]
        )

    def run(self, method: str, path: str, body: Any = None) -> Any:
        """The resource as it is when the operation has ended; None if there is none to show."""
        request = HttpRequest(
            method, self._client.format_url(path), json=body, params={"api-version": API_VERSION}
        )
        started = self._client._pipeline.run(request)
        assert started.http_response.status_code in (200, 201, 202), started.http_response.text()
        poller: LROPoller[Any] = LROPoller(
            self._client,
            started,
            lambda ended: ended.http_response.json() if ended.http_response.text() else None,
            ARMPolling(1),
        )
        return poller.result(30)


def test_plain_rest_goes_the_same_way(
    shared: Running, rest: Rest, name: str, model_path: str, broken_path: str
) -> None:
    arm, endpoint = Arm(shared.url), f"{rest.workspace}/onlineEndpoints/{name}"
    workspace = rest.send("GET", rest.workspace).json()
    assert workspace["type"] == f"{PROVIDER}/workspaces"
    model = rest.register("tree", model_path)

    body: dict[str, Any] = {"location": workspace["location"], "properties": {"authMode": "Key"}}
    created = arm.run("PUT", endpoint, body)
    assert created["properties"]["provisioningState"] == "Succeeded"
    wanted = {"model": model, "instanceType": "Standard_DS2_v2", "endpointComputeType": "Managed"}
    deployment = {"location": "local", "properties": wanted, "sku": {"name": "Default"}}
    deployed = arm.run("PUT", f"{endpoint}/deployments/blue", deployment)
    assert deployed["properties"]["provisioningState"] == "Succeeded"
    usages = rest.send("GET", f"{LOCATION}/usages").json()["value"]
    assert usages[0]["currentValue"] >= 4
    log = rest.send("POST", f"{endpoint}/deployments/blue/getLogs", {"tail": 50}).json()
    assert "model loaded" in log["content"]

    body["properties"]["traffic"] = {"blue": 100}
    assert arm.run("PUT", endpoint, body)["properties"]["traffic"] == {"blue": 100}
    keys = rest.send("POST", f"{endpoint}/listKeys").json()
    assert score(shared.url, name, keys["secondaryKey"]).json() == [0, 1]
    arm.run("POST", f"{endpoint}/regenerateKeys", {"keyType": "Secondary"})
    assert score(shared.url, name, keys["secondaryKey"]).status_code == 401

    wanted["model"] = rest.register("broken", broken_path)
    with pytest.raises(HttpResponseError, match="ResourceNotReady"):
        arm.run("PUT", f"{endpoint}/deployments/green", deployment)

    body["properties"]["traffic"] = {}
    arm.run("PUT", endpoint, body)
    arm.run("DELETE", f"{endpoint}/deployments/blue")
    arm.run("DELETE", endpoint)
    assert rest.send("GET", endpoint).status_code == 404
