"""What `shared.ports.Blobs` promises, held by memory, by Blob Storage on Azurite and by S3 alike."""

import io
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from local.azurite import Azurite
from local.processes import wait_until
from shared.adapters import azure_blobs, memory_blobs, s3_blobs, storage_account
from shared.adapters.s3_client import S3Account
from shared.adapters.system import SystemRandom
from shared.domain.errors import Changed, Exists, Missing
from shared.ports import Blob, Blobs, Link
from tests.s3_server import Server
from tests.signed_links import ends_at

LONG = bytes(range(256)) * 41_000  # 10.5 MB: more than one block, more than two chunks


@pytest.fixture(params=["memory", "azurite", "s3"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    if request.param == "memory":
        return memory_blobs.MemoryBlobs()
    if request.param == "s3":
        server: Server = request.getfixturevalue("s3")
        account_of_s3 = S3Account(region="eu-central-1", endpoint_url=server.url)
        return s3_blobs.S3Blobs(account_of_s3, "c-" + SystemRandom().nonce())
    azurite: Azurite = request.getfixturevalue("azurite")
    account = storage_account.from_connection_string(azurite.connection_string)
    return azure_blobs.AzureBlobs(account, "c-" + SystemRandom().nonce())


@pytest.mark.parametrize("content", [b"", b"abc", LONG], ids=["empty", "short", "long"])
@pytest.mark.parametrize("is_file", [False, True])
def test_bytes_read_back_as_written(blobs: Blobs, content: bytes, is_file: bool) -> None:
    blobs.put("a/b.c-d_e/f", io.BytesIO(content) if is_file else content)
    assert blobs.open("a/b.c-d_e/f").read() == content
    assert blobs.size("a/b.c-d_e/f") == len(content)


def test_a_file_is_written_from_where_it_stands(blobs: Blobs) -> None:
    content = io.BytesIO(b"0123456789")
    content.seek(4)
    blobs.put("key", content)
    assert blobs.open("key").read() == b"456789"


@pytest.mark.parametrize("content", [b"other", LONG], ids=["short", "long"])
def test_a_key_is_written_once(blobs: Blobs, content: bytes) -> None:
    blobs.put("key", b"first")
    with pytest.raises(Exists):
        blobs.put("key", content)
    with pytest.raises(Exists):
        blobs.put("key", io.BytesIO(content))
    assert blobs.open("key").read() == b"first"


def test_of_many_writers_of_one_key_one_wins(blobs: Blobs) -> None:
    won: list[bytes] = []
    start = threading.Barrier(6)

    def write(number: int) -> None:
        start.wait()
        try:
            blobs.put("key", b"%d" % number)
        except Exists:
            return
        won.append(b"%d" % number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [blobs.open("key").read()]


@pytest.mark.parametrize("is_empty", [True, False])
def test_what_is_not_there_is_missing(blobs: Blobs, is_empty: bool) -> None:
    if not is_empty:
        blobs.put("other", b"x")
    assert blobs.size("key") is None
    with pytest.raises(Missing):
        blobs.open("key")
    with pytest.raises(Missing):
        blobs.copy("key", "target")
    assert blobs.size("target") is None


@pytest.mark.parametrize("content", [b"", b"abc", LONG], ids=["empty", "short", "long"])
def test_a_copy_is_complete_when_it_returns(blobs: Blobs, content: bytes) -> None:
    blobs.put("source/a", content)
    blobs.copy("source/a", "target/b")
    assert blobs.size("target/b") == len(content)
    assert blobs.open("target/b").read() == content
    assert blobs.size("source/a") == len(content)


@pytest.mark.parametrize("has_source", [True, False])
def test_a_copy_to_a_key_that_is_there_is_done(blobs: Blobs, has_source: bool) -> None:
    blobs.put("target", b"first")
    if has_source:
        blobs.put("source", b"second")
    blobs.copy("source", "target")
    assert blobs.open("target").read() == b"first"


def test_a_blob_is_read_where_it_is_asked(blobs: Blobs) -> None:
    blobs.put("key", LONG)
    with blobs.open("key") as file:
        assert file.seekable()
        assert file.seek(-5, io.SEEK_END) == len(LONG) - 5
        assert file.read(10) == LONG[-5:]
        assert file.read(10) == b""
        assert file.seek(5_000_000) == 5_000_000
        assert file.read(3) == LONG[5_000_000:5_000_003]
        assert file.seek(1000, io.SEEK_CUR) == 5_001_003
        assert file.read(6_000_000) == LONG[5_001_003:]
        assert file.seek(len(LONG) + 10) == len(LONG) + 10
        assert file.read() == b""
        file.seek(0)
        assert file.read() == LONG
        with pytest.raises(ValueError, match=r"\w"):
            file.seek(-1)


def test_a_zip_archive_is_read_in_place(blobs: Blobs) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("MLmodel", "flavors: {}")
        archive.writestr("model.pkl", LONG)
    content.seek(0)
    blobs.put("key", content)
    with blobs.open("key") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("MLmodel") == b"flavors: {}"
        assert archive.read("model.pkl") == LONG


def test_what_was_removed_is_not_there_and_can_be_written_again(blobs: Blobs) -> None:
    blobs.put("a/b", b"first")
    blobs.remove("a/b")
    blobs.remove("a/b")
    assert blobs.size("a/b") is None
    blobs.put("a/b", b"second")
    assert blobs.open("a/b").read() == b"second"


def test_a_prefix_lists_its_keys_in_order(blobs: Blobs) -> None:
    assert [each.key for each in blobs.list("a/")] == []
    for key in ("a/2", "b/1", "a/1", "a/1/x", "ab"):
        blobs.put(key, b"x")
    assert [each.key for each in blobs.list("a/")] == ["a/1", "a/1/x", "a/2"]
    assert list(blobs.list("c")) == []


def test_a_listing_tells_of_each_key_what_a_look_at_it_would(blobs: Blobs) -> None:
    second = timedelta(seconds=1)
    before = datetime.now(UTC)
    for key, content in (("a/empty", b""), ("a/long", LONG), ("a/short", b"abc")):
        blobs.put(key, content)
    blobs.copy("a/long", "a/copied")

    listed = list(blobs.list("a/"))

    assert [each.key for each in listed] == ["a/copied", "a/empty", "a/long", "a/short"]
    for each in listed:
        assert Blob(etag=each.etag, size=each.size) == blobs.find(each.key)
        assert before - second <= each.modified_at <= datetime.now(UTC) + second
        assert each.modified_at.utcoffset() == timedelta(0)
        assert len(blobs.open(each.key, etag=each.etag).read()) == each.size
        blobs.remove(each.key, etag=each.etag)
    assert list(blobs.list("a/")) == []


def test_a_listing_of_more_than_a_page_is_whole(blobs: Blobs) -> None:
    if isinstance(blobs, azure_blobs.AzureBlobs):  # Azure's pages have five thousand
        kept = blobs._container.list_blobs
        blobs._container.list_blobs = partial(kept, results_per_page=3)  # type: ignore[method-assign]
    count = 1003 if isinstance(blobs, s3_blobs.S3Blobs) else 7
    for number in range(count):
        blobs.put(f"a/{number:04d}", b"x")
    assert [each.key for each in blobs.list("a/")] == [f"a/{number:04d}" for number in range(count)]


@pytest.mark.parametrize("content", [b"", LONG], ids=["empty", "long"])
def test_what_is_touched_is_another_version_of_the_same_bytes(blobs: Blobs, content: bytes) -> None:
    blobs.put("key", content)
    [first] = blobs.list("key")
    later = first.modified_at + timedelta(seconds=1.1)  # times are in seconds
    wait_until(lambda: datetime.now(UTC) > later, seconds=5, what="another second", every=0.1)

    assert blobs.touch("key") is True

    [second] = blobs.list("key")
    assert second.modified_at > first.modified_at
    assert blobs.open("key").read() == content
    assert Blob(etag=second.etag, size=second.size) == blobs.find("key")
    if isinstance(blobs, s3_blobs.S3Blobs):
        return
    assert second.etag != first.etag
    with pytest.raises(Changed):
        blobs.remove("key", etag=first.etag)
    assert blobs.find("key")


def test_what_is_not_there_is_not_touched(blobs: Blobs) -> None:
    assert blobs.touch("key") is False
    blobs.put("other", b"x")
    assert blobs.touch("key") is False
    assert blobs.find("key") is None


def write(blobs: Blobs, link: Link, content: bytes) -> None:
    """What the holder of a link does."""
    if isinstance(blobs, memory_blobs.MemoryBlobs):
        blobs.follow(link, content)
    else:
        answer = httpx.request(link.method, link.url, headers=link.headers, content=content)
        answer.raise_for_status()


def test_a_link_lets_its_holder_write_and_another_read(blobs: Blobs) -> None:
    link = blobs.write_link("a/key", seconds=60)
    write(blobs, link, b"straight to storage")

    assert blobs.open("a/key").read() == b"straight to storage"
    reading = blobs.read_link("a/key", seconds=60)
    if isinstance(blobs, memory_blobs.MemoryBlobs):
        assert blobs.follow(reading) == b"straight to storage"
    else:
        assert httpx.get(reading.url).content == b"straight to storage"
    if isinstance(blobs, azure_blobs.AzureBlobs):  # moto looks at no signature
        assert httpx.put(reading.url, headers=link.headers, content=b"x").status_code == 403
        assert httpx.get(link.url).status_code == 403
        assert httpx.delete(link.url).status_code == 403
        assert httpx.put(link.url.replace("a/key", "a/kez"), headers=link.headers).is_client_error
    assert "?" not in repr(link)


@pytest.mark.parametrize("blobs", ["azurite", "s3"], indirect=True)
@pytest.mark.parametrize("seconds", [1, 300, 21_600])
def test_a_link_ends_when_its_time_is_over(blobs: Blobs, seconds: int) -> None:
    second, lasts = timedelta(seconds=1), timedelta(seconds=seconds)
    for give in (blobs.write_link, blobs.read_link):
        before = datetime.now(UTC)
        end = ends_at(give("a/key", seconds=seconds).url)
        assert before + lasts - second < end <= datetime.now(UTC) + lasts


@pytest.mark.parametrize("blobs", ["azurite"], indirect=True)  # moto looks at no time
def test_a_link_whose_time_is_over_is_refused(blobs: Blobs) -> None:
    blobs.put("key", b"kept")
    writing, reading = blobs.write_link("new", seconds=2), blobs.read_link("key", seconds=2)
    assert httpx.get(reading.url).content == b"kept"

    wait_until(
        lambda: httpx.get(reading.url).status_code == 403, seconds=10, what="its end", every=0.1
    )

    assert httpx.put(writing.url, headers=writing.headers, content=b"x").status_code == 403
    assert blobs.find("new") is None


def rewrite(blobs: Blobs, key: str, content: bytes) -> None:
    """Another version comes under a key."""
    blobs.remove(key)
    blobs.put(key, content)


def test_a_version_has_an_etag_of_its_own(blobs: Blobs) -> None:
    assert blobs.find("key") is None
    blobs.put("key", b"first")
    first = blobs.find("key")
    assert first
    assert first.size == 5
    assert blobs.find("key") == first
    rewrite(blobs, "key", b"other")
    second = blobs.find("key")
    assert second
    assert second.etag != first.etag


def test_what_is_pinned_to_an_older_version_is_changed(blobs: Blobs) -> None:
    blobs.put("key", b"first")
    first = blobs.find("key")
    assert first
    assert blobs.open("key", etag=first.etag).read() == b"first"
    rewrite(blobs, "key", b"other")

    with pytest.raises(Changed):
        blobs.open("key", etag=first.etag)
    with pytest.raises(Changed):
        blobs.copy("key", "target", etag=first.etag)
    with pytest.raises(Changed):
        blobs.remove("key", etag=first.etag)
    assert blobs.find("target") is None
    second = blobs.find("key")
    assert second
    blobs.copy("key", "target", etag=second.etag)
    assert blobs.open("target").read() == b"other"
    blobs.remove("key", etag=second.etag)
    assert blobs.find("key") is None
    blobs.remove("key", etag=second.etag)


def test_a_file_that_was_opened_is_of_one_version_to_its_end(blobs: Blobs) -> None:
    blobs.put("key", LONG)
    with blobs.open("key") as file:
        assert file.read(10) == LONG[:10]
        rewrite(blobs, "key", LONG[::-1])
        try:
            rest = file.read()
        except Changed:
            return
    assert rest == LONG[10:]


BAD_KEYS = [
    "",
    "/a",
    "a//b",
    "a/../b",
    "./a",
    "a/",
    "a?b",
    "a#b",
    "a%2fb",
    "a\\b",
    "a\n",
    "x" * 1025,
    "a.",
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_something_on_the_way_would_rewrite_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(ValueError, match="cannot be the key"):
        blobs.put(key, b"x")
    with pytest.raises(ValueError, match="cannot be the key"):
        blobs.size(key)
    with pytest.raises(ValueError, match="cannot be the key"):
        blobs.open(key)
    with pytest.raises(ValueError, match="cannot be the key"):
        blobs.copy("source", key)
