"""What a reconciliation works with besides the worker's ports: a place to lay long listings beside each other."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.ports import WorkerPorts

Entry = tuple[str, str]
"""A key, and a note about it."""


class Join(Protocol):
    """Sides of entries, each under a name; memory does not grow with them."""

    def add(self, side: str, entries: Iterable[Entry]) -> int:
        """Puts entries on a side, and says how many; none where their source raises. Of entries of one key, each is kept."""
        ...

    def missing(self, side: str, other: str) -> Iterator[Entry]:
        """The entries of a side whose keys the other side has not, in the order of their keys."""
        ...

    def find(self, side: str, key: str) -> str | None:
        """The note of an entry; None where the side has none of that key."""
        ...


class Joins(Protocol):
    """Makes them."""

    def open(self) -> AbstractContextManager[Join]:
        """An empty one, which is gone with all that is in it when it is left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilePorts(WorkerPorts):
    """What compares and repairs."""

    joins: Joins
