"""Takes in one file: fetch, read and judge, store its content by digest, make it seen. One turn does all of it.

A message is only a hint; what is done follows from the row. A turn that dies leaves nothing that is seen: the
next one begins again, and finds the content where it had come to be stored.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, TypeVar, cast

from shared import telemetry
from shared.domain import ids
from shared.domain.catalogue import intakes
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.catalogue.intakes import Intake
from shared.domain.catalogue.sources import RegistrySource
from shared.domain.errors import (
    Changed,
    Conflict,
    Copying,
    LeaseLost,
    Missing,
    Refusal,
    SourceError,
    StoreError,
    UnreadableRow,
)
from shared.domain.policy import Policy
from shared.domain.records import Model
from shared.intake_ports import IntakePorts
from shared.ports import Row
from shared.service import store
from shared.service.catalogue import artifacts, content, models, shelf
from shared.service.claims import Mint
from shared.service.intake import fetch, rows
from shared.service.intake.fetch import Fetched
from shared.service.intake.hints import IntakeHint
from shared.service.intake.kept_file import KeptFile
from shared.service.intake.turn import IntakeTurn, clear, finish
from shared.telemetry import Happened

R = TypeVar("R", Model, Artifact)
_READING = 4  # leases: a minute at most, and two others may be read before


def take_in(ports: IntakePorts, mint: Mint, policy: Policy, hint: IntakeHint) -> None:
    """One turn for the intake that a hint points to. Raises StoreError where storage does not answer.

    A row that this version cannot read is left alone.
    """
    try:
        stored = rows.load_unfinished(ports.tables, hint.user_key, hint.upload_id)
        if stored is None:
            return
        if rows.load_finished(ports.tables, hint.user_key, hint.upload_id):
            clear(ports, stored)
        elif intakes.may_begin(stored.record, ports.clock.now()):
            if end := intakes.find_end(stored.record, ports.clock.now()):
                finish(ports, stored, end)
            else:
                _run(IntakeTurn(ports, policy, stored), mint)
    except UnreadableRow as error:
        store.tell_unreadable(error)
    except LeaseLost as error:
        telemetry.tell(Happened.LEASE_LOST, upload=hint.upload_id, reason=str(error))


def _run(turn: IntakeTurn, mint: Mint) -> None:
    turn.take_lease()
    try:
        with fetch.fetched(turn) as fetched:
            _store(turn, mint, fetched)
    except Refusal as refusal:
        if refusal.retry_after is None:
            turn.refuse(refusal)
        else:
            turn.met_trouble(refusal.detail, refusal.retry_after)
    except SourceError as error:
        turn.met_trouble(str(error), error.retry_after)
    except LeaseLost:
        raise
    except (StoreError, UnreadableRow):
        turn.put_off()
        raise
    except Exception as error:  # noqa: BLE001 - told with its traceback, and tried again later
        telemetry.tell(Happened.INTAKE_CRASHED, upload=turn.intake.id, error=error)
        turn.met_trouble(f"Longshore itself failed ({type(error).__name__}).")


def _store(turn: IntakeTurn, mint: Mint, fetched: Fetched) -> None:
    intake = turn.intake
    if intake.sha256 not in ("", fetched.digest):
        raise Conflict(
            "checksum_differs",
            f"What was uploaded has the sha256 {fetched.digest}, not {intake.sha256}.",
            "Upload the file again: POST /uploads.",
        )
    turn.keep(share=_READING)
    record: Model | Artifact
    if intake.kind is ArtifactKind.MODEL:
        record, row = _store_model(turn, mint, fetched)
    else:
        record, row = _store_file(turn, mint, fetched)
    turn.store(row, record.id, fetched.size)
    if fetched.registered is None:
        content.ensure_kept(turn.ports.artifacts, fetched.digest, fetched.file)
    turn.clear()


def _store_model(turn: IntakeTurn, mint: Mint, fetched: Fetched) -> tuple[Model, Row]:
    ports, intake = turn.ports, turn.intake
    upload = models.Upload(
        file=fetched.file,
        filename=intake.filename or intake.source.rstrip("/").rpartition("/")[2],
        model_name=intake.name,
        algorithm=intake.algorithm,
        description=intake.description,
        metrics=intake.metrics,
        evaluation=intake.evaluation,
        license=intake.license,
    )
    measured = models.Measured(upload=upload, digest=fetched.digest, size=fetched.size)
    judged = models.judge(ports, measured)
    if fetched.registered is None:
        _land(turn, fetched)
    described = models.describe(measured, judged, intake.user_key, intake.created_at)
    model = _name(turn, mint, lambda model_id: _refer(described(model_id), fetched.registered))
    return model, store.model_row(model)


def _refer(model: Model, source: RegistrySource | None) -> Model:
    """The model, as one that stays in the registry where that is its source."""
    if source is None:
        return model
    return replace(model, registry_name=source.name, registry_version=source.version)


def _store_file(turn: IntakeTurn, mint: Mint, fetched: Fetched) -> tuple[Artifact, Row]:
    intake = turn.intake
    _land(turn, fetched)

    def describe(artifact_id: str) -> Artifact:
        return Artifact(
            id=artifact_id,
            user_key=intake.user_key,
            kind=intake.kind,
            name=intake.name,
            filename=intake.filename,
            size=fetched.size,
            content_digest=fetched.digest,
            created_at=intake.created_at,
            description=intake.description,
        )

    artifact = _name(turn, mint, describe)
    return artifact, shelf.file_row(artifact)


def _land(turn: IntakeTurn, fetched: Fetched) -> None:
    """Stores the content under its digest: copied where the store is the same, in the version that was read.

    Where it is there it gets a new version, which no collection has seen.
    """
    ports, intake = turn.ports, turn.intake
    key = content.content_key(fetched.digest)
    turn.keep()
    if not intake.source and ports.artifacts is ports.blobs:
        _copy(turn, key)
    elif not ports.artifacts.touch(key):
        fetched.file.seek(0)
        file = cast(BinaryIO, KeptFile(turn, fetched.file))
        content.ensure_content(ports.artifacts, fetched.digest, file)


def _copy(turn: IntakeTurn, key: str) -> None:
    source = rows.quarantine_key(turn.intake.id)
    while True:
        try:
            if not turn.ports.blobs.touch(key):
                turn.ports.blobs.copy(source, key, etag=turn.intake.etag)
        except (Changed, Missing) as error:
            raise fetch.changed() from error
        except Copying:
            turn.keep(share=1)
        else:
            return


def _name(turn: IntakeTurn, mint: Mint, describe: Callable[[str], R]) -> R:
    """The record under the id that was claimed with the intake, so that a turn after a crash makes the same."""
    ports, intake = turn.ports, turn.intake
    record = describe(_artifact_id(intake))
    description = artifacts.render_description(record, intake.id)
    if content.write_once(ports.artifacts, content.metadata_key(record.id), description):
        return record
    return artifacts.name_artifact(ports, mint, intake.kind, intake.user_key, describe)


def _artifact_id(intake: Intake) -> str:
    moment = ids.parse_id(intake.id)
    if moment is None:
        raise ValueError(f"{intake.id} is the id of no upload")
    return ids.render_artifact_id(intake.kind, 1, moment)
