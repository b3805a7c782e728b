"""How long storage in trouble can keep a call, a request and a transfer waiting: on real sockets.

Most limits are a tenth of the shipped ones here; one request meets the shipped ones.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from local import azurite as storage
from local.azurite import Azurite
from shared import patience
from shared.adapters import storage_account, storage_session
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.model_reader import ProcessModelReader
from shared.adapters.storage_account import StorageAccount
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.errors import Unavailable
from shared.ports import Insert, Ports, Row
from tests.adapters import troubled_lines
from tests.adapters.troubled_lines import Meets
from tests.api.serving import PROBLEM, Server

CALLS: dict[str, Callable[[StorageAccount], object]] = {
    "a row is read": lambda account: AzureTables(account).get("claims", "p", "k"),
    "rows are listed": lambda account: list(AzureTables(account).scan("claims", "p")),
    "a row is written": lambda account: AzureTables(account).commit(
        "claims", [Insert(Row(partition="p", key="k"))]
    ),
    "a message is sent": lambda account: AzureQueue(account).send("jobs", "x"),
    "a blob is written": lambda account: AzureBlobs(account, "models").put("k", b"x"),
    "a long blob is written": lambda account: AzureBlobs(account, "models").put(
        "k", bytes(9_000_000)
    ),
    "a blob is looked at": lambda account: AzureBlobs(account, "models").size("k"),
}


def account_at(port: int) -> StorageAccount:
    return storage_account.from_connection_string(
        storage.connection_string(dict.fromkeys(storage.SERVICES, port))
    )


def ports_of(account: StorageAccount) -> Ports:
    clock = SystemClock()
    return Ports(
        clock=clock,
        random=SystemRandom(),
        tables=AzureTables(account),
        queue=AzureQueue(account),
        blobs=AzureBlobs(account, "models"),
        artifacts=AzureBlobs(account, "models"),
        reader=ProcessModelReader(),
        view=MemoryCloud(clock.now),
    )


@pytest.fixture
def _tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_session, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(storage_session, "READ_SECONDS", 0.6)
    monkeypatch.setattr(patience, "HTTP_SECONDS", 0.8)


@pytest.fixture
def line(azurite: Azurite) -> Iterator[troubled_lines.Line]:
    line = troubled_lines.Line(azurite)
    yield line
    line.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with asyncio.Runner() as runner:
        yield Server(runner)


@pytest.mark.usefixtures("_tenth")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_call_to_a_storage_that_never_answers_ends(
    call: Callable[[StorageAccount], object],
) -> None:
    with troubled_lines.silent() as port:
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            call(account_at(port))
    assert time.monotonic() - begin < 2 * 0.6 + 0.4 + 1


@pytest.mark.usefixtures("_tenth")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_call_to_a_storage_that_cannot_be_reached_ends(
    call: Callable[[StorageAccount], object],
) -> None:
    with troubled_lines.unreachable() as port:
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            call(account_at(port))
    assert time.monotonic() - begin < 2 * 0.2 + 0.4 + 1


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_refused_connection_is_told_within_two_seconds(
    call: Callable[[StorageAccount], object],
) -> None:
    with troubled_lines.silent() as port:
        pass  # nobody listens there any more
    begin = time.monotonic()
    with pytest.raises(Unavailable):
        call(account_at(port))
    assert time.monotonic() - begin < 2


def test_a_blob_may_take_longer_to_send_than_a_piece_of_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storage_session, "CONNECT_SECONDS", 0.2)
    with troubled_lines.slow_reader(pieces=50, pause=0.03) as (port, taken):
        begin = time.monotonic()
        AzureBlobs(account_at(port), "models").put("k", bytes(4_000_000))
    assert time.monotonic() - begin > 1
    assert taken == [4_000_000]


@pytest.mark.usefixtures("_tenth")
def test_waits_that_end_with_an_answer_cost_no_patience(azurite: Azurite) -> None:
    account = storage_account.from_connection_string(azurite.connection_string)
    blobs = AzureBlobs(account, "c-" + SystemRandom().nonce())
    with patience.limited(0.5):
        blobs.put("k", bytes(9_000_000))
        with blobs.open("k") as file:
            assert len(file.read()) == 9_000_000
        assert patience.left() == 0.5


@pytest.mark.usefixtures("_tenth")
def test_calls_of_one_request_share_its_patience() -> None:
    with troubled_lines.silent() as port:
        tables = AzureTables(account_at(port))
        with patience.limited(0.3):
            begin = time.monotonic()
            for _ in range(20):
                with pytest.raises(Unavailable):
                    tables.get("claims", "p", "k")
            assert time.monotonic() - begin < 1.5
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            tables.get("claims", "p", "k")
        assert time.monotonic() - begin > 1  # another caller's is its own


def test_a_request_is_answered_503_within_ten_seconds_where_storage_never_answers(
    server: Server,
) -> None:
    with troubled_lines.silent() as port:
        server.use(ports_of(account_at(port)))
        begin = time.monotonic()
        answer = server.send_deploy("model-1-1763490543100000")
        taken = time.monotonic() - begin
    assert taken < 10
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == "storage_unavailable"


@pytest.mark.usefixtures("_tenth")
@pytest.mark.parametrize("number", range(1, 6))
def test_storage_that_falls_silent_in_the_middle_of_a_request_gives_503_as_soon(
    server: Server, line: troubled_lines.Line, number: int
) -> None:
    """The model, the id's claim, the index entry, the name's claim, the admission."""
    server.use(ports_of(storage_account.from_connection_string(line.connection_string)))
    model = server.upload()
    server.deploy(model)
    line.plan("table", *[Meets.NOTHING] * (number - 1), *[Meets.SILENCE] * 20)
    begin = time.monotonic()
    answer = server.send_deploy(model)
    assert time.monotonic() - begin < 2.5
    assert answer.status_code == 503


@pytest.mark.usefixtures("_tenth")
def test_a_silent_queue_does_not_undo_an_acceptance(
    server: Server, line: troubled_lines.Line
) -> None:
    server.use(ports_of(storage_account.from_connection_string(line.connection_string)))
    model = server.upload()
    line.always("queue", Meets.SILENCE)
    begin = time.monotonic()
    answer = server.send_deploy(model)
    assert time.monotonic() - begin < 2.5
    assert answer.status_code == 202


@pytest.mark.parametrize("service", storage.SERVICES)
def test_one_broken_connection_fails_no_request(
    server: Server, line: troubled_lines.Line, service: str
) -> None:
    server.use(ports_of(storage_account.from_connection_string(line.connection_string)))
    model = server.upload()
    for number in range(3):
        line.plan(service, *[Meets.NOTHING] * number, Meets.LOST_ANSWER)
        assert server.send_model(user=f"user-{number}").status_code == 201
    for number in range(6):
        line.plan(service, *[Meets.NOTHING] * number, Meets.LOST_ANSWER)
        assert server.send_deploy(model).status_code == 202
