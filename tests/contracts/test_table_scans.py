"""How rows are listed: order, bounds, pages and selection, in memory and on Azurite alike."""

import pytest

from shared.adapters.system import SystemRandom
from shared.ports import Insert, Tables
from tests.contracts import table_twins
from tests.contracts.table_twins import row


@pytest.fixture(params=["memory", "azurite"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return table_twins.open_twin(request)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


def insert(tables: Tables, table: str, *keys: str, partition: str = "p") -> None:
    tables.commit(table, [Insert(row(key, partition=partition, n=1)) for key in keys])


def keys(tables: Tables, table: str, partition: str | None = "p", **bounds: str) -> list[str]:
    return [found.key for found in tables.scan(table, partition, **bounds)]


def test_a_scan_gives_keys_in_order_between_first_and_last(tables: Tables, table: str) -> None:
    insert(tables, table, "b", "a~", "a", "B", "c", "ab", "10", "9", "a-1", "ä")
    insert(tables, table, "a", partition="other")
    ordered = ["10", "9", "B", "a", "a-1", "ab", "a~", "b", "c", "ä"]
    assert keys(tables, table) == ordered
    assert keys(tables, table, first="a", last="b") == ["a", "a-1", "ab", "a~"]
    assert keys(tables, table, first="b") == ["b", "c", "ä"]
    assert keys(tables, table, last="a") == ["10", "9", "B"]
    assert keys(tables, table, first="x", last="a") == []


def test_a_scan_of_all_partitions_is_ordered_by_partition_then_key(
    tables: Tables, table: str
) -> None:
    for partition in ("q", "p", "r"):
        insert(tables, table, "2", "1", "3", partition=partition)
    found = [(each.partition, each.key) for each in tables.scan(table, None, first="2")]
    assert found == [(partition, key) for partition in "pqr" for key in "23"]


def test_a_scan_of_all_partitions_may_begin_at_a_later_one(tables: Tables, table: str) -> None:
    for partition in ("2026", "a", "B", "churn", "~tag"):
        insert(tables, table, "1", "2", partition=partition)
    found = tables.scan(table, None, first="2", since="a")
    assert [each.partition for each in found] == ["a", "churn", "~tag"]


def test_a_scan_goes_past_a_page_without_loss_or_repetition(tables: Tables, table: str) -> None:
    names = [f"{number:05d}" for number in range(1100)]
    shuffled = sorted(names, key=lambda name: int(name) * 7919 % 1009)
    for start in range(0, len(names), 100):
        insert(tables, table, *shuffled[start : start + 100])
    assert keys(tables, table) == names
    assert keys(tables, table, None) == names


def test_a_scan_reads_only_the_properties_selected(tables: Tables, table: str) -> None:
    etags = tables.commit(table, [Insert(row("a", n=1, m=2, text="x")), Insert(row("b", m=3))])
    assert list(tables.scan(table, "p", select=["n", "text"])) == [
        row("a", n=1, text="x", etag=etags[0]),
        row("b", etag=etags[1]),
    ]


def test_a_scan_bound_is_a_value_never_a_part_of_the_query(tables: Tables, table: str) -> None:
    insert(tables, table, "a", "b")
    assert keys(tables, table, first="x' or RowKey ge '", last="z") == []
    assert list(tables.scan(table, "p' or PartitionKey ge 'p")) == []
    assert keys(tables, table, first="@last @first or", last="b") == ["a"]
