"""What is ours in the cloud, as promised: in words of its own, so that it holds the service to them."""

from collections.abc import Mapping

from shared.domain.records import Deployment, Endpoint

DEPLOYMENT, DIGEST, ENDPOINT = "longshore-deployment", "longshore-digest", "longshore-endpoint"


def of_deployment(record: Deployment) -> dict[str, str]:
    """The tags of a record's model version and of its deployment in the cloud."""
    return {DEPLOYMENT: record.id, DIGEST: record.package_digest}


def of_endpoint(row: Endpoint) -> dict[str, str]:
    """The tags of an endpoint."""
    return {ENDPOINT: row.tag, "longshore-owner": row.user_key}


def are_ours(tags: Mapping[str, str]) -> bool:
    """Whether a thing is Longshore's at all."""
    return DEPLOYMENT in tags or ENDPOINT in tags
