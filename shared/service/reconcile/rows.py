"""Where runs and their findings are kept: a table of their own, which no user's partition is in.

A row named `current` says which run is under way; it is written with the run and goes with its end, so there is one at
a time. A row named `wish` says what the schedule could not begin meanwhile; it goes with the beginning of that run. The findings of a run have a partition, in their order.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from shared.domain import codec, ids
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.runs import Item, Run
from shared.ports import Delete, Insert, Operation, Ports, Replace, Row, Tables
from shared.service import store
from shared.service.store import Stored

RUNS, FINDINGS = "reconciles", "findings"
_PARTITION, _CURRENT, _WISH = "runs", "current", "wish"
_AT_ONCE = 100  # rows in one transaction


def load_run(tables: Tables, run_id: str) -> Stored[Run] | None:
    """A run; None where there is none of that id."""
    row = tables.get(RUNS, _PARTITION, ids.newest_first(run_id))
    return store.read_row(Run, row) if row else None


def load_current(tables: Tables) -> Stored[Run] | None:
    """The run that is under way."""
    row = tables.get(RUNS, _PARTITION, _CURRENT)
    return load_run(tables, str(row.values["run_id"])) if row else None


def list_runs(tables: Tables, *, after: str = "") -> Iterator[Run]:
    """All runs, newest first, from the one after `after` on."""
    first = f"{ids.newest_first(after)}0" if after else "0"
    for row in tables.scan(RUNS, _PARTITION, first=first, last="a"):
        yield store.read_row(Run, row).record


def list_rows(tables: Tables) -> Iterator[Row]:
    """What of all runs says how old they are, newest first."""
    wanted = ("id", "state", "created_at", "schema_version")
    return tables.scan(RUNS, _PARTITION, first="0", last="a", select=wanted)


def run_row(run: Run, etag: str = "") -> Row:
    """The row of a run."""
    return Row(
        partition=_PARTITION,
        key=ids.newest_first(run.id),
        values=codec.render_record(run),
        etag=etag,
    )


def begin(ports: Ports, run: Run, wish: Row | None = None) -> None:
    """Keeps a new run as the current one, and with it takes the wish for it away. Raises Exists where another is; Changed, Missing."""
    operations: list[Operation] = [Insert(run_row(run)), Insert(_current_row(run.id))]
    if wish is not None:
        operations.append(Delete(wish))
    store.commit(ports.tables, ports.random, RUNS, operations)


def load_wish(tables: Tables) -> Row | None:
    """What the schedule wishes for that could not begin yet."""
    return tables.get(RUNS, _PARTITION, _WISH)


def parse_wish(row: Row) -> tuple[Area, ...]:
    """The areas that are wished for."""
    return tuple(each for each in Area if each in str(row.values["areas"]).split())


def wish(ports: Ports, areas: Collection[Area]) -> None:
    """Wishes for a run over some areas, besides what is wished for already. Raises Exists, Changed, Missing."""
    present = load_wish(ports.tables)
    wanted = {*areas, *(parse_wish(present) if present else ())}
    if present and wanted == set(parse_wish(present)):
        return
    row = Row(
        partition=_PARTITION,
        key=_WISH,
        values={"areas": " ".join(sorted(wanted))},
        etag=present.etag if present else "",
    )
    operation = Replace(row) if present else Insert(row)
    store.commit(ports.tables, ports.random, RUNS, [operation])


def end(tables: Tables, run_id: str) -> list[Operation]:
    """What a transaction has besides that ends a run: it is the current one no more."""
    row = tables.get(RUNS, _PARTITION, _CURRENT)
    return [Delete(row)] if row and row.values.get("run_id") == run_id else []


def resume(run_id: str) -> Operation:
    """What a transaction has besides that takes up a run that had ended."""
    return Insert(_current_row(run_id))


def _current_row(run_id: str) -> Row:
    return Row(partition=_PARTITION, key=_CURRENT, values={"run_id": run_id})


def list_items(tables: Tables, run_id: str, *, after: int = 0) -> Iterator[Stored[Item]]:
    """The findings of a run in their order, from the one after `after` on."""
    for row in tables.scan(FINDINGS, run_id, first=_key(after + 1)):
        yield store.read_row(Item, row)


def item_row(item: Item, etag: str = "") -> Row:
    """The row of a finding."""
    values = codec.render_record(item)
    return Row(partition=item.run_id, key=_key(item.number), values=values, etag=etag)


def add_items(ports: Ports, items: Iterable[Item]) -> int:
    """Keeps findings, a hundred at a time; how many."""
    count, source = 0, iter(items)
    while some := list(islice(source, _AT_ONCE)):
        rows: list[Operation] = [Insert(item_row(each)) for each in some]
        store.commit(ports.tables, ports.random, FINDINGS, rows)
        count += len(some)
    return count


def clear_items(tables: Tables, run_id: str) -> None:
    """Removes what a turn kept that died before it had found everything."""
    rows = tables.scan(FINDINGS, run_id, select=("number",))
    source = iter(list(rows))
    while some := [Delete(row) for row in islice(source, _AT_ONCE)]:
        tables.commit(FINDINGS, some)


def _key(number: int) -> str:
    return f"{number:06d}"
