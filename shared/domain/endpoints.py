"""Decisions about an endpoint's row: members, who holds it, and where traffic goes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shared.domain.records import (
    Deployment,
    Endpoint,
    Failure,
    Holder,
    Member,
    Status,
    Step,
)


def join(endpoint: Endpoint, member: Member) -> Endpoint | None:
    """The row with one member more; None where the member's name is taken on it."""
    taken = {each.deployment_name.lower() for each in endpoint.members}
    if member.deployment_name.lower() in taken:
        return None
    return replace(endpoint, members=(*endpoint.members, member))


def leave(endpoint: Endpoint, deployment: Deployment) -> Endpoint:
    """The row without the deployment; one without members is to be removed."""
    rest = tuple(each for each in endpoint.members if each.deployment_id != deployment.id)
    name = deployment.deployment_name
    routed = None if endpoint.routed is None else _without(endpoint.routed, name)
    freed = hand_on(endpoint, deployment.id)
    return replace(freed, members=rest, traffic=_without(endpoint.traffic, name), routed=routed)


def _without(traffic: Mapping[str, int], name: str) -> dict[str, int]:
    return {each: share for each, share in traffic.items() if each != name}


def holds(endpoint: Endpoint, deployment: Deployment) -> bool:
    """Whether the deployment may change the endpoint in the cloud now."""
    return endpoint.holder == _holder(deployment)


def line_up(endpoint: Endpoint, deployment: Deployment) -> Endpoint:
    """The row with the deployment in line for it, once; the first in line holds it if nobody does.

    A later generation of a deployment takes the place of an earlier one, also the holder's.
    """
    entry = _holder(deployment)
    line = [*([endpoint.holder] if endpoint.holder else []), *endpoint.waiting]
    if deployment.id in {each.deployment_id for each in line}:
        line = [entry if each.deployment_id == deployment.id else each for each in line]
    else:
        line.append(entry)
    return replace(endpoint, holder=line[0], waiting=tuple(line[1:]))


def hand_on(endpoint: Endpoint, deployment_id: str) -> Endpoint:
    """The row without the deployment as its holder or in line; the next in line holds it then."""
    waiting = tuple(each for each in endpoint.waiting if each.deployment_id != deployment_id)
    if endpoint.holder is None or endpoint.holder.deployment_id != deployment_id:
        return replace(endpoint, waiting=waiting)
    return replace(endpoint, holder=waiting[0] if waiting else None, waiting=waiting[1:])


def _holder(deployment: Deployment) -> Holder:
    return Holder(deployment_id=deployment.id, generation=deployment.generation)


def reroute(endpoint: Endpoint, traffic: Mapping[str, int]) -> Endpoint:
    """The row with the traffic that its owner wants from now on."""
    routed = endpoint.traffic if endpoint.routed is None else endpoint.routed
    return replace(endpoint, traffic=dict(traffic), routed=dict(routed), trouble=None)


def give_up_route(endpoint: Endpoint, trouble: Failure) -> Endpoint:
    """The row with the traffic that the cloud showed last, and why it is not what was wanted."""
    routed = endpoint.traffic if endpoint.routed is None else endpoint.routed
    return replace(endpoint, traffic=dict(routed), trouble=trouble)


def choose_carrier(members: Sequence[Deployment], wanted: Mapping[str, int]) -> Deployment | None:
    """The active member whose record carries a change of traffic: of those wanted, the largest share.

    None where no member is active.
    """
    active = [each for each in members if each.status is Status.ACTIVE]
    return max(active, key=lambda each: wanted.get(each.deployment_name, 0), default=None)


def in_words(traffic: Mapping[str, int]) -> str:
    """Shares for people to read."""
    return ", ".join(f"{name} {share} %" for name, share in traffic.items()) or "none"


def can_carry(record: Deployment) -> bool:
    """Whether the deployment may be given traffic: it is active, or verified and about to be."""
    if record.status is Status.DEPLOYING:
        return record.work.step in (Step.TRAFFIC, Step.FINISH)
    return record.status is Status.ACTIVE


def decide_traffic(
    endpoint: Endpoint, deployment_name: str, in_cloud: Mapping[str, int], staying: Collection[str]
) -> dict[str, int]:
    """Traffic once a new deployment is verified: all of it where nothing that stays has any, else none.

    What the cloud routes counts as well as what is wanted, so that a share given by hand stays.
    """
    kept = keep_traffic(endpoint.traffic, staying) or keep_traffic(in_cloud, staying)
    return kept or {deployment_name: 100}


def keep_traffic(traffic: Mapping[str, int], staying: Collection[str]) -> dict[str, int]:
    """The shares of those that stay; what the others leave over goes to the largest, if there is one."""
    kept = {name: share for name, share in traffic.items() if share and name in staying}
    if kept:
        largest = max(kept, key=lambda name: kept[name])
        kept[largest] += 100 - sum(kept.values())
    return kept


def move_traffic(endpoint: Endpoint, leaving: str, heir: str | None) -> dict[str, int]:
    """Traffic once `leaving` has none: its share goes to `heir`, or all traffic ends with it."""
    share = endpoint.traffic.get(leaving, 0)
    rest = {k: v for k, v in endpoint.traffic.items() if k != leaving and v}
    if heir is None or not share:
        return rest if sum(rest.values()) == 100 else {}
    return {**rest, heir: rest.get(heir, 0) + share}
