"""What was seen of the cloud, with what is known of it on our side: the two things that are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.records import Deployment, Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDeployment:
    """A deployment in the cloud. `minted`: the id in its tags was given out by us; `record` is that id's."""

    name: str
    state: str
    tags: Mapping[str, str]
    created_at: datetime | None
    instance_type: str
    instance_count: int
    minted: bool
    record: Deployment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEndpoint:
    """An endpoint in the cloud with its deployments.

    `row` is ours of that name, whoever's endpoint it is; `released`: its tags are those of a name that we have given up.
    """

    name: str
    state: str
    tags: Mapping[str, str]
    traffic: Mapping[str, int]
    created_at: datetime | None
    deployments: tuple[SeenDeployment, ...]
    row: Endpoint | None
    released: bool
    busy: bool
    """Work on it is under way: one of its row's members is not finished, or holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVersion:
    """A model version in the registry. `minted` and `record` are as of a deployment."""

    name: str
    version: str
    tags: Mapping[str, str]
    created_at: datetime | None
    minted: bool
    record: Deployment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFiles:
    """A thing that is kept in files: one, or a package's folder of them. `modified_at`: when the newest of them was."""

    name: str
    count: int
    size: int
    modified_at: datetime
