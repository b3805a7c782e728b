"""The model catalogue: an upload is read, judged, stored by digest, and then listed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from shared import telemetry
from shared.domain.bookkeeping import Request
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.catalogue.exceptions import covers, grant_of
from shared.domain.catalogue.ways_out import explain_ways_out
from shared.domain.errors import Unsafe
from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.inspection_json import render_inspection
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Grant, Model
from shared.ports import Ports
from shared.service import store
from shared.service.catalogue import artifacts, content, exceptions
from shared.service.claims import Mint
from shared.telemetry import Happened

Judged = tuple[Inspection, Grant | None]
"""What a file is, and the exception that lets it in, if it needs one."""
_MOST_INSPECTION = 250_000  # characters, of which each may take 2 bytes of a row's MiB, or 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A model file and what its owner says about it; `license` is an SPDX expression."""

    file: BinaryIO
    filename: str
    model_name: str
    algorithm: str = ""
    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    license: str = ""


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
    artifacts.require_name("model_name", upload.model_name)
    digest, size = artifacts.measure(upload.file, policy)
    return Measured(upload=upload, digest=digest, size=size)


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
    file = measured.upload.file
    judged = judge(ports, measured)
    file.seek(0)
    content.ensure_content(ports.artifacts, measured.digest, file)
    described = describe(measured, judged, principal.user_key, ports.clock.now())
    kind = ArtifactKind.MODEL
    model = artifacts.name_artifact(ports, mint, kind, principal.user_key, described)
    artifacts.admit(ports, store.model_row(model), model.id, claim)
    content.ensure_kept(ports.artifacts, measured.digest, file)
    telemetry.tell(Happened.MODEL_ADDED, model=model.id, size=model.size, name=model.model_name)
    return model


def judge(ports: Ports, measured: Measured) -> Judged:
    """Reads a file and lets in what may be loaded. Raises Unsafe."""
    return _judge(ports, _inspect(ports, measured.upload.file, measured.digest))


def describe(
    measured: Measured, judged: Judged, user_key: str, now: datetime
) -> Callable[[str], Model]:
    """What makes the catalogue's record of a model, once its id is known."""
    upload, (inspection, grant) = measured.upload, judged

    def described(model_id: str) -> Model:
        return Model(
            id=model_id,
            user_key=user_key,
            model_name=upload.model_name,
            algorithm=upload.algorithm or _algorithm(inspection),
            filename=upload.filename[:200],
            size=measured.size,
            content_digest=measured.digest,
            inspection=render_inspection(inspection),
            created_at=now,
            description=upload.description,
            metrics=upload.metrics,
            evaluation=upload.evaluation,
            license=upload.license,
            grant=grant,
        )

    return described


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
    return inspection


def _judge(ports: Ports, inspection: Inspection) -> Judged:
    """The inspection of a file that may be loaded, and the exception it takes, if one. Raises Unsafe."""
    if inspection.verdict is Verdict.CLEAN:
        return inspection, None
    exception = exceptions.find_last(ports.tables, inspection.digest)
    if exception and covers(exception, inspection):
        return inspection, grant_of(exception)
    ways_out = explain_ways_out(inspection, exception)
    raise Unsafe(
        f"model_{inspection.verdict}",
        f"The file (sha256 {inspection.digest}) was read, not loaded, and it is {inspection.verdict}: "
        + " ".join(inspection.reasons),
        "Your turn: save the model without what is listed, in a library's own format where there is one, and "
        f"upload it again. {ways_out}".rstrip(),
        problems=[{"field": "file", "problem": f"asks for {name}"} for name in inspection.refused],
    )


def _algorithm(inspection: Inspection) -> str:
    return (inspection.estimator or "").rpartition(".")[2]
