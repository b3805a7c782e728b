"""Artifacts: what users store, each under an id of its own. A model's record is `records.Model`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.records import Kept, Model


class ArtifactKind(StrEnum):
    """What an artifact is; its id begins with it."""

    MODEL = "model"
    DATASET = "dataset"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Kept):
    """A dataset, or code: bytes that are kept, and never read or run. The size is in bytes."""

    id: str
    user_key: str
    kind: ArtifactKind
    name: str
    filename: str
    size: int
    content_digest: str
    created_at: datetime
    description: str = ""


def kind_of(record: Model | Artifact) -> ArtifactKind:
    """The type of an artifact."""
    return record.kind if isinstance(record, Artifact) else ArtifactKind.MODEL


def name_of(record: Model | Artifact) -> str:
    """What its owner calls an artifact."""
    return record.name if isinstance(record, Artifact) else record.model_name


def is_elsewhere(record: Model | Artifact) -> bool:
    """Whether an artifact is a model of the workspace's registry, whose files are there."""
    return isinstance(record, Model) and bool(record.registry_name)
