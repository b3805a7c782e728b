"""Range reads of one user's rows, newest first: what the lists, the counts and the history show.

A page begins after the last one of the page before, by its id, so rows that come or go meanwhile
neither repeat nor hide another.
"""

from collections.abc import Iterator, Sequence

from shared.domain import codec, ids
from shared.domain.records import Deployment, Event, Model, Status
from shared.ports import Row, Tables
from shared.service import store


def list_deployments(
    tables: Tables, user_key: str, *, deleted: bool = False, after: str = ""
) -> Iterator[Deployment]:
    """A user's live (or deleted) deployments, older than `after` where an id is given."""
    prefix = store.DELETED if deleted else store.LIVE
    moment = ids.parse_id(after)
    for row in _range(tables, user_key, prefix, after=moment):
        if store.TOMBSTONE not in row.values:
            yield codec.parse_record(Deployment, row.values)


def list_statuses(
    tables: Tables, user_key: str, *, deleted: bool = False
) -> Iterator[tuple[Status, str]]:
    """(status, created_at) of a user's live (or deleted) deployments: one narrow range read."""
    prefix = store.DELETED if deleted else store.LIVE
    select = ("status", "created_at", store.TOMBSTONE)
    for row in _range(tables, user_key, prefix, select=select):
        if store.TOMBSTONE not in row.values:
            yield Status(str(row.values["status"])), str(row.values["created_at"])


def list_events(tables: Tables, user_key: str, deployment_id: str) -> Iterator[Event]:
    """What happened to a deployment, in order."""
    prefix = f"{store.EVENT}{ids.newest_first(deployment_id)}-"
    for row in _range(tables, user_key, prefix):
        yield codec.parse_record(Event, row.values)


def list_models(tables: Tables, user_key: str, *, after: str = "") -> Iterator[Model]:
    """A user's catalogue entries, older than `after` where an id is given."""
    parts = ids.parse_artifact_id(after)
    for row in _range(tables, user_key, store.MODEL, after=parts[2] if parts else None):
        yield codec.parse_record(Model, row.values)


def count_models(tables: Tables, user_key: str) -> int:
    """How many catalogue entries a user has: one narrow range read."""
    return sum(1 for _ in _range(tables, user_key, store.MODEL, select=("id",)))


def _range(
    tables: Tables,
    user_key: str,
    prefix: str,
    *,
    after: int | None = None,
    select: Sequence[str] = (),
) -> Iterator[Row]:
    first = prefix if after is None else f"{prefix}{ids.newest_first(ids.render_id(after))}0"
    last = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return tables.scan(store.RECORDS, user_key, first=first, last=last, select=select)
