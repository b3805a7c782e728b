"""Uploads under an idempotency key: the key is claimed before the file is read, for a limited time.

    no row ---claim---> under way ---model and answer in one transaction---> answered: replayed
                            |---refused, or storage failed: the claim goes, the key is free
                            `---its process died: after the time, who comes next takes it over

The row's version fences: one who was taken over meets another, and answers as the one who took over.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

from shared import telemetry
from shared.domain.bookkeeping import Request
from shared.domain.catalogue.artifacts import Artifact
from shared.domain.errors import Changed, Conflict, Exists, Missing, NotFound, Refusal, StoreError
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Model
from shared.domain.requests import UPLOAD_SECONDS, fingerprint
from shared.ports import Insert, Ports, Replace
from shared.service import store
from shared.service.catalogue import artifacts, models
from shared.service.catalogue.artifacts import FileUpload
from shared.service.catalogue.models import Measured, Upload
from shared.service.claims import Mint
from shared.service.contention import TRIES
from shared.service.keyed import Keyed, find_request
from shared.service.owned import require_file, require_model
from shared.service.store import Stored
from shared.telemetry import Happened

R = TypeVar("R", Model, Artifact)
Claimed = Stored[Request] | None
_LOOK_AGAIN = 2.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded(Generic[R]):
    """The artifact an upload led to; `replayed` where an earlier one of the same key made it."""

    record: R
    replayed: bool = False


def accept_upload(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    upload: Upload,
    *,
    key: str = "",
) -> Uploaded[Model]:
    """Does what `models.add_model` does; with a key, of `requests.request_key`, once.

    Raises what that does; InvalidRequest `idempotency_key_reused` where the key came with another
    request; Conflict `idempotency_in_progress` while the same upload is under way, and
    `model_deleted` where what it made was deleted since.
    """
    measured = models.measure(upload, policy)
    return accept_once(
        ports,
        principal,
        _name_upload(measured, key),
        lambda claim: models.add_measured(ports, mint, principal, measured, claim),
        lambda model_id: require_model(ports, principal, model_id).record,
    )


def accept_file(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    upload: FileUpload,
    *,
    key: str = "",
) -> Uploaded[Artifact]:
    """The same for a dataset or code, which is stored and not read."""
    artifacts.require_name("name", upload.name)
    measured = artifacts.measure(upload.file, policy)
    return accept_once(
        ports,
        principal,
        _name_file(upload, measured[0], key),
        lambda claim: artifacts.add_file(ports, mint, principal, upload, measured, claim),
        lambda artifact_id: require_file(ports, principal, upload.kind, artifact_id).record,
    )


def accept_once(
    ports: Ports,
    principal: Principal,
    keyed: Keyed,
    add: Callable[[Claimed], R],
    require: Callable[[str], R],
) -> Uploaded[R]:
    """What `add` makes under a claim of the key, or what an earlier one made, as `require` finds it now."""
    if not keyed.key:
        return Uploaded(record=add(None))
    for _ in range(TRIES):
        found = find_request(ports, principal, keyed)
        if found and found.record.until is None:
            telemetry.tell(Happened.REPLAYED, model=found.record.model_id)
            return Uploaded(record=_require_made(found.record, require), replayed=True)
        with suppress(Exists, Changed, Missing):  # another one was faster: look again
            claim = _claim(ports, principal, keyed, found)
            return Uploaded(record=_add(ports, claim, add))
    raise _in_progress()


def _require_made(request: Request, require: Callable[[str], R]) -> R:
    try:
        return require(request.model_id)
    except NotFound as error:
        raise Conflict(
            "model_deleted",
            f"The upload was made before under this key, and what it made, {request.model_id}, was deleted since.",
            "Send it again under a new key.",
        ) from error


def _name_upload(measured: Measured, key: str) -> Keyed:
    fields = {
        "digest": measured.digest,
        "filename": measured.upload.filename,
        "model_name": measured.upload.model_name,
        "algorithm": measured.upload.algorithm,
        "description": measured.upload.description,
        "metrics": dict(measured.upload.metrics),
        "evaluation": dict(measured.upload.evaluation),
        "license": measured.upload.license,
    }
    content = {name: value for name, value in fields.items() if value}
    return Keyed(key=key, fingerprint=fingerprint("upload", content))


def _name_file(upload: FileUpload, digest: str, key: str) -> Keyed:
    content = {
        "digest": digest,
        "filename": upload.filename,
        "name": upload.name,
        "description": upload.description,
    }
    return Keyed(key=key, fingerprint=fingerprint(upload.kind, content))


def _claim(
    ports: Ports, principal: Principal, keyed: Keyed, found: Stored[Request] | None
) -> Stored[Request]:
    """Claims the key, or takes over the claim of one who has had its time.

    Raises Conflict where that one still has time; Exists, Changed, Missing where another was faster.
    """
    now = ports.clock.now()
    if found and found.record.until and found.record.until > now:
        raise _in_progress()
    claim = Request(
        key=keyed.key,
        fingerprint=keyed.fingerprint,
        at=now,
        until=now + timedelta(seconds=UPLOAD_SECONDS),
    )
    row = store.request_row(principal.user_key, claim, found.row.etag if found else "")
    operation = Replace(row) if found else Insert(row)
    [etag] = store.commit(ports.tables, ports.random, store.RECORDS, [operation])
    return Stored(claim, replace(row, etag=etag))


def _add(ports: Ports, claim: Stored[Request], add: Callable[[Claimed], R]) -> R:
    try:
        return add(claim)
    except (Refusal, StoreError):
        with suppress(StoreError):  # then the claim ends by its time
            store.remove(ports.tables, store.RECORDS, claim.row)
        raise


def _in_progress() -> Conflict:
    return Conflict(
        "idempotency_in_progress",
        "The same upload, under the same key, is under way.",
        "Send it again after the seconds in Retry-After: it is then answered as the first one was.",
        retry_after=_LOOK_AGAIN,
    )
