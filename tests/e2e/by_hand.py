"""Somebody with the portal: changes the emulated workspace past Longshore, over ARM."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from signal import SIGTERM
from typing import Any

from local.cloud import LocalCloud
from shared.domain.records import Deployment
from tests.local.azure_ml.running import PROVIDER, SUBSCRIPTION, Rest

Tags = Mapping[str, str]


class ByHand(Rest):
    """What can be done by hand in a local cloud's workspace; each returns when it is done."""

    def __init__(self, cloud: LocalCloud) -> None:
        super().__init__(cloud.azure_ml_url, "local")
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/local"
        self.workspace = f"{group}/providers/{PROVIDER}/workspaces/local"

    def endpoint(self, name: str, tags: Tags, traffic: Mapping[str, int] | None = None) -> None:
        """Makes an endpoint, or gives it these tags and this traffic."""
        properties = {"authMode": "Key", "traffic": traffic or {}}
        body = {"location": "local", "tags": dict(tags), "properties": properties}
        self._done("PUT", f"onlineEndpoints/{name}", body)

    def deployment(
        self,
        place: str,
        like: Deployment,
        tags: Tags,
        *,
        instances: int = 1,
        ends: str = "Succeeded",
    ) -> None:
        """Makes a deployment of the same model, at `endpoint/name`."""
        endpoint, _, name = place.partition("/")
        version = f"models/{like.azure_model_name}/versions/{like.azure_model_version}"
        body = {
            "location": "local",
            "tags": dict(tags),
            "properties": {
                "model": f"{self.workspace}/{version}",
                "instanceType": "Standard_DS1_v2",
                "endpointComputeType": "Managed",
            },
            "sku": {"name": "Default", "capacity": instances},
        }
        self._done("PUT", f"onlineEndpoints/{endpoint}/deployments/{name}", body, ends=ends)

    def model(self, name: str, like: Deployment, tags: Tags) -> None:
        """Registers the same files under a name."""
        uri = f"azureml:/{self.workspace}/datastores/workspaceblobstore/paths/packages/{like.package_digest}"
        properties = {"modelType": "mlflow_model", "modelUri": uri, "tags": dict(tags)}
        answer = self.send("PUT", f"models/{name}/versions/1", {"properties": properties})
        assert answer.status_code in (200, 201), answer.text()

    def remove(self, path: str) -> None:
        """Removes what is at a path below the workspace."""
        if path.startswith("models/"):
            assert self.send("DELETE", path).status_code == 200
            return
        self._done("DELETE", path)

    def drop(self, record: Deployment) -> None:
        """Removes a deployment that is alone on its endpoint, traffic and all."""
        tags = self.send("GET", f"onlineEndpoints/{record.endpoint_name}").json()["tags"]
        self.endpoint(record.endpoint_name, tags)
        self.remove(f"onlineEndpoints/{record.endpoint_name}/deployments/{record.deployment_name}")

    def _done(self, method: str, path: str, body: Any = None, *, ends: str = "Succeeded") -> None:
        status = self.wait(self.send(method, path, body))
        assert status["status"] == ends, status


def age(cloud: LocalCloud, by: timedelta) -> None:
    """Makes all that is in the workspace older: the emulator is ended, and its state says so when it comes back."""
    with cloud.azure_ml.away(SIGTERM):
        state = sqlite3.connect(_state(cloud), isolation_level=None)
        for key, text in state.execute("SELECT key, record FROM resource").fetchall():
            record = json.loads(text)
            told = record["body"]["systemData"]
            told["createdAt"] = (datetime.fromisoformat(told["createdAt"]) - by).isoformat()
            changed = (json.dumps(record), key)
            state.execute("UPDATE resource SET record = ? WHERE key = ?", changed)
        state.close()


def _state(cloud: LocalCloud) -> Path:
    return cloud.state / "azure-ml" / "state.sqlite3"
