"""Answers questions about a user's deployments and endpoints. Reads only; decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain import ownership
from shared.domain.errors import CloudError, Missing, NotFound
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Endpoint, Model, Status
from shared.ports import CloudEndpoint, Keys, Ports
from shared.service import content, store
from shared.service.remove import require_deployment

_LOG_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How many deployments a user has; deleted ones are left out."""

    total: int
    by_status: Mapping[Status, int]
    last_created_at: str | None


def list_deployments(ports: Ports, principal: Principal, status: Status | None) -> list[Deployment]:
    """The user's deployments of a status, newest first; all but the deleted where it is None."""
    deleted = status is Status.DELETED
    found = store.list_deployments(ports.tables, principal.user_key, deleted=deleted)
    return [each for each in found if status is None or each.status is status]


def count_deployments(ports: Ports, principal: Principal) -> Stats:
    """Counts by one range read, so that it can never differ from the list."""
    counts = dict.fromkeys(Status, 0)
    last = None
    for status, created_at in store.list_statuses(ports.tables, principal.user_key):
        counts[status] += 1
        last = last or created_at
    return Stats(total=sum(counts.values()), by_status=counts, last_created_at=last)


def find_model(ports: Ports, deployment: Deployment) -> Model | None:
    """The catalogue entry a deployment was made from, where it is still there."""
    stored = store.load_model(ports.tables, deployment.user_key, deployment.model_id)
    return stored.record if stored else None


def require_endpoint(ports: Ports, principal: Principal, name: str) -> Endpoint:
    """The principal's own endpoint. Raises NotFound, also for another user's."""
    stored = None
    if len(name) <= 32 and name.replace("-", "").isalnum() and name.isascii():
        stored = store.load_endpoint(ports.tables, principal.user_key, name)
    if stored is None:
        raise NotFound(
            "endpoint_not_found",
            f"You have no endpoint {name[:40]!r}.",
            "Your deployments and their endpoints are in GET /deployments/list.",
        )
    return stored.record


def find_cloud_endpoint(ports: Ports, endpoint: Endpoint) -> CloudEndpoint | None:
    """The endpoint as the cloud has it now. Raises CloudError."""
    return ports.view.find_endpoint(endpoint.name)


def read_keys(ports: Ports, principal: Principal, name: str) -> Keys:
    """The endpoint's keys, for its owner. Raises NotFound, CloudError."""
    endpoint = require_endpoint(ports, principal, name)
    if ports.view.find_endpoint(endpoint.name) is None:
        raise NotFound(
            "endpoint_not_ready",
            f"The endpoint {name!r} is not there yet.",
            "Wait until its first deployment is active.",
        )
    return ports.view.read_keys(endpoint.name)


def read_logs(ports: Ports, principal: Principal, deployment_id: str, lines: int) -> str:
    """The serving log: live from the container, or as saved when the deployment failed.

    Raises NotFound where there is neither, CloudError where the cloud does not answer.
    """
    record = require_deployment(ports, principal, deployment_id).record
    try:
        with ports.blobs.open(content.log_key(record.id)) as saved:
            return _tail(saved.read().decode("utf-8", "replace"), lines)
    except Missing:
        pass  # not saved: the container may still run
    try:
        found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
        if found and ownership.is_ours(found.tags, ownership.deployment_tags(record)):
            return ports.view.read_logs(record.endpoint_name, record.deployment_name, lines=lines)
    except CloudError as error:
        if error.code != "not_found":
            raise
    raise NotFound(
        "no_logs",
        f"{record.deployment_name} has no container, so there is no log.",
        f"See what happened with GET /deployments/{record.id}/events.",
    )


def _tail(text: str, lines: int) -> str:
    return "\n".join(text.splitlines()[-lines:])
