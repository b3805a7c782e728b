"""`Join` in memory: the twin of `sqlite_join`, for tests and the simulation."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shared.reconcile_ports import Entry, Join


class MemoryJoins:
    """See `shared.reconcile_ports.Joins`."""

    @contextmanager
    def open(self) -> Iterator[Join]:
        """An empty one."""
        yield MemoryJoin()


class MemoryJoin:
    """See `shared.reconcile_ports.Join`."""

    def __init__(self) -> None:
        self._sides: dict[str, list[Entry]] = {}

    def add(self, side: str, entries: Iterable[Entry]) -> int:
        """Appends."""
        added = list(entries)
        self._sides.setdefault(side, []).extend(added)
        return len(added)

    def missing(self, side: str, other: str) -> Iterator[Entry]:
        """By the keys of the other side."""
        known = {key for key, _ in self._sides.get(other, ())}
        yield from sorted(each for each in self._sides.get(side, ()) if each[0] not in known)

    def find(self, side: str, key: str) -> str | None:
        """The first of that key."""
        return next((note for known, note in self._sides.get(side, ()) if known == key), None)
