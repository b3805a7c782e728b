"""Decisions about an endpoint's row: members, who holds it, and where traffic goes."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shared.domain.records import Deployment, Endpoint, Holder, Member, Status, Step


def join(endpoint: Endpoint, member: Member) -> Endpoint | None:
    """The row with one member more; None where the member's name is taken on it."""
    taken = {each.deployment_name.lower() for each in endpoint.members}
    if member.deployment_name.lower() in taken:
        return None
    return replace(endpoint, members=(*endpoint.members, member))


def leave(endpoint: Endpoint, deployment: Deployment) -> Endpoint | None:
    """The row without the deployment; None where it was the last and the row goes with it."""
    rest = tuple(each for each in endpoint.members if each.deployment_id != deployment.id)
    if not rest:
        return None
    traffic = {k: v for k, v in endpoint.traffic.items() if k != deployment.deployment_name}
    freed = free(endpoint, deployment)
    return replace(freed, members=rest, traffic=traffic)


def holds(endpoint: Endpoint, deployment: Deployment) -> bool:
    """Whether the deployment may change the endpoint in the cloud now."""
    return endpoint.holder == Holder(deployment_id=deployment.id, generation=deployment.generation)


def take(endpoint: Endpoint, deployment: Deployment) -> Endpoint:
    """The row held by the deployment's present generation."""
    holder = Holder(deployment_id=deployment.id, generation=deployment.generation)
    return replace(endpoint, holder=holder)


def free(endpoint: Endpoint, deployment: Deployment) -> Endpoint:
    """The row no longer held by the deployment; another's hold is left alone."""
    if endpoint.holder and endpoint.holder.deployment_id == deployment.id:
        return replace(endpoint, holder=None)
    return endpoint


def can_carry(record: Deployment) -> bool:
    """Whether the deployment may be given traffic: it is active, or verified and about to be."""
    if record.status is Status.DEPLOYING:
        return record.work.step in (Step.TRAFFIC, Step.FINISH)
    return record.status is Status.ACTIVE


def decide_traffic(
    endpoint: Endpoint, deployment_name: str, in_cloud: Mapping[str, int], staying: Collection[str]
) -> dict[str, int]:
    """Traffic once a new deployment is verified: all of it where nothing that stays has any, else none.

    What the cloud routes counts as well as what is wanted, so that a share given by hand stays. What
    those that go leave over goes to the largest share.
    """
    for traffic in (endpoint.traffic, in_cloud):
        kept = {name: share for name, share in traffic.items() if share and name in staying}
        if kept:
            largest = max(kept, key=lambda name: kept[name])
            return {**kept, largest: kept[largest] + 100 - sum(kept.values())}
    return {deployment_name: 100}


def move_traffic(endpoint: Endpoint, leaving: str, heir: str | None) -> dict[str, int]:
    """Traffic once `leaving` has none: its share goes to `heir`, or all traffic ends with it."""
    share = endpoint.traffic.get(leaving, 0)
    rest = {k: v for k, v in endpoint.traffic.items() if k != leaving and v}
    if heir is None or not share:
        return rest if sum(rest.values()) == 100 else {}
    return {**rest, heir: rest.get(heir, 0) + share}
