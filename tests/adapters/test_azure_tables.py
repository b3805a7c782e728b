"""Azure Tables where the line loses, refuses or garbles answers."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.adapters.system import SystemRandom
from shared.domain.errors import Changed, Exists, Missing, StoreError, Unavailable
from shared.ports import Delete, Insert, Operation, Replace, Row
from tests.adapters import storage_faults as faults
from tests.adapters.storage_faults import Fault, Faulty


@pytest.fixture
def faulty(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return faults.connect(azurite, monkeypatch)


@pytest.fixture
def tables(faulty: Faulty) -> AzureTables:
    return AzureTables(faulty.account)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


def row(key: str, etag: str = "", **values: int) -> Row:
    return Row(partition="p", key=key, values=values, etag=etag)


WRITES: dict[str, Callable[[str], list[Operation]]] = {
    "insert": lambda _: [Insert(row("new"))],
    "replace": lambda etag: [Replace(row("old", etag, n=2))],
    "delete": lambda etag: [Delete(row("old", etag))],
    "transaction": lambda etag: [Insert(row("new")), Replace(row("old", etag, n=2))],
}
UNCLEAR: dict[str, Fault] = {
    "lost answer": faults.lost_answer,
    "broken line": faults.broken_line,
    "429": faults.answer(429, Retry_After="120"),
    "500": faults.answer(500, b'{"odata.error": {"code": "InternalError"}}'),
    "503": faults.answer(503, b'{"odata.error": {"code": "ServerBusy"}}', Retry_After="120"),
    "a table that is going away": faults.answer(409, x_ms_error_code="TableBeingDeleted"),
    "not JSON": faults.garbled(b"<html>Welcome to the hotel</html>"),
    "no body": faults.garbled(b""),
    "a list": faults.garbled(b"[]"),
    "an empty object": faults.garbled(b"{}"),
    "a text": faults.garbled(b"all is well", "text/plain"),
    "parts without end": faults.garbled(b"--b\r\n\r\n", "multipart/mixed; boundary=b"),
    "no parts": faults.garbled(b"", "multipart/mixed; boundary=b"),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_without_clear_answer_is_sent_once_and_unavailable(
    faulty: Faulty,
    tables: AzureTables,
    table: str,
    write: Callable[[str], list[Operation]],
    fault: Fault,
) -> None:
    [etag] = tables.commit(table, [Insert(row("old", n=1))])
    with faulty.meeting(fault) as sent, pytest.raises(Unavailable, match=f"writing {table} p"):
        tables.commit(table, write(etag))
    assert len(sent) == 1


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.broken_line, faults.garbled(b"[]")])
def test_a_write_whose_answer_is_lost_can_be_read_back(
    faulty: Faulty, tables: AzureTables, table: str, fault: Fault
) -> None:
    tables.commit(table, [Insert(row("a"))])
    for number, operations in enumerate(([Insert(row("b", n=0))], [Insert(row("c", n=1))] * 1)):
        with faulty.meeting(fault), pytest.raises(Unavailable):
            tables.commit(table, operations)
        found = tables.get(table, "p", operations[0].row.key)
        assert found
        assert found.values == {"n": number}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_read_without_clear_answer_is_unavailable_after_a_second_try(
    faulty: Faulty, tables: AzureTables, table: str, fault: Fault
) -> None:
    tables.commit(table, [Insert(row("a"))])
    faulty.line.faults = [fault] * 2
    with pytest.raises(Unavailable, match=f"reading {table} p a"):
        tables.get(table, "p", "a")
    faulty.line.faults = [fault] * 2
    with pytest.raises(Unavailable, match=f"listing {table}"):
        list(tables.scan(table, "p"))


@pytest.mark.parametrize("fault", [faults.no_connection, faults.lost_answer, faults.answer(503)])
def test_a_read_is_repeated(faulty: Faulty, tables: AzureTables, table: str, fault: Fault) -> None:
    tables.commit(table, [Insert(row("a", n=1))])
    with faulty.meeting(fault) as sent:
        found = tables.get(table, "p", "a")
    assert found
    assert found.values == {"n": 1}
    assert sent == ["GET"] * 2


def test_a_listing_that_breaks_off_is_no_shorter_listing(
    faulty: Faulty, tables: AzureTables, table: str
) -> None:
    for start in range(0, 1100, 100):
        tables.commit(table, [Insert(row(f"{start + each:05d}")) for each in range(100)])
    broken = faults.answer(404, b'{"odata.error": {"code": "TableNotFound"}}')
    found = tables.scan(table, "p")
    assert next(found).key == "00000"
    with faulty.meeting(broken), pytest.raises(Missing):
        list(found)


def test_pages_are_read_as_they_are_needed(faulty: Faulty, tables: AzureTables, table: str) -> None:
    for start in range(0, 1100, 100):
        tables.commit(table, [Insert(row(f"{start + each:05d}")) for each in range(100)])
    with faulty.meeting() as sent:
        found = tables.scan(table, "p")
        assert sent == []
        next(found)
        assert sent == ["GET"]


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_answer_without_the_services_own_code_proves_nothing_about_rows(
    faulty: Faulty, tables: AzureTables, table: str, status: int
) -> None:
    [etag] = tables.commit(table, [Insert(row("old"))])
    for write in WRITES.values():
        with faulty.meeting(faults.answer(status)), pytest.raises(StoreError) as caught:
            tables.commit(table, write(etag))
        assert not isinstance(caught.value, Exists | Missing | Changed)
    with faulty.meeting(faults.answer(404)), pytest.raises(StoreError):
        tables.get(table, "p", "old")


@pytest.mark.parametrize(("status", "code"), [(403, "AuthorizationFailure"), (400, "InvalidInput")])
def test_a_clear_refusal_is_not_mistaken_for_an_outage(
    faulty: Faulty, tables: AzureTables, table: str, status: int, code: str
) -> None:
    fault = faults.answer(status, b"", x_ms_error_code=code)
    with faulty.meeting(fault), pytest.raises(StoreError, match=f"{status} {code}") as caught:
        tables.commit(table, [Insert(row("a"))])
    assert type(caught.value) is StoreError


def test_the_first_write_into_a_new_table_is_sent_again_once_it_is_made(
    faulty: Faulty, tables: AzureTables, table: str
) -> None:
    with faulty.meeting() as sent:
        tables.commit(table, [Insert(row("a"))])
        tables.commit(table, [Insert(row("b"))])
    assert sent == ["POST"] * 4


def test_a_table_that_somebody_else_made_meanwhile_is_used(
    faulty: Faulty, tables: AzureTables, table: str
) -> None:
    tables.commit(table, [Insert(row("a"))])
    not_yet = faults.answer(404, x_ms_error_code="TableNotFound")
    with faulty.meeting(not_yet) as sent:
        tables.commit(table, [Insert(row("b"))])
    assert sent == ["POST"] * 3
    assert [found.key for found in tables.scan(table, "p")] == ["a", "b"]


def test_each_write_goes_by_the_cheapest_call(
    faulty: Faulty, tables: AzureTables, table: str
) -> None:
    tables.commit(table, [Insert(row("a"))])
    with faulty.meeting() as sent:
        [etag] = tables.commit(table, [Insert(row("b"))])
        tables.commit(table, [Replace(row("b", etag))])
        tables.commit(table, [Insert(row(key)) for key in "cdef"])
    assert sent == ["POST", "PUT", "POST"]


class Identity:
    """A credential such as a managed identity."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(f"token-for-{scopes[0]}", 2**40)


def test_an_identity_opens_every_kind_of_call_by_https() -> None:
    account = storage_account.from_name("store", Identity())
    assert isinstance(account.transport, RequestsTransport)
    assert account.transport.session
    line = faults.Line()
    account.transport.session.mount("https://", line)
    tables = AzureTables(account)
    for operations in ([Insert(row("a"))], [Insert(row("a")), Insert(row("b"))]):
        line.faults = [faults.answer(403)]
        with pytest.raises(StoreError):
            tables.commit("rows", operations)
    assert [(request.url, request.headers["Authorization"]) for request in line.requests] == [
        (
            f"https://store.table.core.windows.net/{path}",
            "Bearer token-for-https://storage.azure.com/.default",
        )
        for path in ("rows", "$batch")
    ]
