"""Looks at one thing in the cloud together with what we know of it: what a comparison needs, read now."""

from collections.abc import Callable, Sequence

from shared.cloud_ports import CloudDeployment, CloudEndpoint, RegistryModel
from shared.domain import ids, ownership, plans
from shared.domain.reconcile.observed import SeenDeployment, SeenEndpoint, SeenVersion
from shared.domain.records import Deployment, Endpoint
from shared.ports import Ports
from shared.service import claims, store

Shown = CloudDeployment | SeenDeployment
"""A deployment as the cloud lists it, or as it was looked at."""


def see_endpoint(ports: Ports, found: CloudEndpoint) -> SeenEndpoint | None:
    """An endpoint with all that is on it; None where neither its tags nor its name tell of us, nor what is on it.

    A late call may have put a deployment of ours on an endpoint that somebody else has made under the name.

    Raises CloudError, StoreError, UnreadableRow.
    """
    return _see(ports, found, lambda: ports.view.list_deployments(found.name))


def see_place(ports: Ports, endpoint_name: str, name: str) -> SeenEndpoint | None:
    """An endpoint with one deployment on it, both read by themselves: a listing may show what was a while ago.

    Raises as `see_endpoint`.
    """
    found = ports.view.find_endpoint(endpoint_name)
    if found is None:
        return None
    held = ports.view.find_deployment(endpoint_name, name)
    return _see(ports, found, lambda: [held] if held else [])


def is_busy(ports: Ports, found: CloudEndpoint) -> bool:
    """Whether work on an endpoint is under way, or about to be."""
    claim = store.load_claim(ports.tables, found.name)
    user_key = claim.record.user_key if claim else found.tags.get(ownership.OWNER_TAG, "")
    stored = store.load_endpoint(ports.tables, user_key, found.name) if user_key else None
    return stored is not None and _is_busy(ports, stored.record)


def _see(
    ports: Ports, found: CloudEndpoint, deployments: Callable[[], Sequence[CloudDeployment]]
) -> SeenEndpoint | None:
    owner, tag = found.tags.get(ownership.OWNER_TAG, ""), found.tags.get(ownership.ENDPOINT_TAG, "")
    claim = store.load_claim(ports.tables, found.name)
    user_key = claim.record.user_key if claim else owner
    there = deployments()
    if not user_key and not any(ownership.DEPLOYMENT_TAG in each.tags for each in there):
        return None
    stored = store.load_endpoint(ports.tables, user_key, found.name) if user_key else None
    row = stored.record if stored else None
    is_claimed = claim is not None and claim.record.tag == tag  # of another claim it is none
    return SeenEndpoint(
        name=found.name,
        state=found.state,
        tags=found.tags,
        traffic=found.traffic,
        created_at=found.created_at,
        deployments=tuple(_see_deployment(ports, each, user_key) for each in there),
        row=row,
        released=not is_claimed and claims.was_released(ports.tables, found.name, found.tags),
        busy=row is not None and _is_busy(ports, row),
    )


def see_version(ports: Ports, found: RegistryModel) -> SeenVersion:
    """A version in the registry. Raises StoreError, UnreadableRow."""
    minted, record = find_minted(ports, found.tags.get(ownership.DEPLOYMENT_TAG, ""))
    return SeenVersion(
        name=found.name,
        version=found.version,
        tags=found.tags,
        created_at=found.created_at,
        minted=minted,
        record=record,
    )


def find_minted(
    ports: Ports, deployment_id: str, likely: str = ""
) -> tuple[bool, Deployment | None]:
    """Whether an id was given out by us, and its record. `likely` is the key of the user whose it probably is."""
    if ids.parse_id(deployment_id) is None:
        return False, None
    stored = store.load_deployment(ports.tables, likely, deployment_id) if likely else None
    if stored is None:
        claim = store.load_claim(ports.tables, deployment_id)
        if claim is None:
            return False, None
        stored = store.load_deployment(ports.tables, claim.record.user_key, deployment_id)
    return True, stored.record if stored else None


def _see_deployment(ports: Ports, found: CloudDeployment, user_key: str) -> SeenDeployment:
    told = found.tags.get(ownership.DEPLOYMENT_TAG, "")
    minted, record = find_minted(ports, told, user_key)
    return SeenDeployment(
        name=found.name,
        state=found.state,
        tags=found.tags,
        created_at=found.created_at,
        instance_type=found.instance_type,
        instance_count=found.instance_count,
        minted=minted,
        record=record,
    )


def _is_busy(ports: Ports, row: Endpoint) -> bool:
    """Whether work on an endpoint is under way, or about to be."""
    if row.holder or row.waiting or row.wanted is not None:
        return True
    members = store.load_members(ports.tables, row)
    return len(members) < len(row.members) or not all(
        plans.is_finished(each.record) for each in members
    )
