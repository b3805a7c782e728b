"""Artifacts: the one way to an id, whatever comes in by whichever way; and datasets and code, which are kept unread.

An artifact is seen when its row is there. Before that its content is stored by digest, and its description
under its id, only where nothing is: what else may be there is never overwritten.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar

from shared import telemetry
from shared.domain import codec, ids
from shared.domain.bookkeeping import ClaimKind, Request
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.errors import InvalidRequest, TooLarge, Unavailable
from shared.domain.names import MODEL_NAME_RULE, is_model_name
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Model
from shared.ports import Insert, Operation, Ports, Replace, Row
from shared.service import store
from shared.service.catalogue import content, shelf
from shared.service.claims import Mint
from shared.service.contention import TRIES
from shared.telemetry import Happened

R = TypeVar("R", Model, Artifact)
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUpload:
    """A dataset or code, and what its owner says about it."""

    kind: ArtifactKind
    file: BinaryIO
    filename: str
    name: str
    description: str = ""


def name_artifact(
    ports: Ports,
    mint: Mint,
    kind: ArtifactKind,
    user_key: str,
    describe: Callable[[str], R],
) -> R:
    """The record that `describe` makes of a fresh id, once its description is stored under that id.

    Where something else is described there, it stays, and another id is taken. Raises StoreError.
    """
    for _ in range(TRIES):
        moment = mint.claim(ClaimKind(kind.value), user_key)
        record = describe(ids.render_artifact_id(kind, 1, moment))
        description = render_description(record, ports.random.nonce())
        if content.write_once(ports.artifacts, content.metadata_key(record.id), description):
            return record
        telemetry.tell(Happened.ARTIFACT_COLLISION, artifact=record.id)
    raise Unavailable(f"{TRIES} fresh ids of a {kind} in a row are described already")


def admit(
    ports: Ports, row: Row, artifact_id: str, claim: store.Stored[Request] | None = None
) -> None:
    """Makes an artifact seen by its row, and with it, under a key, the answer to its request.

    Raises Changed or Missing where the claim of the key is no longer the one given.
    """
    operations: list[Operation] = [Insert(row)]
    if claim is not None:
        answer = replace(claim.record, model_id=artifact_id, until=None)
        operations.append(Replace(store.request_row(row.partition, answer, claim.row.etag)))
    store.commit(ports.tables, ports.random, store.RECORDS, operations)


def add_file(
    ports: Ports,
    mint: Mint,
    principal: Principal,
    upload: FileUpload,
    measured: tuple[str, int],
    claim: store.Stored[Request] | None = None,
) -> Artifact:
    """Stores a dataset or code of a measured digest and size. Raises as `admit`."""
    digest, size = measured
    upload.file.seek(0)
    content.ensure_content(ports.artifacts, digest, upload.file)

    def describe(artifact_id: str) -> Artifact:
        return Artifact(
            id=artifact_id,
            user_key=principal.user_key,
            kind=upload.kind,
            name=upload.name,
            filename=upload.filename[:200],
            size=size,
            content_digest=digest,
            created_at=ports.clock.now(),
            description=upload.description,
        )

    artifact = name_artifact(ports, mint, upload.kind, principal.user_key, describe)
    admit(ports, shelf.file_row(artifact), artifact.id, claim)
    content.ensure_kept(ports.artifacts, digest, upload.file)
    telemetry.tell(Happened.ARTIFACT_ADDED, artifact=artifact.id, size=size, name=artifact.name)
    return artifact


def measure(file: BinaryIO, policy: Policy) -> tuple[str, int]:
    """The digest (sha256) and the bytes of a file, which is gone through once. Raises TooLarge."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > policy.upload_limit:
            raise too_large(policy.upload_limit)
    return digest.hexdigest(), size


def require_name(field: str, name: str) -> None:
    """Raises InvalidRequest where a model or an artifact cannot be called so."""
    if not is_model_name(name):
        raise InvalidRequest(
            "invalid_request",
            f"The request is not valid: {field}: must be {MODEL_NAME_RULE}.",
            "Correct it and send the request again; nothing was stored.",
            problems=[{"field": field, "problem": f"{name[:40]!r}: must be {MODEL_NAME_RULE}"}],
        )


def too_large(limit: int) -> TooLarge:
    """The refusal of an upload beyond the limit."""
    return TooLarge(
        "upload_too_large",
        f"The upload is larger than {limit:,} bytes.",
        "Send it straight to storage: POST /uploads, which takes bigger files; or save it smaller (compress it).",
    )


def render_description(record: Model | Artifact, nonce: str) -> bytes:
    """What `metadata.json` holds of an artifact; the nonce tells one try to write it from another's."""
    values = codec.render_record(replace(record, nonce=nonce))
    return json.dumps(values, indent=1, sort_keys=True).encode()
