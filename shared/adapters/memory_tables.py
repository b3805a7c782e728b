"""Tables in memory, as strict as the real ones: the twin of `azure_tables`."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shared.adapters import table_operations
from shared.domain import limits
from shared.domain.errors import Changed, Exists, Missing
from shared.ports import Delete, Insert, Operation, Replace, Row

_Place = tuple[str, str]


class MemoryTables:
    """Rows of tables that come to be by their first use; safe to share between threads."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[_Place, Row]] = {}
        self._lock = threading.Lock()
        self._version = 0

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        limits.check_table(table)
        limits.check_key(partition)
        limits.check_key(key)
        with self._lock:
            return self._tables.get(table, {}).get((partition, key))

    def scan(
        self,
        table: str,
        partition: str | None,
        *,
        first: str = "",
        last: str = "",
        since: str = "",
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """Rows in key order with `first` <= key < `last`, as they are when the reading begins."""
        limits.check_table(table)
        bounds = (first, last, since)
        return self._scan(table, partition, bounds, tuple(select))

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """Does all or nothing; the new etags in that order, empty for a deleted row."""
        table_operations.check(table, operations)
        with self._lock:
            rows = self._tables.setdefault(table, {})
            for operation in operations:
                _require(operation, rows.get(_place(operation.row)))
            return [self._apply(operation, rows) for operation in operations]

    def _scan(
        self,
        table: str,
        partition: str | None,
        bounds: tuple[str, str, str],
        select: tuple[str, ...],
    ) -> Iterator[Row]:
        first, last, since = bounds
        with self._lock:
            rows = list(self._tables.get(table, {}).values())
        wanted = (
            row
            for row in rows
            if partition in {None, row.partition}
            and row.partition >= since
            and row.key >= first
            and (not last or row.key < last)
        )
        for row in sorted(wanted, key=_order):
            yield _select(row, select) if select else row

    def _apply(self, operation: Operation, rows: dict[_Place, Row]) -> str:
        place = _place(operation.row)
        if isinstance(operation, Delete):
            del rows[place]
            return ""
        self._version += 1
        etag = f'W/"{self._version}"'
        rows[place] = replace(operation.row, values=dict(operation.row.values), etag=etag)
        return etag


def _require(operation: Operation, present: Row | None) -> None:
    row = operation.row
    what = f"row {row.partition} {row.key}"
    match operation:
        case Insert() if present:
            raise Exists(f"{what} is there already")
        case Replace() | Delete() if present is None:
            raise Missing(f"{what} is not there")
        case Replace() | Delete() if present and present.etag != row.etag:
            raise Changed(f"{what} has another version than {row.etag}")


def _select(row: Row, names: tuple[str, ...]) -> Row:
    return replace(row, values={name: row.values[name] for name in names if name in row.values})


def _place(row: Row) -> _Place:
    return row.partition, row.key


def _order(row: Row) -> tuple[bytes, bytes]:
    """The order of Table Storage: by UTF-16 code unit."""
    return row.partition.encode("utf-16-be"), row.key.encode("utf-16-be")
