"""What is kept beside the records of `shared.domain.records`: who has which id or name, what is not
finished, what became of a request under a key, and how long the cloud takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.records import Deployment, Kept

TOMBSTONE = "tombstone"
"""The one property of a row that bars an acceptance which was given up: its key can no longer be taken."""


class ClaimKind(StrEnum):
    """What a claimed id or name is used for."""

    DEPLOYMENT = "deployment"
    MODEL = "model"
    DATASET = "dataset"
    CODE = "code"
    ENDPOINT = "endpoint"
    RELEASED = "released"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Kept):
    """An id or an endpoint's name that is taken; a claimed id is never given out again.

    `tag` is what an endpoint created under the claim is tagged with, so that it is known as ours, also when the name
    was given up: then a claim of the kind `released`, named by the tag, says of which user's name it was, and since
    when, where that is known.
    """

    name: str
    kind: ClaimKind
    user_key: str
    claimed_for: str
    tag: str = ""
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflight(Kept):
    """An index entry of what is not finished; the truth is in the record it points to."""

    user_key: str
    deployment_id: str
    endpoint_name: str
    generation: int
    since: datetime
    not_before: datetime


def index_entry(record: Deployment, *, since: datetime, not_before: datetime) -> Inflight:
    """What stands on the index of a deployment whose work is unfinished."""
    return Inflight(
        user_key=record.user_key,
        deployment_id=record.id,
        endpoint_name=record.endpoint_name,
        generation=record.generation,
        since=since,
        not_before=not_before,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Kept):
    """What became of a keyed request: the deployment or artifact it made, or why it was refused.

    `model_id` is an artifact's id of any type. `until` is set while one is uploaded: until then the upload is
    taken to be under way.
    """

    key: str
    fingerprint: str
    at: datetime
    deployment_id: str = ""
    model_id: str = ""
    upload_id: str = ""
    until: datetime | None = None
    problem: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(Kept):
    """How long the workspace's operations took last time, in seconds by kind; advisory."""

    seconds: Mapping[str, float] = field(default_factory=dict)
