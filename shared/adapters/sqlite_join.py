"""`Join` in a temporary SQLite file: a million entries take disk, and no memory.

Entries are appended as they come; a side is sorted, by an index, when it is first looked into.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from shared.reconcile_ports import Entry, Join

_CACHE_KIB = 2_048  # a larger one makes nothing faster: all is written and read in order
_SETTINGS = (
    "PRAGMA journal_mode = OFF",  # it is thrown away whatever happens
    "PRAGMA synchronous = OFF",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
    "PRAGMA temp_store = FILE",
)


class SqliteJoins:
    """See `shared.reconcile_ports.Joins`."""

    @contextmanager
    def open(self) -> Iterator[Join]:
        """A file in the folder for temporary ones, which goes with its folder."""
        with (
            tempfile.TemporaryDirectory(prefix="longshore-join-") as folder,
            closing(sqlite3.connect(Path(folder) / "join.sqlite", isolation_level=None)) as file,
        ):
            for each in _SETTINGS:
                file.execute(each)
            yield SqliteJoin(file)


class SqliteJoin:
    """See `shared.reconcile_ports.Join`. A side is a table."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._sides: set[str] = set()
        self._sorted: set[str] = set()

    def add(self, side: str, entries: Iterable[Entry]) -> int:
        """Appends, in one transaction."""
        table, before = self._table(side), self._file.total_changes
        self._file.execute("BEGIN")
        try:
            self._file.executemany(f"INSERT INTO {table} VALUES (?, ?)", entries)  # noqa: S608 - see _table
        except BaseException:  # the listing broke off: none of it is kept
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")
        return self._file.total_changes - before

    def missing(self, side: str, other: str) -> Iterator[Entry]:
        """One look into the other side for each entry of this one, by their indexes."""
        here, there = self._sorted_table(side), self._sorted_table(other)
        query = f"""SELECT key, note FROM {here} WHERE NOT EXISTS
                    (SELECT 1 FROM {there} WHERE {there}.key = {here}.key) ORDER BY key"""  # noqa: S608 - see _table
        yield from self._file.execute(query)

    def find(self, side: str, key: str) -> str | None:
        """By the side's index."""
        table = self._sorted_table(side)
        query = f"SELECT note FROM {table} WHERE key = ?"  # noqa: S608 - see _table
        found = self._file.execute(query, (key,)).fetchone()
        return None if found is None else str(found[0])

    def _table(self, side: str) -> str:
        """The table of a side, made at its first use. Its name is a word of ours: no other gets into a statement."""
        if not (side.isidentifier() and side.isascii()):
            raise ValueError(f"{side!r} cannot name a side")
        table = f"side_{side}"
        if side not in self._sides:
            self._file.execute(f"CREATE TABLE {table} (key TEXT NOT NULL, note TEXT NOT NULL)")
            self._sides.add(side)
        return table

    def _sorted_table(self, side: str) -> str:
        table = self._table(side)
        if side not in self._sorted:
            self._file.execute(f"CREATE INDEX {table}_by_key ON {table} (key)")
            self._sorted.add(side)
        return table
