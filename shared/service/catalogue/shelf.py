"""Rows of artifacts: where a user's models, datasets and code stand in the partition, newest first."""

from collections.abc import Container

from shared.domain import codec, ids
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.records import Model
from shared.ports import Row, Tables
from shared.service import store
from shared.service.store import Stored

PREFIXES = {
    ArtifactKind.MODEL: store.MODEL,
    ArtifactKind.DATASET: "s-",
    ArtifactKind.CODE: "c-",
}


def load_file(tables: Tables, user_key: str, artifact_id: str) -> Stored[Artifact] | None:
    """A dataset or code; None where the user has none of that id."""
    row = _find(tables, user_key, artifact_id, (ArtifactKind.DATASET, ArtifactKind.CODE))
    return store.read_row(Artifact, row) if row else None


def load_leaving(tables: Tables, user_key: str, model_id: str) -> Stored[Model] | None:
    """A catalogue entry, also one that is being deleted."""
    row = _find(tables, user_key, model_id, (ArtifactKind.MODEL,))
    return store.read_row(Model, row) if row else None


def file_row(record: Artifact, etag: str = "") -> Row:
    """The row of a dataset or code."""
    parts = ids.parse_artifact_id(record.id)
    key = _key(record.kind, parts[2] if parts else 0)
    values = codec.render_record(record)
    return Row(partition=record.user_key, key=key, values=values, etag=etag)


def _find(
    tables: Tables, user_key: str, artifact_id: str, kinds: Container[ArtifactKind]
) -> Row | None:
    parts = ids.parse_artifact_id(artifact_id)
    if parts is None or (kind := ArtifactKind(parts[0])) not in kinds:
        return None
    row = tables.get(store.RECORDS, user_key, _key(kind, parts[2]))
    return row if row and row.values.get("id") == artifact_id else None


def _key(kind: ArtifactKind, moment: int) -> str:
    return PREFIXES[kind] + ids.newest_first(ids.render_id(moment))
