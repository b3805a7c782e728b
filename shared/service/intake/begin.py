"""Accepts files that come in by themselves: straight to storage, then confirmed, or taken from a source.

The order is what makes it durable: the id, the row of the intake, under a key the key's row, and only then is
it to be read. One that breaks off before is waiting, and expires; its key leads back to it, and goes on with it.
"""

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shared import telemetry
from shared.domain import ids
from shared.domain.bookkeeping import ClaimKind, Request
from shared.domain.catalogue import intakes
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.catalogue.intake_requests import ConfirmRequest, FromRequest, UploadRequest
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.catalogue.sources import parse_source
from shared.domain.errors import Changed, Conflict, Exists, Missing, TooLarge, TooMany
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.requests import fingerprint
from shared.ports import Insert, Link, Ports
from shared.service import store
from shared.service.claims import Mint
from shared.service.contention import TRIES, until_written
from shared.service.intake import hints, rows
from shared.service.keyed import Keyed, find_request
from shared.service.store import Stored
from shared.telemetry import Happened

_LOOK_AGAIN = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A file on its way in, the link to write it by while it is waited for, and whether this is a replay."""

    intake: Intake
    link: Link | None = None
    replayed: bool = False


def begin_upload(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    request: UploadRequest,
    *,
    key: str,
) -> Begun:
    """Opens a place in storage that one file may be written to, for a time.

    Raises TooLarge, TooMany, and InvalidRequest where the key came with another request.
    """
    if request.size > policy.direct_upload_limit:
        raise too_large(request.size, policy)
    asked = request.model_dump(mode="json", exclude_defaults=True)
    keyed = Keyed(key=key, fingerprint=fingerprint("direct upload", asked))
    told = {**request.told(), "kind": request.type, "size": request.size}
    stored, replayed = _open(ports, mint, policy, principal, keyed, told)
    return Begun(intake=stored.record, link=_link(ports, policy, stored.record), replayed=replayed)


def begin_from(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    request: FromRequest,
    *,
    key: str,
) -> Begun:
    """Begins to take a model from a source. Raises InvalidRequest `source_not_allowed`, TooMany."""
    source = str(parse_source(request.source, policy.sources))
    asked = request.model_dump(mode="json", exclude_defaults=True) | {"source": source}
    keyed = Keyed(key=key, fingerprint=fingerprint("from source", asked))
    told = {**request.told(), "kind": ArtifactKind.MODEL, "source": source}
    stored, replayed = _open(ports, mint, policy, principal, keyed, told)
    if stored.record.state is IntakeState.WAITING:
        stored = _start(ports, stored, intakes.confirm(stored.record, ports.clock.now()))
    if stored.record.finished_at is None:
        hints.send(ports.queue, stored.record)
    return Begun(intake=stored.record, replayed=replayed)


def confirm_upload(
    ports: Ports, policy: Policy, principal: Principal, intake_id: str, request: ConfirmRequest
) -> Intake:
    """Says that a file is complete: what lies there now, in this version, is to be read. Repeating it is harmless.

    Raises NotFound, TooLarge, and Conflict: `upload_missing`, `upload_incomplete`, `upload_confirmed`, `upload_expired`.
    """

    def attempt() -> Intake:
        stored = rows.require_intake(ports, principal, intake_id)
        intake, now = stored.record, ports.clock.now()
        if intake.state is not IntakeState.WAITING:
            return _confirmed_before(intake, request)
        if intakes.is_expired(intake, now):
            late = intakes.expired(intake)
            raise Conflict(late.code, late.detail, late.next_step)
        found = ports.blobs.find(rows.quarantine_key(intake.id))
        if found is None:
            raise Conflict(
                "upload_missing",
                "Nothing has been uploaded to its address yet.",
                "Upload the file as POST /uploads said, then confirm it.",
            )
        if found.size > policy.direct_upload_limit:
            raise too_large(found.size, policy)
        if intake.size not in (0, found.size):
            raise Conflict(
                "upload_incomplete",
                f"{found.size:,} bytes are there; {intake.size:,} were announced.",
                "Upload the whole file to the same address, then confirm it; where the size announced was wrong, begin again with POST /uploads.",
            )
        ready = intakes.confirm(
            intake, now, etag=found.etag, size=found.size, sha256=request.sha256
        )
        started = _start(ports, stored, ready).record
        hints.send(ports.queue, started)
        return started

    return until_written("upload", attempt)


def too_large(size: int, policy: Policy) -> TooLarge:
    """The refusal of a file beyond the limit of those that do not come over HTTP."""
    return TooLarge(
        "upload_too_large",
        f"The file has {size:,} bytes, more than {policy.direct_upload_limit:,}.",
        "Save it smaller (compress it), or ask an operator to raise DIRECT_UPLOAD_LIMIT.",
    )


def _confirmed_before(intake: Intake, request: ConfirmRequest) -> Intake:
    if request.sha256 in ("", intake.sha256) or intake.state is IntakeState.REFUSED:
        return intake
    raise Conflict(
        "upload_confirmed",
        "It was confirmed before, without this sha256.",
        f"See what became of it: GET /uploads/{intake.id}.",
    )


def _open(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    keyed: Keyed,
    told: dict[str, Any],
) -> tuple[Stored[Intake], bool]:
    """A new intake that waits, or the one that the same request under the key led to before, as it is now."""
    for _ in range(TRIES):
        found = find_request(ports, principal, keyed)
        if found:
            telemetry.tell(Happened.REPLAYED, upload=found.record.upload_id)
            return rows.require_intake(ports, principal, found.record.upload_id), True
        stored = _insert(ports, mint, policy, principal, told)
        if not keyed.key:
            return stored, False
        answer = Request(
            key=keyed.key,
            fingerprint=keyed.fingerprint,
            at=ports.clock.now(),
            upload_id=stored.record.id,
        )
        row = store.request_row(principal.user_key, answer)
        try:
            store.commit(ports.tables, ports.random, store.RECORDS, [Insert(row)])
        except Exists:  # the same key was faster: look again
            store.remove(ports.tables, rows.INTAKES, stored.row)
            continue
        return stored, False
    raise Conflict(
        "busy", "Its key kept changing meanwhile.", "Send the request again.", retry_after=2.0
    )


def _insert(
    ports: Ports, mint: Mint, policy: Policy, principal: Principal, told: dict[str, Any]
) -> Stored[Intake]:
    unfinished = sum(1 for _ in rows.list_unfinished(ports.tables, principal.user_key))
    if unfinished >= policy.max_unfinished:
        raise TooMany(
            "too_many_unfinished",
            f"You have {unfinished} uploads that are not finished, of {policy.max_unfinished} that you may have.",
            "Find them with GET /uploads: confirm what is complete, and cancel with DELETE /uploads/{upload_id} what you "
            "do not want; others end by themselves when their time is over.",
            retry_after=_LOOK_AGAIN,
        )
    moment = mint.claim(ClaimKind(told["kind"].value), principal.user_key)
    now = ports.clock.now()
    intake = Intake(
        id=ids.render_id(moment),
        user_key=principal.user_key,
        created_at=now,
        expires_at=now + timedelta(seconds=policy.upload_link),
        due_at=now,
        deadline_at=now + intakes.LONGEST,
        **told,
    )
    row = rows.unfinished_row(intake)
    etag = store.insert(ports.tables, ports.random, rows.INTAKES, row)
    telemetry.tell(Happened.INTAKE_BEGUN, upload=intake.id, kind=intake.kind, source=intake.source)
    return Stored(intake, replace(row, etag=etag))


def _start(ports: Ports, stored: Stored[Intake], ready: Intake) -> Stored[Intake]:
    """Writes that it is to be read; where another request was faster, what that one wrote. Raises Changed."""
    row = rows.unfinished_row(ready, stored.row.etag)
    with suppress(Changed, Missing):
        etag = store.save(ports.tables, ports.random, rows.INTAKES, row)
        return Stored(ready, replace(row, etag=etag))
    again = rows.load_unfinished(ports.tables, ready.user_key, ready.id)
    again = again or rows.load_finished(ports.tables, ready.user_key, ready.id)
    if again is None or again.record.state is IntakeState.WAITING:
        raise Changed(f"upload {ready.id} was changed meanwhile")
    return again


def _link(ports: Ports, policy: Policy, intake: Intake) -> Link | None:
    """The link of an upload that is waited for, for the time that is left; None once it is not."""
    left = math.floor((intake.expires_at - ports.clock.now()).total_seconds())
    if intake.state is not IntakeState.WAITING or left < 1:
        return None
    return ports.blobs.write_link(
        rows.quarantine_key(intake.id), seconds=min(left, policy.upload_link)
    )
