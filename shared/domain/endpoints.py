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
    """The row without the deployment, also as one to get traffic; without members it is to be removed."""
    rest = tuple(each for each in endpoint.members if each.deployment_id != deployment.id)
    traffic = {k: v for k, v in endpoint.traffic.items() if k != deployment.deployment_name}
    settled = settle_traffic(endpoint, deployment.id, traffic)
    freed = hand_on(hand_over(settled, deployment.deployment_name, None), deployment.id)
    return replace(freed, members=rest)


def is_member(endpoint: Endpoint, deployment: Deployment) -> bool:
    """Whether it is the deployment's own endpoint, and no later one of the same name, and not left.

    Once left, the deployment's name on it may be another's.
    """
    ids = {each.deployment_id for each in endpoint.members}
    return endpoint.tag == deployment.endpoint_tag and deployment.id in ids


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


def reroute(endpoint: Endpoint, wanted: Mapping[str, int], carrier: Deployment) -> Endpoint:
    """The row with a change of traffic that its owner wants, and whose record has the work of it."""
    return replace(endpoint, wanted=dict(wanted), carrier=carrier.id, trouble=None)


def settle_traffic(endpoint: Endpoint, deployment_id: str, traffic: Mapping[str, int]) -> Endpoint:
    """The row with traffic that the cloud shows; a change that the deployment carried ends with it."""
    settled = replace(endpoint, traffic=dict(traffic))
    if endpoint.carrier != deployment_id:
        return settled
    return replace(settled, wanted=None, carrier="")


def give_up_route(endpoint: Endpoint, deployment_id: str, trouble: Failure) -> Endpoint:
    """The row without the change that the deployment carried, and why; a later one is left alone."""
    if endpoint.carrier != deployment_id:
        return endpoint
    return replace(endpoint, wanted=None, carrier="", trouble=trouble)


def choose_carrier(
    endpoint: Endpoint, members: Sequence[Deployment], wanted: Mapping[str, int]
) -> Deployment | None:
    """The active member whose record carries a change of traffic; None where no member is active.

    It is the one that carries a change already, so that its next generation ends that change; else
    the one with the largest share.
    """
    active = [each for each in members if each.status is Status.ACTIVE]
    present = [each for each in active if each.id == endpoint.carrier]
    return max(
        present or active, key=lambda each: wanted.get(each.deployment_name, 0), default=None
    )


def coming_traffic(endpoint: Endpoint) -> Mapping[str, int]:
    """The traffic as it will be once what was accepted is routed."""
    return endpoint.traffic if endpoint.wanted is None else endpoint.wanted


def hand_over(endpoint: Endpoint, leaving: str, heir: str | None) -> Endpoint:
    """The row once a deployment's deletion was accepted: its share goes to the heir, now and as wanted.

    Where that leaves nobody, those go on to whom a change under way was to give the traffic. A change
    of which nothing is left is over, so that the next deployment to be verified gets all traffic.
    """
    traffic = move_traffic(endpoint.traffic, leaving, heir)
    if endpoint.wanted is None:
        return replace(endpoint, traffic=traffic)
    wanted = move_traffic(endpoint.wanted, leaving, heir)
    if endpoint.wanted and not wanted:
        return replace(endpoint, traffic=traffic, wanted=None, carrier="")
    if endpoint.traffic.get(leaving) and not traffic:
        traffic = wanted
    return replace(endpoint, traffic=traffic, wanted=wanted)


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

    What the cloud routes counts as well as what is on the row, so that a share given by hand stays,
    also that of what is no member: somebody else's.
    """
    members = {each.deployment_name for each in endpoint.members}
    others = {name for name in in_cloud if name not in members}
    kept = keep_traffic(endpoint.traffic, staying) or keep_traffic(in_cloud, {*staying, *others})
    return kept or {deployment_name: 100}


def fall_back(endpoint: Endpoint, staying: Collection[str]) -> dict[str, int]:
    """All traffic for the member of those who stay that is there for longest; none where nobody stays."""
    names = (each.deployment_name for each in endpoint.members)
    first = next((name for name in names if name in staying), None)
    return {} if first is None else {first: 100}


def keep_traffic(traffic: Mapping[str, int], staying: Collection[str]) -> dict[str, int]:
    """The shares of those that stay; what the others leave over goes to the largest, if there is one."""
    kept = {name: share for name, share in traffic.items() if share and name in staying}
    if kept:
        largest = max(kept, key=lambda name: kept[name])
        kept[largest] += 100 - sum(kept.values())
    return kept


def move_traffic(traffic: Mapping[str, int], leaving: str, heir: str | None) -> dict[str, int]:
    """Traffic once `leaving` has none: its share goes to `heir`, or to the largest of the others."""
    rest = {name: share for name, share in traffic.items() if name != leaving and share}
    share = traffic.get(leaving, 0)
    if heir is None or not share:
        return keep_traffic(rest, rest)
    return {**rest, heir: rest.get(heir, 0) + share}
