"""Models from our own containers and from S3: pinned to what was found, told apart where they cannot be had."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from shared.adapters.store_sources import find_files
from shared.adapters.system import SystemRandom
from shared.domain import limits
from shared.domain.errors import Conflict, Forbidden, NotFound, SourceError
from shared.ports import Blobs
from tests.s3_server import Server

LONG = bytes(range(256)) * 41_000
SOURCE = "s3://models/model"


@pytest.fixture(params=["azurite", "s3"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    name = "c-" + SystemRandom().nonce()
    if request.param == "s3":
        server: Server = request.getfixturevalue("s3")
        return S3Blobs(S3Account("eu-central-1", server.url), name)
    azurite: Azurite = request.getfixturevalue("azurite")
    return AzureBlobs(storage_account.from_connection_string(azurite.connection_string), name)


def test_a_file_is_found_with_its_size_and_streamed(blobs: Blobs) -> None:
    blobs.put("a/model.pkl", LONG)

    [found] = find_files(blobs, "a/model.pkl", SOURCE)

    assert (found.path, found.size) == ("", len(LONG))
    with found.open() as file:
        parts = list(iter(lambda: file.read(1_000_000), b""))
    assert b"".join(parts) == LONG
    assert len(parts) == 11


def test_a_folder_is_found_with_all_that_is_below_it(blobs: Blobs) -> None:
    for key in ("m/MLmodel", "m/data/model.pkl", "m2/other", "m"):
        blobs.put(key, key.encode())

    found = find_files(blobs, "m/", SOURCE)

    assert [each.path for each in found] == ["MLmodel", "data/model.pkl"]
    assert [each.open().read(100) for each in found] == [b"m/MLmodel", b"m/data/model.pkl"]


def test_a_folder_with_the_marker_that_s3s_console_makes_is_found(s3: Server) -> None:
    blobs, place = bucket(s3)
    for key in ("m/", "m/data/", "m/MLmodel", "m/data/model.pkl"):
        place(key)

    assert [each.path for each in find_files(blobs, "m/", SOURCE)] == ["MLmodel", "data/model.pkl"]


@pytest.mark.parametrize("name", ["100%", "a#b", "what?", "trailing.", "a//b", "a\\b"])
def test_a_file_of_a_folder_that_cannot_be_taken_is_named(s3: Server, name: str) -> None:
    blobs, place = bucket(s3)
    place("m/MLmodel")
    place(f"m/{name}")

    with pytest.raises(Conflict) as caught:
        find_files(blobs, "m/", SOURCE)

    assert caught.value.code == "source_key_not_usable"
    assert repr(f"m/{name}") in caught.value.detail


def bucket(s3: Server) -> tuple[Blobs, Callable[[str], object]]:
    """A bucket, and what puts any key into it, as other clients do."""
    account, name = S3Account("eu-central-1", s3.url), "c-" + SystemRandom().nonce()
    blobs = S3Blobs(account, name)
    blobs.put("other", b"")
    return blobs, lambda key: account.client.put_object(Bucket=name, Key=key, Body=b"x")


def test_a_file_with_a_space_in_its_key_is_found(blobs: Blobs) -> None:
    blobs.put("my models/my model.pkl", b"x")

    [single] = find_files(blobs, "my models/my model.pkl", SOURCE)
    [below] = find_files(blobs, "my models/", SOURCE)

    assert single.open().read(10) == below.open().read(10) == b"x"


def test_a_folder_of_too_many_files_is_not_listed_to_its_end(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_SOURCE_FILES", 3)
    for number in range(6):
        blobs.put(f"m/{number}", b"")

    assert len(find_files(blobs, "m/", SOURCE)) == 4


@pytest.mark.parametrize("path", ["nothing", "nothing/"])
def test_what_is_not_there_is_nothing(blobs: Blobs, path: str) -> None:
    assert find_files(blobs, path, SOURCE) == []
    blobs.put("other", b"x")
    assert find_files(blobs, path, SOURCE) == []


def test_a_file_that_changes_between_finding_and_reading_is_refused(blobs: Blobs) -> None:
    blobs.put("model.pkl", b"first")
    [found] = find_files(blobs, "model.pkl", SOURCE)
    blobs.remove("model.pkl")
    blobs.put("model.pkl", b"other")

    with pytest.raises(Conflict) as changed:
        found.open()
    assert changed.value.code == "source_changed"
    blobs.remove("model.pkl")
    with pytest.raises((NotFound, Conflict)):
        found.open()


def test_missing_credentials_are_told_as_such_and_are_an_operators_turn(
    s3: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(Forbidden) as refused:
        find_files(S3Blobs(S3Account("eu-central-1", s3.url), "models"), "model.pkl", SOURCE)

    assert "no credentials for S3 were found" in refused.value.detail
    assert refused.value.next_step.startswith("An operator's turn")


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [(503, "SlowDown", SourceError), (403, "AccessDenied", Forbidden)],
)
def test_a_store_that_refuses_says_whether_it_may_pass(
    s3: Server, status: int, code: str, meaning: type[Exception]
) -> None:
    blobs = S3Blobs(S3Account("eu-central-1", s3.url), "c-" + SystemRandom().nonce())
    blobs.put("model.pkl", b"x")
    calls: list[Callable[[], object]] = [lambda: find_files(blobs, "model.pkl", SOURCE)]
    [found] = find_files(blobs, "model.pkl", SOURCE)
    calls.append(lambda: found.open().read(10))
    for call, method in zip(calls, ("HEAD", "GET"), strict=True):
        s3.fail(method, code, status=status, times=2)
        with pytest.raises(meaning):
            call()
    s3.fail("GET", "none", status=200, times=0)
