"""What `shared.ports.Tables` promises, held by memory and by Azure Tables on Azurite alike."""

import threading
from collections.abc import Callable, Mapping

import pytest

from local.azurite import Azurite
from shared.adapters import azure_tables, memory_tables, storage_account
from shared.adapters.memory_clock import SeededRandom
from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.codec import Value
from shared.domain.errors import Changed, Exists, Missing, StoreError
from shared.ports import Delete, Insert, Operation, Replace, Row, Tables


@pytest.fixture(params=["memory", "azurite"])
def tables(request: pytest.FixtureRequest) -> Tables:
    if request.param == "memory":
        return memory_tables.MemoryTables()
    azurite: Azurite = request.getfixturevalue("azurite")
    account = storage_account.from_connection_string(azurite.connection_string)
    return azure_tables.AzureTables(account)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


def row(key: str = "k", *, partition: str = "p", etag: str = "", **values: Value) -> Row:
    return Row(partition=partition, key=key, values=values, etag=etag)


def holding(values: Mapping[str, Value], key: str = "k", etag: str = "") -> Row:
    return Row(partition="p", key=key, values=values, etag=etag)


def insert(tables: Tables, table: str, *keys: str, partition: str = "p") -> None:
    tables.commit(table, [Insert(row(key, partition=partition, n=1)) for key in keys])


def keys(tables: Tables, table: str, partition: str | None = "p", **bounds: str) -> list[str]:
    return [found.key for found in tables.scan(table, partition, **bounds)]


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
    assert len(keys(tables, table)) == 100


def test_a_row_of_nearly_a_mebibyte_is_taken(tables: Tables, table: str) -> None:
    values = {f"p{number}": "x" * 32_000 for number in range(16)}
    tables.commit(table, [Insert(holding(values))])
    found = tables.get(table, "p", "k")
    assert found
    assert found.values == values


REFUSED = {
    "no operation": [],
    "101 operations": [Insert(row(f"{number}")) for number in range(101)],
    "two partitions": [Insert(row("a")), Insert(row("a", partition="q"))],
    "one row twice": [Insert(row("a")), Delete(row("a", etag="x"))],
    "a replacement without etag": [Replace(row())],
    "an etag of two lines": [Replace(row(etag='W/"1"\r\nX: y'))],
    "a delete without etag": [Insert(row("a")), Delete(row("b"))],
    "more than 1 MiB in a row": [Insert(holding({f"p{n}": "x" * 32_000 for n in range(17)}))],
    "more than 4 MiB in all": [
        Insert(holding({f"p{n}": "x" * 32_000 for n in range(15)}, f"{key}")) for key in range(10)
    ],
    "253 properties": [Insert(holding({f"p{n}": 1 for n in range(253)}))],
    "a text of more than 32K": [Insert(row(text="x" * (limits.MAX_TEXT_UNITS + 1)))],
    "a text of more than 32K in UTF-16": [
        Insert(row(text="😀" * (limits.MAX_TEXT_UNITS // 2 + 1)))
    ],
    "an integer beyond 64 bits": [Insert(row(n=2**63))],
    "half a character": [Insert(row(text="\ud800"))],
    "a property that is no name": [Insert(Row(partition="p", key="k", values={"a-b": 1}))],
    "a property the service owns": [Insert(Row(partition="p", key="k", values={"Timestamp": 1}))],
    "a long key": [Insert(row("x" * 513))],
    "no key": [Insert(row(""))],
} | {f"key with {bad!r}": [Insert(row(f"a{bad}b"))] for bad in "/\\#?%'\x00\n\x7f\x9f"}


@pytest.mark.parametrize("operations", REFUSED.values(), ids=REFUSED.keys())
def test_what_table_storage_refuses_is_refused_and_nothing_is_written(
    tables: Tables, table: str, operations: list[Insert | Replace | Delete]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        tables.commit(table, operations)
    assert list(tables.scan(table, None)) == []


@pytest.mark.parametrize("value", [None, b"x", ["x"], {"x": 1}, pytest.importorskip])
def test_only_plain_values_are_taken(tables: Tables, table: str, value: Value) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        tables.commit(table, [Insert(row(x=value))])


@pytest.mark.parametrize("name", ["ab", "1abc", "with-dash", "x" * 64, ""])
def test_a_table_with_an_impossible_name_is_refused(tables: Tables, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        tables.get(name, "p", "k")
    with pytest.raises(ValueError, match="cannot be named"):
        tables.scan(name, "p")
    with pytest.raises(ValueError, match="cannot be named"):
        tables.commit(name, [Insert(row())])


def test_changing_a_row_that_was_read_does_not_change_the_table(tables: Tables, table: str) -> None:
    values: dict[str, Value] = {"n": 1}
    tables.commit(table, [Insert(Row(partition="p", key="k", values=values))])
    values["n"] = 2
    found = tables.get(table, "p", "k")
    assert found
    assert found.values == {"n": 1}


def test_chance_with_a_seed_repeats_and_never_gives_a_nonce_twice() -> None:
    one, other = SeededRandom(7), SeededRandom(7)
    nonces = [one.nonce() for _ in range(1000)]
    assert nonces == [other.nonce() for _ in range(1000)]
    assert len(set(nonces)) == 1000
    assert all(1 <= one.jump() <= 1000 and 0 <= one.jitter() < 1 for _ in range(1000))
