"""Rows of files on their way in: unfinished ones in a table of their own, finished ones beside the user's records."""

from collections.abc import Iterator

from shared.domain import codec, ids
from shared.domain.catalogue.intakes import Intake
from shared.domain.errors import NotFound
from shared.domain.principal import Principal
from shared.ports import Ports, Row, Tables
from shared.service import store
from shared.service.store import Stored

INTAKES = "intakes"
FINISHED = "u-"
QUARANTINE = "quarantine/"


def quarantine_key(intake_id: str) -> str:
    """Where the file of one upload lies until it was read; no other upload ever has this key."""
    return f"{QUARANTINE}{intake_id}"


def unfinished_row(intake: Intake, etag: str = "") -> Row:
    """The row of an unfinished intake."""
    values = codec.render_record(intake)
    return Row(partition=intake.user_key, key=intake.id, values=values, etag=etag)


def finished_row(intake: Intake) -> Row:
    """The row of a finished one, written once."""
    key = FINISHED + ids.newest_first(intake.id)
    return Row(partition=intake.user_key, key=key, values=codec.render_record(intake))


def load_unfinished(tables: Tables, user_key: str, intake_id: str) -> Stored[Intake] | None:
    """An unfinished intake; it may be finished as well, where a turn died just then."""
    row = tables.get(INTAKES, user_key, intake_id)
    return store.read_row(Intake, row) if row else None


def load_finished(tables: Tables, user_key: str, intake_id: str) -> Stored[Intake] | None:
    """A finished intake."""
    row = tables.get(store.RECORDS, user_key, FINISHED + ids.newest_first(intake_id))
    return store.read_row(Intake, row) if row else None


def list_unfinished(tables: Tables, user_key: str | None = None) -> Iterator[Row]:
    """The rows of all that is unfinished, of one user or of all."""
    return tables.scan(INTAKES, user_key)


def require_intake(ports: Ports, principal: Principal, intake_id: str) -> Stored[Intake]:
    """The principal's own upload, as it is now. Raises NotFound."""
    if ids.parse_id(intake_id) is not None:
        for load in (load_finished, load_unfinished, load_finished):  # it may finish in between
            if stored := load(ports.tables, principal.user_key, intake_id):
                return stored
    raise NotFound(
        "upload_not_found",
        f"You have no upload {intake_id[:40]!r}.",
        "List yours with GET /uploads.",
    )
