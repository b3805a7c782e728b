"""The records, listed once and laid on the sides of a join: what each of them expects to find elsewhere.

Only what a comparison needs is read of a row, so that a million of them cost little more than their listing; what
disagrees is read again, whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, takewhile
from typing import TypeVar

from shared.domain import plans
from shared.domain.bookkeeping import TOMBSTONE, ClaimKind
from shared.domain.records import Status
from shared.ports import Row, Tables
from shared.reconcile_ports import Entry, Join
from shared.service import store

T = TypeVar("T")
ACTIVE, REGISTERED, UNFINISHED, DEPLOYED = "active", "registered", "unfinished", "deployed"
MODELS, LEAVING, ROWS, INDEXED, NAMES = "models", "leaving", "rows", "indexed", "names"
CLOUD, REGISTRY, NOTHING = "cloud", "registry", "nothing"
_RANGES = ((store.LIVE, "f-"), (store.MODEL, "n-"), (store.DELETED, "y-"))
"""Deployments with endpoints' rows, models, and deleted deployments; the events between them are left out."""
_KEYED = (store.REQUEST, "s-")
_WANTED = (
    "id",
    "status",
    "endpoint_name",
    "deployment_name",
    "azure_model_name",
    "azure_model_version",
    "model_id",
    "registry_name",
    "torn_down_at",
    "leaving",
    "work_json",
    "events",
    "at",
    "until",
    "schema_version",
    TOMBSTONE,
)
EACH_PAGE = 500  # rows come in pages of a thousand, files in pages of five
_AT_ONCE = 5_000
_NAMES_SINCE, _NAMES_END = "a", "~"
"""Ids, which begin with a digit, stand before all names; names that were given up, of which there are ever more, behind."""


def lay_records(
    tables: Tables,
    join: Join,
    keep: Callable[[], None],
    passed: Callable[[Row], None] | None = None,
) -> int:
    """Lays out all records, and says how many there are. Raises StoreError.

    Where there is a `passed`, each row goes by it, and answers to keyed requests do, too.
    """
    rows = scan_ranges(tables, (*_RANGES, *([_KEYED] if passed else [])), _WANTED, keep)
    return lay_rows(join, _passing(rows, passed) if passed else rows, _sides_of)


def scan_ranges(
    tables: Tables,
    ranges: Iterable[tuple[str, str]],
    select: Sequence[str],
    keep: Callable[[], None],
) -> Iterator[Row]:
    """The rows of all users whose keys are in some ranges, one range after the other. Raises StoreError."""
    scans = (
        tables.scan(store.RECORDS, None, first=first, last=last, select=select)
        for first, last in ranges
    )
    return keeping(chain.from_iterable(scans), keep, every=EACH_PAGE)


def lay_rows(join: Join, rows: Iterable[Row], sides_of: Callable[[Row], Iterator[Entry]]) -> int:
    """Lays each row on its sides, noted as user and id, and says how many rows there are; tombstones are none."""
    count = 0
    pieces: dict[str, list[Entry]] = defaultdict(list)
    for row in rows:
        if TOMBSTONE in row.values:
            continue
        count += 1
        for side, key in sides_of(row):
            pieces[side].append((key, f"{row.partition} {row.values.get('id', '')}"))
        if count % _AT_ONCE == 0:
            _flush(join, pieces)
    _flush(join, pieces)
    return count


def lay_index(tables: Tables, join: Join, keep: Callable[[], None]) -> int:
    """Lays out the index of unfinished work. Raises StoreError."""
    rows = keeping(store.inflight_rows(tables), keep, every=EACH_PAGE)
    return join.add(INDEXED, ((f"{row.partition} {row.key}", "") for row in rows))


def lay_names(tables: Tables, join: Join, keep: Callable[[], None]) -> int:
    """Lays out the endpoint names that are taken. Raises StoreError."""
    wanted = ("kind", "name", "user_key")
    claims = tables.scan(store.CLAIMS, None, since=_NAMES_SINCE, select=wanted)
    rows = takewhile(lambda row: row.partition < _NAMES_END, claims)
    return join.add(
        NAMES,
        (
            (str(row.values.get("name")), str(row.values.get("user_key")))
            for row in keeping(rows, keep, every=EACH_PAGE)
            if row.values.get("kind") == ClaimKind.ENDPOINT
        ),
    )


def keeping(things: Iterable[T], keep: Callable[[], None], *, every: int = 1) -> Iterator[T]:
    """The same things; before they are asked for, and at each, or each of so many, the right to go on is kept up."""
    keep()
    for at, each in enumerate(things):
        if at % every == 0:
            keep()
        yield each


def place_of(endpoint: str, deployment: str, deployment_id: str) -> str:
    """Where a deployment of ours is to be found, as a key that both truths have."""
    return f"{endpoint}/{deployment} {deployment_id}".lower()


def _passing(rows: Iterable[Row], passed: Callable[[Row], None]) -> Iterator[Row]:
    """All rows go by, and those go on that are records."""
    for row in rows:
        passed(row)
        if not row.key.startswith(store.REQUEST):
            yield row


def _sides_of(row: Row) -> Iterator[Entry]:
    """The sides that a record stands on, and its key on each."""
    values = row.values
    if row.key.startswith(store.MODEL):
        yield LEAVING if "leaving" in values else MODELS, str(values.get("id"))
        if values.get("registry_name"):
            yield REGISTERED, str(values["registry_name"])
        return
    if row.key.startswith(store.ENDPOINT):
        yield ROWS, row.key.removeprefix(store.ENDPOINT)
        return
    finished = plans.is_finished_row(values)
    yield DEPLOYED, str(values.get("model_id"))
    if not finished:
        yield UNFINISHED, f"{row.partition} {values.get('id')}"
    over = finished and values.get("status") == Status.DELETED
    if values.get("azure_model_version") and not over:
        yield REGISTERED, str(values.get("azure_model_name"))
    if values.get("status") == Status.ACTIVE and finished:
        place = (str(values.get(name)) for name in ("endpoint_name", "deployment_name", "id"))
        yield ACTIVE, place_of(*place)


def _flush(join: Join, pieces: dict[str, list[Entry]]) -> None:
    for side, entries in pieces.items():
        join.add(side, entries)
    pieces.clear()
