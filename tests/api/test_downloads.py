"""The bytes of an artifact over HTTP: whole, in ranges, by a link; never half of them as if they were all."""

import io
import threading
from dataclasses import replace
from typing import Any, BinaryIO

import httpx
import pytest

from shared.domain.errors import Unavailable
from shared.ports import Link
from shared.service.catalogue.content import content_key
from tests.api.serving import Server, problem_of

CONTENT = bytes(range(256)) * 40


def stored(server: Server, content: bytes = CONTENT, filename: str = "iris.csv") -> dict[str, Any]:
    answer = server.post(
        "/artifacts/dataset", data={"name": "iris"}, files={"file": (filename, content)}
    )
    shown: dict[str, Any] = answer.raise_for_status().json()
    return shown


def test_the_whole_comes_with_its_digest_and_cannot_be_taken_for_a_page(server: Server) -> None:
    shown = stored(server)
    answer = server.get(shown["content"])

    assert (answer.status_code, answer.content) == (200, CONTENT)
    told = answer.headers
    assert told["etag"] == f'"{shown["sha256"]}"'
    assert told["content-length"] == str(len(CONTENT))
    assert told["content-type"] == "application/octet-stream"
    assert told["x-content-type-options"] == "nosniff"
    assert told["accept-ranges"] == "bytes"
    assert told["content-disposition"].startswith('attachment; filename="iris.csv"')


def test_an_empty_file_is_a_file(server: Server) -> None:
    answer = server.get(stored(server, b"")["content"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=10200-", 10200, 10239),
        ("bytes=-5", 10235, 10239),
        ("bytes=10-99999999", 10, 10239),
    ],
)
def test_a_range_is_that_range(server: Server, asked: str, first: int, last: int) -> None:
    answer = server.get(stored(server)["content"], headers={"range": asked})

    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=0-10239", "x"],
)
def test_what_is_no_single_range_is_answered_with_the_whole(server: Server, asked: str) -> None:
    answer = server.get(stored(server)["content"], headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(server: Server, asked: str) -> None:
    answer = server.get(stored(server)["content"], headers={"range": asked})
    assert problem_of(answer, 416)["code"] == "range_not_satisfiable"
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_range_of_another_version_is_answered_with_the_whole(server: Server) -> None:
    shown = stored(server)
    for version, status in (('"other"', 200), (f'"{shown["sha256"]}"', 206)):
        headers = {"range": "bytes=0-9", "if-range": version}
        assert server.get(shown["content"], headers=headers).status_code == status


def test_what_the_caller_has_is_not_sent_again(server: Server) -> None:
    shown = stored(server)
    headers = {"if-none-match": f'"{shown["sha256"]}"'}
    answer = server.get(shown["content"], headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")


def test_head_tells_all_of_it_and_reads_nothing(server: Server) -> None:
    shown = stored(server)
    told = server.get(shown["content"]).headers
    server.use(replace(server.ports, artifacts=_Closed(server.blobs)))

    answer = server.send("HEAD", shown["content"])

    assert (answer.status_code, answer.content, answer.headers) == (200, b"", told)


class _Closed:
    """A store whose contents cannot be opened."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        assert name != "open"
        return getattr(self._real, name)


@pytest.mark.parametrize(
    ("filename", "plain"),
    [
        ("a b.csv", "a b.csv"),
        ('x".csv', "x_22.csv"),
        ("ü%.csv", "__.csv"),
        ("", "dataset-1-"),
        ("../a.csv", ".._a.csv"),
    ],
)
def test_a_file_name_cannot_leave_its_header(server: Server, filename: str, plain: str) -> None:
    shown = stored(server, filename=filename) if filename else stored(server, filename=" ")
    told = server.get(shown["content"]).headers["content-disposition"]
    assert told.isascii()
    assert told.count('"') == 2
    assert plain in told or not filename
    assert "/" not in told.replace("%2F", "/")


def test_what_is_beyond_the_limit_is_read_from_storage_by_a_link(server: Server) -> None:
    shown = stored(server)
    server.settings = server.settings.model_copy(update={"upload_limit": 1024})
    server.use(replace(server.ports, artifacts=_Linking(server.blobs)))

    answer = server.get(shown["content"])

    assert (answer.status_code, answer.content) == (307, b"")
    where = f"https://storage.example/{content_key(shown['sha256'])}?300"
    assert answer.headers["location"] == where
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


class _Linking(_Closed):
    """A store with addresses of its own, whose contents cannot be opened."""

    def read_link(self, key: str, *, seconds: int) -> Link:
        return Link(method="GET", url=f"https://storage.example/{key}?{seconds}")


def test_a_content_that_is_gone_is_told(server: Server) -> None:
    shown = stored(server)
    server.blobs.remove(content_key(shown["sha256"]))
    assert problem_of(server.get(shown["content"]), 404)["code"] == "content_missing"


class _Breaking(io.BytesIO):
    """A file whose storage stops to answer in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise Unavailable("reading a blob: no answer")
        return super().read(min(size or 0, 100))


class _Broken(_Closed):
    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def open(self, _key: str, *, etag: str = "") -> BinaryIO:
        assert etag
        return _Breaking(CONTENT)


def test_half_of_a_file_is_no_answer(server: Server) -> None:
    shown = stored(server)
    server.use(replace(server.ports, artifacts=_Broken(server.blobs)))
    with pytest.raises(Exception, match=r"response already started|no answer"):
        server.get(shown["content"])


class _Watched(io.BytesIO):
    """A file that notes how much is asked for at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        _Watched.most = max(_Watched.most, size if size and size > 0 else 10**12)
        return super().read(size)


def test_it_is_read_piece_by_piece_and_not_on_the_loop(server: Server) -> None:
    loop_thread: list[int] = []
    read_threads: set[int] = set()

    class Slow(_Watched):
        def read(self, size: int | None = -1, /) -> bytes:
            read_threads.add(threading.get_ident())
            return super().read(size)

    class Store(_Closed):
        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def open(self, _key: str, *, etag: str = "") -> BinaryIO:
            assert etag
            return Slow(b"x" * 90_000)

    shown = stored(server, b"x" * 90_000)
    server.use(replace(server.ports, artifacts=Store(server.blobs)))

    async def call() -> httpx.Response:
        loop_thread.append(threading.get_ident())
        transport = httpx.ASGITransport(server.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(shown["content"])

    answer = server.runner.run(call())

    assert len(answer.content) == 90_000
    assert _Watched.most <= 256 * 1024
    assert not read_threads & set(loop_thread)
