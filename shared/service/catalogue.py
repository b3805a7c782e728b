"""The model catalogue: an upload is read, judged, stored by digest, and then listed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from shared import telemetry
from shared.domain import codec, ids
from shared.domain.bookkeeping import ClaimKind, Request
from shared.domain.errors import InvalidRequest, TooLarge, Unsafe
from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.inspection_json import render_inspection
from shared.domain.names import MODEL_NAME_RULE, is_model_name
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Model
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import content, store
from shared.service.claims import Mint
from shared.telemetry import Happened

_CHUNK = 1024 * 1024
_MOST_INSPECTION = 250_000  # characters, of which each may take 2 bytes of a row's MiB, or 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A model file and what its owner says about it."""

    file: BinaryIO
    filename: str
    model_name: str
    algorithm: str = ""
    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An upload with the digest (sha256) and the size of its file, in bytes."""

    upload: Upload
    digest: str
    size: int


def add_model(
    ports: Ports, mint: Mint, policy: Policy, principal: Principal, upload: Upload
) -> Model:
    """Reads, judges and stores an upload; nothing of it is seen before all of it is stored.

    Raises InvalidRequest, TooLarge, Unsafe.
    """
    return add_measured(ports, mint, principal, measure(upload, policy))


def measure(upload: Upload, policy: Policy) -> Measured:
    """Goes through the file once. Raises InvalidRequest for the model's name, TooLarge."""
    if not is_model_name(upload.model_name):
        raise _wrong_name(upload.model_name)
    digest, size = hashlib.sha256(), 0
    upload.file.seek(0)
    while chunk := upload.file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > policy.upload_limit:
            raise too_large(policy.upload_limit)
    return Measured(upload=upload, digest=digest.hexdigest(), size=size)


def add_measured(
    ports: Ports,
    mint: Mint,
    principal: Principal,
    measured: Measured,
    claim: store.Stored[Request] | None = None,
) -> Model:
    """Judges and stores what was measured, and with it, under a key, the answer to its request.

    Raises Unsafe; Changed or Missing where the claim of the key is no longer the one given.
    """
    upload = measured.upload
    inspection = _inspect(ports, upload.file, measured.digest)
    moment = mint.claim(ClaimKind.MODEL, principal.user_key)
    model = Model(
        id=ids.render_artifact_id("model", 1, moment),
        user_key=principal.user_key,
        model_name=upload.model_name,
        algorithm=upload.algorithm or _algorithm(inspection),
        filename=upload.filename[:200],
        size=measured.size,
        content_digest=measured.digest,
        inspection=render_inspection(inspection),
        created_at=ports.clock.now(),
        description=upload.description,
        metrics=upload.metrics,
        evaluation=upload.evaluation,
    )
    _store(ports, model, upload.file, claim)
    telemetry.tell(Happened.MODEL_ADDED, model=model.id, size=model.size, name=model.model_name)
    return model


def _store(ports: Ports, model: Model, file: BinaryIO, claim: store.Stored[Request] | None) -> None:
    file.seek(0)
    content.ensure_blob(ports.blobs, content.content_key(model.content_digest), file)
    metadata = json.dumps(codec.render_record(model), indent=1, sort_keys=True)
    content.ensure_blob(ports.blobs, content.metadata_key(model.id), metadata.encode())
    operations: list[Operation] = [Insert(store.model_row(model))]
    if claim is not None:
        answer = replace(claim.record, model_id=model.id, until=None)
        operations.append(Replace(store.request_row(model.user_key, answer, claim.row.etag)))
    store.commit(ports.tables, ports.random, store.RECORDS, operations)


def _inspect(ports: Ports, file: BinaryIO, digest: str) -> Inspection:
    file.seek(0)
    try:
        inspection = ports.reader.read(file, digest=digest)
    except UnreadableModel as error:
        raise Unsafe(error.code, error.reason, error.next) from error
    if len(json.dumps(render_inspection(inspection), ensure_ascii=False)) > _MOST_INSPECTION:
        raise Unsafe(
            "model_over_limits",
            "The file tells more of itself than is kept: it has too many inputs or classes.",
            "Fit the model without column names (on a NumPy array), and upload it again.",
        )
    if inspection.verdict is Verdict.CLEAN:
        return inspection
    raise Unsafe(
        f"model_{inspection.verdict}",
        f"The file was read, not loaded, and it is {inspection.verdict}: "
        + " ".join(inspection.reasons),
        "Save the model without what is listed, in a library's own format where there is one, and upload it again.",
        problems=[{"field": "file", "problem": f"asks for {name}"} for name in inspection.refused],
    )


def too_large(limit: int) -> TooLarge:
    """The refusal of an upload beyond the limit."""
    return TooLarge(
        "upload_too_large",
        f"The upload is larger than {limit:,} bytes.",
        "Save the model smaller (compress it), or ask an operator to raise UPLOAD_LIMIT.",
    )


def _algorithm(inspection: Inspection) -> str:
    return (inspection.estimator or "").rpartition(".")[2]


def _wrong_name(name: str) -> InvalidRequest:
    return InvalidRequest(
        "invalid_request",
        f"The request is not valid: model_name: must be {MODEL_NAME_RULE}.",
        "Correct it and send the request again; nothing was stored.",
        problems=[{"field": "model_name", "problem": f"{name[:40]!r}: must be {MODEL_NAME_RULE}"}],
    )
