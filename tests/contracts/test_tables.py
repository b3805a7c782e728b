"""What `shared.ports.Tables` promises, held by memory and by Azure Tables on Azurite alike."""

import threading
from collections.abc import Callable

import pytest

from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.codec import Value
from shared.domain.errors import Changed, Exists, Missing, StoreError
from shared.ports import Delete, Insert, Operation, Replace, Row, Tables
from tests.contracts import table_twins
from tests.contracts.table_twins import holding, row


@pytest.fixture(params=["memory", "azurite"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return table_twins.open_twin(request)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


def insert(tables: Tables, table: str, *keys: str, partition: str = "p") -> None:
    tables.commit(table, [Insert(row(key, partition=partition, n=1)) for key in keys])


VALUES: dict[str, Value] = {
    "text": "ü € 😀 \"quotes\" 'and' \\ \n\t",
    "empty": "",
    "small": -(2**31),
    "large": 2**31,
    "largest": 2**63 - 1,
    "zero": 0,
    "whole_float": 3.0,
    "float": -2.5e-300,
    "infinite": float("inf"),
    "yes": True,
    "no": False,
    "looks_like_a_time": "2026-01-01T00:00:00Z",
    "longest": "x" * limits.MAX_TEXT_UNITS,
}


def test_a_row_reads_back_as_written_with_every_kind_of_value(tables: Tables, table: str) -> None:
    [etag] = tables.commit(table, [Insert(holding(VALUES))])
    found = tables.get(table, "p", "k")
    assert found == holding(VALUES, etag=etag)
    assert {name: type(value) for name, value in found.values.items()} == {
        name: type(value) for name, value in VALUES.items()
    }


def test_a_transaction_reads_back_like_single_writes(tables: Tables, table: str) -> None:
    etags = tables.commit(table, [Insert(holding(VALUES, "a")), Insert(row("b"))])
    assert list(tables.scan(table, "p")) == [
        holding(VALUES, "a", etags[0]),
        row("b", etag=etags[1]),
    ]


def test_nothing_is_found_where_no_table_is_yet(tables: Tables, table: str) -> None:
    assert tables.get(table, "p", "k") is None
    assert list(tables.scan(table, "p")) == []
    assert list(tables.scan(table, None)) == []


def test_nothing_is_found_where_no_row_is(tables: Tables, table: str) -> None:
    insert(tables, table, "a")
    assert tables.get(table, "p", "b") is None
    assert tables.get(table, "q", "a") is None


@pytest.mark.parametrize("others", [0, 1])
def test_the_first_write_makes_the_table(tables: Tables, table: str, others: int) -> None:
    insert(tables, table, "a", *["b"] * others)
    assert tables.get(table, "p", "a") is not None


def test_a_present_row_is_not_inserted_again(tables: Tables, table: str) -> None:
    tables.commit(table, [Insert(row(n=1))])
    with pytest.raises(Exists):
        tables.commit(table, [Insert(row(n=2))])
    found = tables.get(table, "p", "k")
    assert found
    assert found.values == {"n": 1}


def test_a_replacement_takes_the_place_of_all_properties(tables: Tables, table: str) -> None:
    [first] = tables.commit(table, [Insert(row(a=1, b=2))])
    [second] = tables.commit(table, [Replace(row(b=3, etag=first))])
    assert second != first
    assert tables.get(table, "p", "k") == row(b=3, etag=second)


@pytest.mark.parametrize("change", [Replace, Delete])
def test_an_older_version_changes_nothing(
    tables: Tables, table: str, change: Callable[[Row], Replace | Delete]
) -> None:
    [old] = tables.commit(table, [Insert(row(n=1))])
    [new] = tables.commit(table, [Replace(row(n=2, etag=old))])
    with pytest.raises(Changed):
        tables.commit(table, [change(row(n=3, etag=old))])
    assert tables.get(table, "p", "k") == row(n=2, etag=new)


@pytest.mark.parametrize("change", [Replace, Delete])
@pytest.mark.parametrize("has_table", [True, False])
def test_a_change_of_no_row_is_missing(
    tables: Tables, table: str, change: Callable[[Row], Replace | Delete], has_table: bool
) -> None:
    [etag] = tables.commit(table + "x", [Insert(row())])
    if has_table:
        insert(tables, table, "other")
    with pytest.raises(Missing):
        tables.commit(table, [change(row(etag=etag))])


def test_a_deleted_row_is_gone_and_can_be_inserted_anew(tables: Tables, table: str) -> None:
    [old] = tables.commit(table, [Insert(row(n=1))])
    assert tables.commit(table, [Delete(row(etag=old))]) == [""]
    assert tables.get(table, "p", "k") is None
    [new] = tables.commit(table, [Insert(row(n=1))])
    with pytest.raises(Changed):
        tables.commit(table, [Delete(row(etag=old))])
    assert new != old


def test_a_transaction_inserts_replaces_and_deletes_at_once(tables: Tables, table: str) -> None:
    kept, gone = tables.commit(table, [Insert(row("kept", n=1)), Insert(row("gone"))])
    etags = tables.commit(
        table,
        [
            Delete(row("gone", etag=gone)),
            Insert(row("new", n=3)),
            Replace(row("kept", n=2, etag=kept)),
        ],
    )
    assert etags[0] == ""
    assert list(tables.scan(table, "p")) == [
        row("kept", n=2, etag=etags[2]),
        row("new", n=3, etag=etags[1]),
    ]


@pytest.mark.parametrize("failing", ["insert", "replace", "delete", "replace_none", "delete_none"])
def test_a_transaction_with_one_failing_operation_does_nothing(
    tables: Tables, table: str, failing: str
) -> None:
    [old] = tables.commit(table, [Insert(row("there", n=1))])
    [now] = tables.commit(table, [Replace(row("there", n=2, etag=old))])
    cases: dict[str, tuple[Operation, type[StoreError]]] = {
        "insert": (Insert(row("there", n=9)), Exists),
        "replace": (Replace(row("there", n=9, etag=old)), Changed),
        "delete": (Delete(row("there", etag=old)), Changed),
        "replace_none": (Replace(row("absent", n=9, etag=old)), Missing),
        "delete_none": (Delete(row("absent", etag=old)), Missing),
    }
    operation, error = cases[failing]
    with pytest.raises(error):
        tables.commit(table, [Insert(row("before")), operation, Insert(row("after"))])
    assert list(tables.scan(table, "p")) == [row("there", n=2, etag=now)]


def test_of_many_writers_of_one_version_one_wins(tables: Tables, table: str) -> None:
    [etag] = tables.commit(table, [Insert(row(n=0))])
    won: list[int] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            tables.commit(table, [Replace(row(n=number, etag=etag))])
        except Changed:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = tables.get(table, "p", "k")
    assert found
    assert [found.values["n"]] == won


def test_of_many_inserts_of_one_row_one_wins_even_where_the_table_is_new(
    tables: Tables, table: str
) -> None:
    won: list[int] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            tables.commit(table, [Insert(row(n=number))])
        except Exists:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_hundred_rows_go_in_one_transaction(tables: Tables, table: str) -> None:
    insert(tables, table, *[f"{number:03d}" for number in range(100)])
    assert len(list(tables.scan(table, "p"))) == 100


def test_a_row_of_nearly_a_mebibyte_is_taken(tables: Tables, table: str) -> None:
    values = {f"p{number}": "x" * 32_000 for number in range(16)}
    tables.commit(table, [Insert(holding(values))])
    found = tables.get(table, "p", "k")
    assert found
    assert found.values == values


def test_changing_a_row_that_was_read_does_not_change_the_table(tables: Tables, table: str) -> None:
    values: dict[str, Value] = {"n": 1}
    tables.commit(table, [Insert(Row(partition="p", key="k", values=values))])
    values["n"] = 2
    found = tables.get(table, "p", "k")
    assert found
    assert found.values == {"n": 1}
