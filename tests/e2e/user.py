"""A user of the running product: speaks HTTP as its clients do, and waits for things to be so."""

from collections.abc import Callable
from typing import Any

import httpx

from local.processes import wait_until

Json = dict[str, Any]
SELDOM = 0.1  # seconds between looks: each takes processor time from what is waited for


class User:
    """One user of one running Longshore."""

    def __init__(self, base_url: str, user_id: str = "local") -> None:
        self.http = httpx.Client(base_url=base_url, params={"user_id": user_id}, timeout=30)

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    def upload(self, content: bytes, name: str = "wine") -> str:
        """Uploads a model file; its id."""
        answer = self.http.post(
            "/models", files={"file": (f"{name}.pkl", content)}, data={"model_name": name}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def deploy(self, model_id: str, **settings: object) -> str:
        """Sends a deploy request; the deployment's id."""
        answer = self.http.post("/deployments/deploy", json={"model_id": model_id, **settings})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["deployment_id"])

    def look(self, deployment_id: str) -> Json:
        """The deployment as it is now."""
        answer = self.http.get(f"/deployments/{deployment_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def deployment_ids(self) -> set[str]:
        """Ids of the deployments that are listed."""
        answer = self.http.get("/deployments/list")
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["deployments"]}

    def delete(self, deployment_id: str, **query: str) -> httpx.Response:
        """Sends a deletion."""
        return self.http.delete(f"/deployments/{deployment_id}", params=query)

    def wait(
        self, deployment_id: str, until: Callable[[Json], bool], *, seconds: float = 60
    ) -> Json:
        """Waits until the deployment is as wanted; fails with what it was at last."""
        last: Json = {}

        def check() -> bool:
            last.update(self.look(deployment_id))
            return until(last)

        try:
            wait_until(check, seconds=seconds, what=f"deployment {deployment_id}", every=SELDOM)
        except TimeoutError as error:
            raise AssertionError(f"{error}; it was {last}") from error
        return last

    def wait_active(self, deployment_id: str, *, seconds: float = 60) -> Json:
        """Waits until it is active; fails at once where it failed."""
        found = self.wait(
            deployment_id, lambda each: each["status"] != "deploying", seconds=seconds
        )
        assert found["status"] == "active", found["failure"]
        return found

    def wait_torn_down(self, deployment_id: str, *, seconds: float = 60) -> Json:
        """Waits until nothing of it is left in the cloud."""
        return self.wait(deployment_id, is_torn_down, seconds=seconds)

    def wait_failed(self, deployment_id: str) -> Json:
        """Waits until it has failed and costs nothing any more."""
        self.wait(deployment_id, lambda each: each["status"] == "failed")
        return self.wait_torn_down(deployment_id)

    def retry(self, deployment_id: str) -> httpx.Response:
        """Sends a new try of a failed deployment."""
        return self.http.post(f"/deployments/{deployment_id}/retry")

    def look_at_endpoint(self, name: str) -> Json:
        """The endpoint as it is now."""
        answer = self.http.get(f"/endpoints/{name}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def keys(self, endpoint_name: str) -> Json:
        """The endpoint's keys as they are now."""
        answer = self.http.get(f"/endpoints/{endpoint_name}/keys")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def score(self, deployment: Json, payload: object, *, key: str = "") -> httpx.Response:
        """Calls the live deployment by name, with this key or else the endpoint's."""
        opens = key or self.keys(deployment["endpoint_name"])["primary_key"]
        return httpx.post(
            deployment["scoring_uri"],
            json=payload,
            headers={
                "Authorization": f"Bearer {opens}",
                "azureml-model-deployment": deployment["deployment_name"],
            },
            timeout=30,
        )


def is_torn_down(deployment: Json) -> bool:
    """Whether the condition TornDown is true."""
    return any(
        each["type"] == "TornDown" and each["status"] == "True" for each in deployment["conditions"]
    )
