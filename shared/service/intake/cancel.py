"""Cancels a file on its way in, at any moment before it is stored; whoever is at it meets another version."""

from dataclasses import replace

from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.errors import Conflict, Refusal
from shared.domain.principal import Principal
from shared.ports import Ports
from shared.service import store
from shared.service.contention import until_written
from shared.service.intake import rows, turn
from shared.service.refusals import changed
from shared.service.store import Stored


def cancel_intake(
    ports: Ports, principal: Principal, intake_id: str, *, if_match: str = ""
) -> Intake:
    """Ends one of the user's uploads as refused, and removes what was uploaded. Repeating it is harmless.

    Raises NotFound; Conflict `upload_finished` where it has come to another end; PreconditionFailed where
    `if_match`, a row's etag, names another version.
    """

    def attempt() -> Intake:
        stored = rows.require_intake(ports, principal, intake_id)
        if stored.record.finished_at is None:
            if if_match not in ("", stored.row.etag):
                raise changed("upload", f"/uploads/{intake_id}")
            _end(ports, stored)
            stored = rows.require_intake(ports, principal, intake_id)
        if stored.record.problem.get("code") != "upload_cancelled":
            raise _finished(stored.record)
        return stored.record

    return until_written("upload", attempt)


def _end(ports: Ports, stored: Stored[Intake]) -> None:
    """Raises Changed, Missing where a confirmation or a turn was faster."""
    etag = store.save(ports.tables, ports.random, rows.INTAKES, stored.row)
    again = "POST /models/from" if stored.record.source else "POST /uploads"
    refusal = Refusal(
        "upload_cancelled", "It was cancelled.", f"To bring it in all the same: {again}."
    )
    turn.finish(ports, Stored(stored.record, replace(stored.row, etag=etag)), refusal)


def _finished(intake: Intake) -> Conflict:
    if intake.state is IntakeState.STORED:
        way = f"Delete what it became: DELETE /artifacts/{intake.kind}/{intake.artifact_id}"
    else:
        way = f"There is nothing to cancel; GET /uploads/{intake.id} says why it was refused."
    return Conflict("upload_finished", f"This upload has ended: it is {intake.state}.", way)
