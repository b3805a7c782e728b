"""What the web function and a producer do with what somebody asks for: one call of the service each."""

import io
import json
from dataclasses import dataclass

from shared.domain.policy import DEPLOY_REQUESTS, Policy
from shared.domain.principal import Principal
from shared.domain.requests import parse_deploy_request, request_key
from shared.ports import WorkerPorts
from shared.service import remove, retry, route, submit
from shared.service.catalogue import uploads, withdraw
from shared.service.catalogue.models import Upload
from shared.service.claims import Mint
from simulator import model
from simulator.scenario import Action

ISSUER = "simulator"
EVENT_SOURCE = "/pipelines/nightly"


def principal(user: str) -> Principal:
    """A user, as signed in."""
    return Principal(user_id=user, issuer=ISSUER)


def key_of(action: Action, number: int) -> str:
    """The stored key of a request; none where it is sent without."""
    return request_key("http", f"{action.user}-{number} {action.endpoint}") if action.keyed else ""


@dataclass(frozen=True, slots=True)
class Front:
    """The doors of the service. Each method raises what the service does; the answer is an id."""

    ports: WorkerPorts
    policy: Policy

    def upload(self, user: str, endpoint: str, fragile: bool, *, again: int, mint: Mint) -> str:
        """A model's id. A fragile one is the user's own; `again` counts those that were deleted before."""
        upload = Upload(
            file=io.BytesIO(model.content(user, endpoint, fragile=fragile)),
            filename="model.pkl",
            model_name="fragile" if fragile else "churn",
        )
        key = request_key("upload", f"{user} {endpoint} {fragile} {again}")
        return uploads.accept_upload(
            self.ports, mint, self.policy, principal(user), upload, key=key
        ).record.id

    def deploy(self, action: Action, key: str, model_id: str, mint: Mint) -> str:
        """The deployment's id."""
        request = parse_deploy_request(deploy_fields(action, model_id))
        return submit.accept_deploy(
            self.ports, mint, self.policy, principal(action.user), request, key=key
        ).record.id

    def redeploy(self, action: Action, key: str, deployment_id: str, mint: Mint) -> str:
        """The new deployment's id."""
        return retry.accept_redeploy(
            self.ports, mint, self.policy, principal(action.user), deployment_id, key=key
        ).record.id

    def retry(self, action: Action, key: str, deployment_id: str) -> str:
        """The deployment's id, as before."""
        return retry.accept_retry(
            self.ports, self.policy, principal(action.user), deployment_id, key=key
        ).record.id

    def delete(self, action: Action, deployment_id: str, traffic_to: str) -> str:
        """The deployment's id, as before."""
        return remove.accept_delete(
            self.ports, self.policy, principal(action.user), deployment_id, traffic_to=traffic_to
        ).id

    def delete_model(self, action: Action, model_id: str) -> str:
        """The model's id."""
        withdraw.delete_model(self.ports, principal(action.user), model_id)
        return model_id

    def route(self, action: Action, endpoint: str, shares: dict[str, int]) -> str:
        """Sets an endpoint's traffic; the answer is its name."""
        return route.accept_traffic(
            self.ports, self.policy, principal(action.user), endpoint, shares
        ).name

    def send_event(self, action: Action, number: int, model_id: str) -> str:
        """Puts a producer's message on its queue; the stored key of what it asks for.

        A fragile one is no event at all, and has none.
        """
        if action.fragile:
            self.ports.queue.send(DEPLOY_REQUESTS, f"no event of {action.user}")
            return ""
        event = {
            "specversion": "1.0",
            "type": "longshore.deploy",
            "source": EVENT_SOURCE,
            "id": f"{action.user}-{number}",
            "data": {"user_id": action.user, **deploy_fields(action, model_id)},
        }
        self.ports.queue.send(DEPLOY_REQUESTS, json.dumps(event))
        return request_key(EVENT_SOURCE, str(event["id"]))


def deploy_fields(action: Action, model_id: str) -> dict[str, str]:
    """The body of a request to deploy."""
    given = {"endpoint_name": action.endpoint, "deployment_name": action.name}
    return {"model_id": model_id, **{name: value for name, value in given.items() if value}}
