"""Endpoints and their deployments beside the records: what is ours and should not be there, or is not as it should be.

Ours is what has our tags with values that lead to our own records (`shared.domain.ownership`), at the place that the
record names. Whatever else has a tag of ours was copied by hand, and is left alone.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from shared.domain import ownership, plans
from shared.domain.endpoints import in_words
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.observed import SeenDeployment, SeenEndpoint
from shared.domain.records import Deployment, Endpoint, Status

_GONE_WRONG = ("Failed", "Canceled")


def compare_endpoint(seen: SeenEndpoint) -> Iterator[Finding]:
    """What is to be said of an endpoint in the cloud and of all that is on it."""
    ours = is_ours(seen)
    found = [_compare_deployment(seen, each, ours=ours) for each in seen.deployments]
    yield from (each for each in found if each)
    if seen.busy:
        return
    if has_old_tags(seen):
        yield _tagged_as_before(seen)
    if not ours:
        return
    if seen.row is None:
        yield _without_record(seen, alone=is_alone(seen))
    elif (differs := _compare_traffic(seen, seen.row)) is not None:
        yield differs


def is_ours(seen: SeenEndpoint) -> bool:
    """Whether an endpoint has the tags of our row, or of a name that was ours."""
    if seen.row is None:
        return seen.released
    return ownership.is_ours(seen.tags, ownership.endpoint_tags(seen.row.user_key, seen.row.tag))


def has_old_tags(seen: SeenEndpoint) -> bool:
    """Whether an endpoint is that of our row, and has the tags of a time when its name was ours before.

    Every call that changes an endpoint sends all its tags, and one of that time may come late. That it is the one of today
    is known by what is on it: nobody else has put that there.
    """
    row = seen.row
    if row is None or not seen.released or is_ours(seen):
        return False
    return any(
        each.record is not None
        and each.record.endpoint_tag == row.tag
        and _is_at_its_place(seen, each, each.record)
        and ownership.is_ours(each.tags, ownership.deployment_tags(each.record))
        for each in seen.deployments
    )


def is_alone(seen: SeenEndpoint) -> bool:
    """Whether nothing is on an endpoint but what is itself left over."""
    ours = is_ours(seen)
    return all(_compare_deployment(seen, each, ours=ours) for each in seen.deployments)


def identity_of(tags: Mapping[str, str], tag: str, created_at: datetime | None) -> str:
    """What tells a thing in the cloud from another of its name: whose it is, and when it was made."""
    return f"{tags.get(tag, '')} {created_at or ''}"


def compare_active(record: Deployment, shown: bool) -> Finding | None:
    """An active deployment, and whether the cloud shows one with its id at its place."""
    if shown or record.status is not Status.ACTIVE or not plans.is_finished(record):
        return None
    return Finding(
        case=Case.DEPLOYMENT_GONE,
        subject=_place(record.endpoint_name, record.deployment_name),
        identity=f"{record.id} {record.generation}",
        user_key=record.user_key,
        since=record.deployed_at or record.created_at,
        text=f"Deployment {record.id} is active on record, and Azure ML has none of it on {record.endpoint_name}: "
        "it was deleted there, and answers nobody.",
    )


def _compare_deployment(
    endpoint: SeenEndpoint, seen: SeenDeployment, *, ours: bool
) -> Finding | None:
    if not seen.minted:
        return None
    record = seen.record
    if record is None:
        if not ours:
            return None
        text = (
            "Its tags name a deployment of which there is no record: its acceptance was given up."
        )
        return _on_endpoint(Case.DEPLOYMENT_WITHOUT_RECORD, endpoint, seen, text)
    if not _is_at_its_place(endpoint, seen, record) or not plans.is_finished(record):
        return None
    if record.status is Status.ACTIVE:
        return _compare_live(endpoint, seen, record)
    text = f"Deployment {record.id} is {record.status} and was torn down, and this is still there, and paid for."
    return _on_endpoint(Case.DEPLOYMENT_LEFT_OVER, endpoint, seen, text)


def _compare_live(
    endpoint: SeenEndpoint, seen: SeenDeployment, record: Deployment
) -> Finding | None:
    if not ownership.is_ours(seen.tags, ownership.deployment_tags(record)):
        text = (
            f"It is in the place of deployment {record.id}, which is active on record, and serves something else: "
            "its digest is not that of the package."
        )
        return _on_endpoint(Case.DEPLOYMENT_REPLACED, endpoint, seen, text)
    if seen.state not in _GONE_WRONG:
        return None
    text = f"Deployment {record.id} is active on record, and Azure ML says it is {seen.state}: it may not answer."
    return _on_endpoint(Case.DEPLOYMENT_BROKEN, endpoint, seen, text)


def _on_endpoint(case: Case, endpoint: SeenEndpoint, seen: SeenDeployment, text: str) -> Finding:
    return Finding(
        case=case,
        subject=_place(endpoint.name, seen.name),
        identity=identity_of(seen.tags, ownership.DEPLOYMENT_TAG, seen.created_at),
        user_key=seen.record.user_key
        if seen.record
        else endpoint.tags.get(ownership.OWNER_TAG, ""),
        since=seen.created_at,
        instance_type=seen.instance_type,
        instance_count=seen.instance_count,
        text=text,
    )


def _tagged_as_before(seen: SeenEndpoint) -> Finding:
    return Finding(
        case=Case.ENDPOINT_TAGS_OLD,
        subject=seen.name,
        identity=identity_of(seen.tags, ownership.ENDPOINT_TAG, seen.created_at),
        user_key=seen.row.user_key if seen.row else "",
        since=None,
        text="A call that came late has given it the tags that it had before its name was given up and taken again: by "
        "these it is none of ours.",
    )


def _without_record(seen: SeenEndpoint, *, alone: bool) -> Finding:
    others = "" if alone else " Something that is not ours is on it, so it stays."
    return Finding(
        case=Case.ENDPOINT_WITHOUT_RECORD,
        subject=seen.name,
        identity=identity_of(seen.tags, ownership.ENDPOINT_TAG, seen.created_at),
        user_key=seen.tags.get(ownership.OWNER_TAG, ""),
        since=seen.created_at,
        text=f"Its last deployment is gone from the records, and its name was given up.{others}",
    )


def _compare_traffic(seen: SeenEndpoint, row: Endpoint) -> Finding | None:
    routed = _without_zeros(seen.traffic)
    there = {each.name for each in seen.deployments}
    if not there.issuperset(_without_zeros(row.traffic)):
        return None  # whose share it was is gone, which is told by itself
    if seen.state != "Succeeded" or row.wanted is not None or routed == _without_zeros(row.traffic):
        return None
    return Finding(
        case=Case.TRAFFIC_DIFFERS,
        subject=seen.name,
        identity=in_words(routed),
        user_key=row.user_key,
        text=f"Azure ML routes {in_words(routed)}, and the record says {in_words(row.traffic)}.",
    )


def _is_at_its_place(endpoint: SeenEndpoint, seen: SeenDeployment, record: Deployment) -> bool:
    recorded = _place(record.endpoint_name, record.deployment_name)
    return recorded.lower() == _place(endpoint.name, seen.name).lower()


def _without_zeros(traffic: Mapping[str, int]) -> dict[str, int]:
    return {name: share for name, share in traffic.items() if share}


def _place(endpoint: str, deployment: str) -> str:
    return f"{endpoint}/{deployment}"
