"""Where a deployment will live: on an endpoint its user has, or on a new one whose name is claimed.

Used by `submit` and `retry` each time they try to admit a request.
"""

from dataclasses import dataclass

from shared.domain import endpoints
from shared.domain.errors import Changed, Conflict
from shared.domain.policy import Policy
from shared.domain.records import Deployment, Endpoint, Member, Status
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import claims, store
from shared.service.store import Stored

_REMOVAL = 60.0  # seconds: a removal in Azure takes minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The endpoint a deployment will join: as stored, and as it will be; both None for a new one."""

    stored: Stored[Endpoint] | None
    endpoint: Endpoint | None


def find_place(ports: Ports, policy: Policy, record: Deployment) -> Place:
    """The endpoint the record names, with the record on it; none where it is to be a new one.

    A record that is retried may not have left its endpoint yet. Raises Conflict where the endpoint is
    full, or has a deployment of that name; Changed where another request has brought the record there.
    """
    if record.generation == 1 and record.deployment_config["endpoint_name"] is None:
        return Place(stored=None, endpoint=None)  # its name has a fresh id in it
    stored = store.load_endpoint(ports.tables, record.user_key, record.endpoint_name)
    if stored is None:
        return Place(stored=None, endpoint=None)
    if _member(record) in stored.record.members:
        if stored.record.tag != record.endpoint_tag:
            raise Changed(f"{record.id} has come to {record.endpoint_name}")
        return Place(stored=stored, endpoint=stored.record)
    joined = endpoints.join(stored.record, _member(record))
    if len(stored.record.members) >= policy.max_members:
        raise _full(stored.record)
    if joined is None:
        raise _taken(ports, stored.record, record.deployment_name)
    return Place(stored=stored, endpoint=joined)


def new_endpoint(ports: Ports, record: Deployment) -> Endpoint:
    """An endpoint of the record alone; its name is claimed. Raises Conflict `endpoint_taken`."""
    tag = claims.claim_endpoint_name(
        ports.tables, ports.random, record.endpoint_name, record.user_key, record.id
    )
    return Endpoint(
        name=record.endpoint_name,
        user_key=record.user_key,
        tag=tag,
        created_at=record.created_at,
        members=(_member(record),),
    )


def endpoint_operation(endpoint: Endpoint, place: Place) -> Operation:
    """What the transaction that admits a deployment does to the endpoint's row."""
    if place.stored is None:
        return Insert(store.endpoint_row(endpoint))
    return Replace(store.endpoint_row(endpoint, place.stored.row.etag))


def _member(record: Deployment) -> Member:
    return Member(deployment_id=record.id, deployment_name=record.deployment_name)


def _full(endpoint: Endpoint) -> Conflict:
    return Conflict(
        "endpoint_full",
        f"The endpoint {endpoint.name!r} has {len(endpoint.members)} deployments, Azure's limit.",
        "Delete one of them, or deploy to another endpoint.",
    )


def _taken(ports: Ports, endpoint: Endpoint, name: str) -> Conflict:
    """The refusal of a second member of a name; it passes where the first is being removed."""
    detail = f"The endpoint {endpoint.name!r} has a deployment named {name!r}"
    for member in endpoint.members:
        stored = None
        if member.deployment_name.lower() == name.lower():
            stored = store.load_deployment(ports.tables, endpoint.user_key, member.deployment_id)
        if stored and stored.record.status in (Status.DELETED, Status.FAILED):
            return Conflict(
                "deployment_name_taken",
                f"{detail} that is being removed.",
                f"Send the request again when it is gone: GET /deployments/{member.deployment_id}.",
                retry_after=_REMOVAL,
            )
    return Conflict(
        "deployment_name_taken",
        f"{detail}.",
        "Choose another deployment_name, or leave it out and one is generated.",
    )
