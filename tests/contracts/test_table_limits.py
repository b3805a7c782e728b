"""What Table Storage refuses, refused alike by memory and by Azure Tables before it is sent."""

import pytest

from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.codec import Value
from shared.ports import Delete, Insert, Replace, Row, Tables
from tests.contracts import table_twins
from tests.contracts.table_twins import holding, row


@pytest.fixture(params=["memory", "azurite"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return table_twins.open_twin(request)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


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
