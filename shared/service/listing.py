"""Range reads of one user's rows, newest first: what the lists, the counts and the history show.

A page begins after the last one of the page before, by its id, so rows that come or go meanwhile
neither repeat nor hide another. A row that cannot be read is told in the log, and left out.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from shared.domain import ids
from shared.domain.bookkeeping import TOMBSTONE
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.catalogue.intakes import Intake
from shared.domain.errors import UnreadableRow
from shared.domain.figures import CountedDeployment, CountedModel
from shared.domain.records import Deployment, Event, Kept, Model, Status
from shared.ports import Row, Tables
from shared.service import store
from shared.service.catalogue import shelf
from shared.service.intake import rows as intake_rows

R = TypeVar("R", bound=Kept)
_COUNTED = (
    "id",
    "status",
    "created_at",
    "model_id",
    "model_name",
    "instance_type",
    "instance_count",
    "azure_model_name",
    "azure_model_version",
    "registry_name",
    "torn_down_at",
    store.LEAVING,
    TOMBSTONE,
)


def list_deployments(
    tables: Tables, user_key: str, *, deleted: bool = False, after: str = ""
) -> Iterator[Deployment]:
    """A user's live (or deleted) deployments, older than `after` where an id is given."""
    prefix = store.DELETED if deleted else store.LIVE
    moment = ids.parse_id(after)
    rows = _range(tables, user_key, prefix, after=moment)
    return _records(Deployment, (row for row in rows if TOMBSTONE not in row.values))


def list_statuses(
    tables: Tables, user_key: str, *, deleted: bool = False
) -> Iterator[tuple[Status, str]]:
    """(status, created_at) of a user's live (or deleted) deployments: one narrow range read."""
    prefix = store.DELETED if deleted else store.LIVE
    select = ("status", "created_at", TOMBSTONE)
    for row in _range(tables, user_key, prefix, select=select):
        if TOMBSTONE in row.values:
            continue
        try:
            yield Status(str(row.values.get("status"))), str(row.values.get("created_at", ""))
        except ValueError as error:
            store.tell_unreadable(UnreadableRow(f"{row.partition}/{row.key}: {error}"))


def deleted_rows(tables: Tables, user_key: str, select: Sequence[str]) -> Iterator[Row]:
    """A user's deleted deployments as narrow rows, newest first."""
    return _range(tables, user_key, store.DELETED, select=select)


def deployment_rows(tables: Tables, user_key: str, select: Sequence[str]) -> Iterator[Row]:
    """A user's deployments as narrow rows, the live ones first; where an admission was given up there is an empty one."""
    for prefix in (store.LIVE, store.DELETED):
        yield from _range(tables, user_key, prefix, select=select)


def list_counted(tables: Tables, user_key: str) -> Iterator[CountedDeployment | CountedModel]:
    """What is counted of a user's live deployments and catalogue entries: one narrow range read."""
    rows = tables.scan(
        store.RECORDS, user_key, first=store.LIVE, last=_after(store.MODEL), select=_COUNTED
    )
    for row in rows:
        if row.key.startswith(store.MODEL):
            found: Iterator[CountedDeployment | CountedModel] = _records(CountedModel, [row])
            yield from () if store.LEAVING in row.values else found
        elif row.key.startswith(store.LIVE) and TOMBSTONE not in row.values:
            yield from _records(CountedDeployment, [row])


def list_events(tables: Tables, user_key: str, deployment_id: str) -> Iterator[Event]:
    """What happened to a deployment, in order."""
    prefix = f"{store.EVENT}{ids.newest_first(deployment_id)}-"
    return _records(Event, _range(tables, user_key, prefix))


def list_models(tables: Tables, user_key: str, *, after: str = "") -> Iterator[Model]:
    """A user's catalogue entries, older than `after` where an id is given."""
    parts = ids.parse_artifact_id(after)
    rows = _range(tables, user_key, store.MODEL, after=parts[2] if parts else None)
    return _records(Model, (row for row in rows if store.LEAVING not in row.values))


def count_models(tables: Tables, user_key: str) -> int:
    """How many catalogue entries a user has: one narrow range read."""
    rows = _range(tables, user_key, store.MODEL, select=("id", store.LEAVING))
    return sum(1 for row in rows if store.LEAVING not in row.values)


def list_files(
    tables: Tables, user_key: str, kind: ArtifactKind, *, after: str = ""
) -> Iterator[Artifact]:
    """A user's datasets or code, older than `after` where an id is given."""
    parts = ids.parse_artifact_id(after)
    rows = _range(tables, user_key, shelf.PREFIXES[kind], after=parts[2] if parts else None)
    return _records(Artifact, rows)


def count_files(tables: Tables, user_key: str, kind: ArtifactKind) -> int:
    """How many of them a user has: one narrow range read."""
    return sum(1 for _ in _range(tables, user_key, shelf.PREFIXES[kind], select=("id",)))


def list_intakes(tables: Tables, user_key: str, *, after: str = "") -> Iterator[Intake]:
    """A user's files on their way in and those that have ended, older than `after` where an id is given.

    The few that are under way are read first: one that ends meanwhile is then met among the others.
    """
    rows = [
        each
        for each in intake_rows.list_unfinished(tables, user_key)
        if not after or each.key < after
    ]
    unfinished = _records(Intake, reversed(rows))
    ended = _range(tables, user_key, intake_rows.FINISHED, after=ids.parse_id(after))
    last = ""
    pairs = heapq.merge(_records(Intake, ended), unfinished, key=lambda each: each.id, reverse=True)
    for intake in pairs:
        if intake.id != last:  # of two rows the ended one comes first, and is true
            yield intake
        last = intake.id


def list_intake_states(tables: Tables, user_key: str) -> Iterator[str]:
    """The state of each of them: two narrow range reads."""
    select = ("id", "state")
    found = {row.key: row for row in tables.scan(intake_rows.INTAKES, user_key, select=select)}
    for row in _range(tables, user_key, intake_rows.FINISHED, select=select):
        found.pop(str(row.values.get("id")), None)
        yield str(row.values.get("state"))
    yield from (str(row.values.get("state")) for row in found.values())


def list_deployed(tables: Tables, user_key: str, model_id: str) -> Iterator[str]:
    """The ids of all deployments of a model, live or deleted: two narrow range reads."""
    for prefix in (store.LIVE, store.DELETED):
        for row in _range(tables, user_key, prefix, select=("id", "model_id")):
            if row.values.get("model_id") == model_id:
                yield str(row.values["id"])


def _records(kind: type[R], rows: Iterable[Row]) -> Iterator[R]:
    for row in rows:
        try:
            yield store.read_row(kind, row).record
        except UnreadableRow as error:
            store.tell_unreadable(error)


def _range(
    tables: Tables,
    user_key: str,
    prefix: str,
    *,
    after: int | None = None,
    select: Sequence[str] = (),
) -> Iterator[Row]:
    first = prefix if after is None else f"{prefix}{ids.newest_first(ids.render_id(after))}0"
    return tables.scan(store.RECORDS, user_key, first=first, last=_after(prefix), select=select)


def _after(prefix: str) -> str:
    """What comes after all keys with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
