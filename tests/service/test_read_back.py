"""A write whose answer was lost is known to be ours, also where its rows have changed since."""

from collections.abc import Sequence

import pytest

from shared.adapters.memory_clock import SeededRandom
from shared.adapters.memory_tables import MemoryTables
from shared.domain.errors import Changed, Exists, Unavailable
from shared.ports import Delete, Insert, Operation, Replace, Row
from shared.service import store

TABLE = store.RECORDS
RECORD, ENDPOINT = Row(partition="p", key="d-1"), Row(partition="p", key="e-1")


class Lost(MemoryTables):
    """The answer to the first commit is lost; others write before its sender looks."""

    def __init__(self, error: Exception, meanwhile: Sequence[str] = ()) -> None:
        super().__init__()
        self._error: Exception | None = error
        self._meanwhile = meanwhile

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        etags = super().commit(table, operations)
        if self._error is None:
            return etags
        error, self._error = self._error, None
        for key in self._meanwhile:
            row = self.get(table, "p", key)
            assert row is not None
            super().commit(table, [Replace(Row(partition="p", key=key, etag=row.etag))])
        raise error


@pytest.mark.parametrize("error", [Unavailable("no answer"), Exists("its own first try")])
@pytest.mark.parametrize("changed", [[], ["e-1"], ["d-1"]])
def test_one_row_with_the_nonce_proves_that_all_have_landed(
    error: Exception, changed: list[str]
) -> None:
    tables = Lost(error, changed)

    etags = store.commit(tables, SeededRandom(), TABLE, [Insert(RECORD), Insert(ENDPOINT)])

    for row, etag in zip((RECORD, ENDPOINT), etags, strict=True):
        there = tables.get(TABLE, "p", row.key)
        assert there
        assert (there.etag == etag) is (row.key not in changed)


def test_with_the_etag_of_a_row_that_has_changed_since_nothing_can_be_written() -> None:
    tables = Lost(Unavailable("no answer"), ["e-1"])
    tables._error, lost = None, tables._error
    first = store.insert(tables, SeededRandom(1), TABLE, ENDPOINT)
    tables._error = lost

    seen = Row(partition="p", key="e-1", etag=first)
    _, etag = store.commit(tables, SeededRandom(2), TABLE, [Insert(RECORD), Replace(seen)])

    with pytest.raises(Changed):
        tables.commit(TABLE, [Replace(Row(partition="p", key="e-1", etag=etag))])


def test_where_no_row_has_the_nonce_it_was_not_this_write() -> None:
    tables = Lost(Exists("somebody's"), ["d-1", "e-1"])

    with pytest.raises(Exists):
        store.commit(tables, SeededRandom(), TABLE, [Insert(RECORD), Insert(ENDPOINT)])


def test_a_removal_has_landed_where_nothing_is_left() -> None:
    tables = Lost(Unavailable("no answer"))
    tables._error, lost = None, tables._error
    etag = store.insert(tables, SeededRandom(1), TABLE, RECORD)
    tables._error = lost

    removed = Delete(Row(partition="p", key="d-1", etag=etag))

    assert store.commit(tables, SeededRandom(2), TABLE, [removed]) == [""]
