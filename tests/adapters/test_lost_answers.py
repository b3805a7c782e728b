"""Every write whose answer is lost, doubled or never sent, through the real SDK: done once, and known to be.

The writes go by the service's own calls (`store.commit`, `hints`, `content`), which know what to do about it.
"""

import io
from collections.abc import Callable, Sequence

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from local.azurite import Azurite
from shared.adapters import azure_blobs
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.azure_tables import AzureTables
from shared.adapters.system import SystemRandom
from shared.domain.errors import Changed, Exists, Missing, Unavailable
from shared.ports import Delete, Insert, Operation, Replace, Row
from shared.service import store
from shared.service.catalogue import content
from tests.adapters import storage_faults as faults
from tests.adapters.storage_faults import Fault, Faulty

FAULTS: dict[str, Fault] = {
    "the answer is lost": faults.lost_answer,
    "the connection breaks before the answer": faults.broken_line,
    "it is sent twice on the way": faults.doubled,
    "it never arrives": faults.no_connection,
    "the service is too busy": faults.answer(503, x_ms_error_code="ServerBusy"),
    "the service fails": faults.answer(500, x_ms_error_code="InternalError"),
    "the answer is cut": faults.garbled(b'{"odata'),
}
Write = Callable[[Row, Row], list[Operation]]


def row(key: str, etag: str = "", **values: int) -> Row:
    return Row(partition="p", key=key, values=values, etag=etag)


WRITES: dict[str, Write] = {
    "insert": lambda _a, _b: [Insert(row("new", n=2))],
    "replace": lambda a, _b: [Replace(row("a", a.etag, n=2))],
    "delete": lambda a, _b: [Delete(a)],
    "transaction": lambda a, b: [
        Insert(row("new", n=2)),
        Replace(row("a", a.etag, n=2)),
        Delete(b),
    ],
}


@pytest.fixture
def faulty(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return faults.connect(azurite, monkeypatch)


@pytest.fixture
def tables(faulty: Faulty) -> AzureTables:
    return AzureTables(faulty.account)


@pytest.fixture
def table() -> str:
    return "t" + SystemRandom().nonce()


def two_rows(tables: AzureTables, table: str) -> tuple[Row, Row]:
    for key in "ab":
        store.insert(tables, SystemRandom(), table, row(key, n=1))
    a, b = tables.scan(table, "p")
    return a, b


def state(tables: AzureTables, table: str) -> dict[str, tuple[object, str]]:
    return {each.key: (each.values["n"], each.etag) for each in tables.scan(table, "p")}


def after(before: Sequence[Row], operations: Sequence[Operation]) -> dict[str, object]:
    expected: dict[str, object] = {each.key: each.values["n"] for each in before}
    for each in operations:
        if isinstance(each, Delete):
            del expected[each.row.key]
        else:
            expected[each.row.key] = each.row.values["n"]
    return expected


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_succeeds_once_over_any_single_fault(
    faulty: Faulty, tables: AzureTables, table: str, write: Write, fault: Fault
) -> None:
    rows = two_rows(tables, table)
    operations = write(*rows)
    with faulty.meeting(fault):
        etags = store.commit(tables, SystemRandom(), table, operations)
    found = state(tables, table)
    assert {key: n for key, (n, _) in found.items()} == after(rows, operations)
    assert etags == [
        "" if isinstance(each, Delete) else found[each.row.key][1] for each in operations
    ]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_that_never_arrives_twice_is_unavailable_and_not_done(
    faulty: Faulty, tables: AzureTables, table: str, write: Write
) -> None:
    operations = write(*two_rows(tables, table))
    before = state(tables, table)

    def only_writes(line: faults.Line, request: object, send: faults.Send) -> object:
        if getattr(request, "method", "") == "GET":
            return send()
        return faults.no_connection(line, request, send)  # type: ignore[arg-type]

    faulty.line.faults = [only_writes] * 50  # type: ignore[list-item]
    with pytest.raises(Unavailable):
        store.commit(tables, SystemRandom(), table, operations)
    faulty.line.faults = []
    assert state(tables, table) == before


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.doubled, faults.no_connection])
def test_a_real_conflict_stays_one_over_a_fault(
    faulty: Faulty, tables: AzureTables, table: str, fault: Fault
) -> None:
    a, _ = two_rows(tables, table)
    store.save(tables, SystemRandom(), table, row("a", a.etag, n=7))
    conflicts: list[tuple[Operation, type[Exception]]] = [
        (Insert(row("a", n=2)), Exists),
        (Replace(row("a", a.etag, n=2)), Changed),
        (Delete(a), Changed),
        (Replace(row("gone", a.etag, n=2)), Missing),
    ]
    for operation, error in conflicts:
        with faulty.meeting(fault), pytest.raises(error):
            store.commit(tables, SystemRandom(), table, [operation])
    assert state(tables, table)["a"][0] == 7


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.doubled, faults.no_connection])
def test_a_removal_whose_answer_is_lost_is_done_when_it_is_asked_for_again(
    faulty: Faulty, tables: AzureTables, table: str, fault: Fault
) -> None:
    a, _ = two_rows(tables, table)
    with faulty.meeting(fault):
        try:
            done = store.remove(tables, table, a)
        except Unavailable:
            done = store.remove(tables, table, a)
    assert done
    assert list(state(tables, table)) == ["b"]


@pytest.mark.parametrize(
    ("fault", "messages"),
    [(faults.lost_answer, 2), (faults.broken_line, 2), (faults.no_connection, 1)],
)
def test_a_message_comes_at_least_once(
    azurite: Azurite, faulty: Faulty, fault: Fault, messages: int
) -> None:
    name = "q-" + SystemRandom().nonce()
    queue = AzureQueue(faulty.account)
    queue.send(name, "first")
    with faulty.meeting(fault):
        queue.send(name, "second")
    with QueueClient.from_connection_string(
        azurite.connection_string, name, message_decode_policy=TextBase64DecodePolicy()
    ) as client:
        seen = [each.content for each in client.peek_messages(10)]
    assert seen == ["first", *["second"] * messages]


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.broken_line, faults.no_connection])
def test_a_blob_is_there_whole_over_a_fault(faulty: Faulty, fault: Fault) -> None:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    blobs.put("first", b"")
    with faulty.meeting(fault):
        content.ensure_blob(blobs, "second", io.BytesIO(b"content"))
    with blobs.open("second") as file:
        assert file.read() == b"content"


def test_a_long_blob_is_there_whole_whichever_of_its_blocks_is_lost(faulty: Faulty) -> None:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    blobs.put("first", b"")
    data = bytes(range(256)) * (azure_blobs.BLOCK_BYTES // 256) + b"the end"
    for number, fault in enumerate((faults.lost_answer, faults.broken_line, faults.lost_answer)):
        with faulty.meeting(*[faults.relabelled()] * number, fault) as sent:
            content.ensure_blob(blobs, f"k{number}", io.BytesIO(data))
        assert sent.count("PUT") == 4  # two blocks and their list, one of the three twice
        assert blobs.size(f"k{number}") == len(data)
    with blobs.open("k0") as file:
        assert file.read() == data


def test_an_upload_that_breaks_off_leaves_nothing_and_is_whole_the_next_time(
    faulty: Faulty,
) -> None:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    blobs.put("first", b"")
    data = bytes(azure_blobs.BLOCK_BYTES) + b"the end"
    away = faults.no_connection
    with faulty.meeting(faults.relabelled(), away, away), pytest.raises(Unavailable):
        content.ensure_blob(blobs, "key", io.BytesIO(data))
    assert blobs.size("key") is None
    content.ensure_blob(blobs, "key", io.BytesIO(data))
    assert blobs.size("key") == len(data)


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.broken_line, faults.no_connection])
def test_a_copy_is_made_over_a_fault(faulty: Faulty, fault: Fault) -> None:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    blobs.put("first", b"content")
    with faulty.meeting(fault):
        blobs.copy("first", "second")
    with blobs.open("second") as file:
        assert file.read() == b"content"
