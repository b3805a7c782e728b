"""Loads and saves records: the only code that knows tables, partitions and row keys.

User data is one table; a user's rows are one partition, so that what must change together changes in
one transaction, and no query can reach another user's rows. Every write carries a nonce: where its
answer was lost, it is read back, and a nonce that is equal means the write was ours; what was not
there is sent once more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared import telemetry
from shared.domain import codec, ids
from shared.domain.bookkeeping import TOMBSTONE, Claim, Inflight, Request
from shared.domain.errors import Changed, Exists, Missing, Unavailable, UnreadableRow
from shared.domain.records import Deployment, Endpoint, Event, Kept, Model, Status
from shared.ports import Delete, Insert, Operation, Random, Replace, Row, Tables
from shared.telemetry import Happened

R = TypeVar("R", bound=Kept)
RECORDS, CLAIMS, INFLIGHT = "records", "claims", "inflight"
LIVE, DELETED, EVENT, MODEL = "d-", "x-", "v-", "m-"
LEAVING = "leaving"
ENDPOINT, REQUEST = "e-", "r-"
_CLAIM_KEY = "claim"


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """A record and the row it was read from, whose etag names the version."""

    record: R
    row: Row


# ------------------------------------------------------------------ reading


def read_row(kind: type[R], row: Row) -> Stored[R]:
    """The record in a row. Raises Newer, Malformed, which name the row, as does all that loads one."""
    try:
        return Stored(codec.parse_record(kind, row.values), row)
    except UnreadableRow as error:
        error.row = f"{row.partition}/{row.key}"
        raise


def tell_unreadable(error: UnreadableRow) -> None:
    """Says in the log which row this version cannot read, and why."""
    telemetry.tell(Happened.UNREADABLE, kind=type(error).__name__, reason=str(error))


def load_deployment(tables: Tables, user_key: str, deployment_id: str) -> Stored[Deployment] | None:
    """A deployment, live or deleted; None where the user has none of that id."""
    suffix = ids.newest_first(deployment_id)
    for prefix in (LIVE, DELETED, LIVE):  # once more: it may have moved between two reads
        row = tables.get(RECORDS, user_key, prefix + suffix)
        if row is not None and TOMBSTONE not in row.values:
            return read_row(Deployment, row)
    return None


def is_decided(tables: Tables, user_key: str, deployment_id: str) -> bool:
    """Whether the deployment was admitted, or is buried and can never be."""
    suffix = ids.newest_first(deployment_id)
    keys = (prefix + suffix for prefix in (LIVE, DELETED, LIVE))
    return any(tables.get(RECORDS, user_key, key) for key in keys)


def load_endpoint(tables: Tables, user_key: str, name: str) -> Stored[Endpoint] | None:
    """One of the user's endpoints, whatever the case of its name."""
    row = tables.get(RECORDS, user_key, ENDPOINT + name.lower())
    return read_row(Endpoint, row) if row else None


def load_model(tables: Tables, user_key: str, model_id: str) -> Stored[Model] | None:
    """A catalogue entry; None where the user has none of that id, or it is being deleted."""
    if ids.parse_artifact_id(model_id) is None:
        return None
    row = tables.get(RECORDS, user_key, _model_key(model_id))
    if row is None or row.values.get("id") != model_id or LEAVING in row.values:
        return None
    return read_row(Model, row)


def load_request(tables: Tables, user_key: str, key: str) -> Stored[Request] | None:
    """What became of a keyed request."""
    row = tables.get(RECORDS, user_key, REQUEST + key)
    return read_row(Request, row) if row else None


def load_members(tables: Tables, endpoint: Endpoint) -> list[Stored[Deployment]]:
    """The deployments of an endpoint, in the order in which they came to it."""
    ids_of_members = [each.deployment_id for each in endpoint.members]
    found = [load_deployment(tables, endpoint.user_key, each) for each in ids_of_members]
    return [each for each in found if each is not None]


def load_claim(tables: Tables, name: str) -> Stored[Claim] | None:
    """Who has claimed an id or an endpoint's name."""
    row = tables.get(CLAIMS, name.lower(), _CLAIM_KEY)
    return read_row(Claim, row) if row else None


def load_inflight(tables: Tables, user_key: str, deployment_id: str) -> Stored[Inflight] | None:
    """The index entry of an unfinished deployment."""
    row = tables.get(INFLIGHT, user_key, deployment_id)
    return read_row(Inflight, row) if row else None


def list_inflight(tables: Tables, user_key: str | None = None) -> Iterator[Stored[Inflight]]:
    """All that is not finished, of one user or of all."""
    for row in inflight_rows(tables, user_key):
        yield read_row(Inflight, row)


def inflight_rows(tables: Tables, user_key: str | None = None) -> Iterator[Row]:
    """The same as rows, for those who go on where one cannot be read."""
    return tables.scan(INFLIGHT, user_key)


# ------------------------------------------------------------------ rows to write


def deployment_row(record: Deployment, etag: str = "") -> Row:
    """The row of a deployment; a deleted one has a range of its own."""
    prefix = DELETED if record.status is Status.DELETED else LIVE
    key = prefix + ids.newest_first(record.id)
    return Row(partition=record.user_key, key=key, values=codec.render_record(record), etag=etag)


def tombstone_row(user_key: str, deployment_id: str) -> Row:
    """A row in a deployment's place, so that a late admission finds its key taken."""
    key = LIVE + ids.newest_first(deployment_id)
    return Row(partition=user_key, key=key, values={TOMBSTONE: True})


def event_row(user_key: str, event: Event) -> Row:
    """The row of an event; its number fixes its place."""
    key = f"{EVENT}{ids.newest_first(event.deployment_id)}-{event.number:06d}"
    return Row(partition=user_key, key=key, values=codec.render_record(event))


def endpoint_row(record: Endpoint, etag: str = "") -> Row:
    """The row of an endpoint."""
    key = ENDPOINT + record.name.lower()
    return Row(partition=record.user_key, key=key, values=codec.render_record(record), etag=etag)


def model_row(record: Model, etag: str = "") -> Row:
    """The row of a catalogue entry."""
    key = _model_key(record.id)
    return Row(partition=record.user_key, key=key, values=codec.render_record(record), etag=etag)


def request_row(user_key: str, record: Request, etag: str = "") -> Row:
    """The row of a keyed request."""
    key, values = REQUEST + record.key, codec.render_record(record)
    return Row(partition=user_key, key=key, values=values, etag=etag)


def claim_row(record: Claim, etag: str = "") -> Row:
    """The row of a claim."""
    name = record.name.lower()
    return Row(partition=name, key=_CLAIM_KEY, values=codec.render_record(record), etag=etag)


def inflight_row(record: Inflight, etag: str = "") -> Row:
    """The row of an index entry."""
    values = codec.render_record(record)
    return Row(partition=record.user_key, key=record.deployment_id, values=values, etag=etag)


# ------------------------------------------------------------------ writing


def commit(
    tables: Tables, random: Random, table: str, operations: Sequence[Operation]
) -> list[str]:
    """Does all or nothing under one nonce; the new etags, in order.

    Sent once more where it has not landed and nobody said why: it is conditional, so it cannot land
    twice. Raises Exists, Changed, Missing or Unavailable where it was not this write that landed.
    """
    nonce = random.nonce()
    signed = [_sign(operation, nonce) for operation in operations]
    may_repeat = True
    while True:
        try:
            return tables.commit(table, signed)
        except (Exists, Changed, Missing, Unavailable) as error:
            etags = _read_back(tables, table, signed, nonce)
            if etags is not None:
                return etags
            if not (may_repeat and isinstance(error, Unavailable)):
                raise
            may_repeat = False


def _sign(operation: Operation, nonce: str) -> Operation:
    row = operation.row
    values = {**row.values, "nonce": nonce}
    return type(operation)(Row(partition=row.partition, key=row.key, values=values, etag=row.etag))


def _read_back(
    tables: Tables, table: str, operations: Sequence[Operation], nonce: str
) -> list[str] | None:
    """The new etags where this write has landed, else None.

    One row with its nonce proves it, as all landed together. Another row may have changed since: it
    keeps the etag it had, with which whatever is tried next is refused.
    """
    found = [tables.get(table, each.row.partition, each.row.key) for each in operations]
    ours = [row is not None and row.values.get("nonce") == nonce for row in found]
    only_removes = all(isinstance(each, Delete) for each in operations)
    if not (any(ours) or (only_removes and not any(found))):
        return None
    etags = []
    for operation, row, is_ours in zip(operations, found, ours, strict=True):
        known = row.etag if row and is_ours else operation.row.etag
        etags.append("" if isinstance(operation, Delete) else known)
    return etags


def insert(tables: Tables, random: Random, table: str, row: Row) -> str:
    """Writes one new row; its etag. Raises Exists."""
    return commit(tables, random, table, [Insert(row)])[0]


def save(tables: Tables, random: Random, table: str, row: Row) -> str:
    """Replaces the version the row's etag names; the new etag. Raises Changed or Missing."""
    return commit(tables, random, table, [Replace(row)])[0]


def remove(tables: Tables, table: str, row: Row) -> bool:
    """Removes the version the row's etag names; False where another one is there by now."""
    try:
        tables.commit(table, [Delete(row)])
    except (Changed, Missing):  # it may have been this removal, its answer lost
        return tables.get(table, row.partition, row.key) is None
    return True


def _model_key(model_id: str) -> str:
    parts = ids.parse_artifact_id(model_id)
    moment = parts[2] if parts else 0
    return MODEL + ids.newest_first(ids.render_id(moment))
