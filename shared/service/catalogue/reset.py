"""Clears the whole catalogue, of all users: for test environments, where the setting `ALLOW_RESET` allows it."""

from dataclasses import dataclass
from functools import partial

from shared import telemetry
from shared.domain.bookkeeping import TOMBSTONE
from shared.domain.errors import Changed, Forbidden
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.ports import Ports, Row
from shared.service import store
from shared.service.catalogue import content, shelf, withdraw
from shared.service.contention import until_written
from shared.service.intake import rows as intake_rows
from shared.telemetry import Happened

_FOLDERS = (content.metadata_key("").partition("/")[0], content.content_key("").partition("/")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """How many rows of artifacts, and how many files, a reset removed."""

    artifacts: int
    files: int


def reset_catalogue(ports: Ports, policy: Policy, principal: Principal) -> Cleared:
    """Removes every artifact's row, description and content, files on their way in, and the answers to uploads under a key.

    Deployments stay as they are, and know that their model is gone. Raises Forbidden, StoreError.
    """
    _require_allowed(policy, principal)
    _clear_intakes(ports)
    artifacts = 0
    for row in list(ports.tables.scan(store.RECORDS, None)):
        if row.key.startswith(tuple(shelf.PREFIXES.values())):
            until_written("catalogue", partial(_remove, ports, store.RECORDS, row))
            artifacts += 1
        elif _answers_upload(row) or row.key.startswith(intake_rows.FINISHED):
            store.remove(ports.tables, store.RECORDS, row)
        elif row.key.startswith((store.LIVE, store.DELETED)) and TOMBSTONE not in row.values:
            until_written("deployment", partial(_mark, ports, row))
    keys = [each.key for folder in _FOLDERS for each in ports.artifacts.list(f"{folder}/")]
    for key in keys:
        ports.artifacts.remove(key)
    telemetry.tell(Happened.CATALOGUE_RESET, artifacts=artifacts, by=principal.user_id)
    return Cleared(artifacts=artifacts, files=len(keys))


def _clear_intakes(ports: Ports) -> None:
    """Ends what is on its way in: a turn at work on it has lost its row, and stores nothing more."""
    for row in list(intake_rows.list_unfinished(ports.tables)):
        until_written("upload", partial(_remove, ports, intake_rows.INTAKES, row))
    for each in list(ports.blobs.list(intake_rows.QUARANTINE)):
        ports.blobs.remove(each.key)


def _answers_upload(row: Row) -> bool:
    """Whether a row is the answer to a request that stored an artifact, or the claim of one under way."""
    return row.key.startswith(store.REQUEST) and bool(
        row.values.get("until") or row.values.get("model_id") or row.values.get("upload_id")
    )


def _remove(ports: Ports, table: str, row: Row) -> None:
    present = ports.tables.get(table, row.partition, row.key)
    if present is not None and not store.remove(ports.tables, table, present):
        raise Changed(f"row {row.partition}/{row.key}")


def _mark(ports: Ports, row: Row) -> None:
    stored = store.load_deployment(ports.tables, row.partition, str(row.values["id"]))
    if stored is not None and not stored.record.model_deleted:
        withdraw.mark_deleted(ports, stored.record, stored.row.etag)


def _require_allowed(policy: Policy, principal: Principal) -> None:
    if not principal.is_operator:
        raise Forbidden(
            "operators_only",
            "Only operators may clear the catalogue.",
            "Ask an operator; the setting OPERATORS names them.",
        )
    if not policy.allow_reset:
        raise Forbidden(
            "reset_not_allowed",
            "This is no test environment: its catalogue cannot be cleared at once.",
            "Delete single artifacts with DELETE /artifacts/{type}/{id}; where it is one, set ALLOW_RESET.",
        )
