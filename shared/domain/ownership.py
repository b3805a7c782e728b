"""What makes a resource in the cloud ours: the tags it was created with, equal to the record."""

from collections.abc import Mapping

from shared.domain.records import Deployment

DEPLOYMENT_TAG = "longshore-deployment"
DIGEST_TAG = "longshore-digest"
ENDPOINT_TAG = "longshore-endpoint"
OWNER_TAG = "longshore-owner"


def deployment_tags(record: Deployment) -> dict[str, str]:
    """Tags of the record's model version and of its deployment in the cloud."""
    return {DEPLOYMENT_TAG: record.id, DIGEST_TAG: record.package_digest}


def endpoint_tags(user_key: str, tag: str) -> dict[str, str]:
    """Tags of a user's endpoint; every write of an endpoint sends all of them again."""
    return {ENDPOINT_TAG: tag, OWNER_TAG: user_key}


def is_ours(tags: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Whether a resource carries all of our tags with our values."""
    return all(tags.get(name) == value for name, value in ours.items())
