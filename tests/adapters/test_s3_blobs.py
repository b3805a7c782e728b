"""S3 where conditional writes meet, answers are lost, buckets are elsewhere, and credentials are not there."""

import io

import pytest

from shared.adapters import s3_blobs, s3_multipart
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from shared.adapters.s3_multipart import PART_BYTES
from shared.adapters.system import SystemRandom
from shared.domain.errors import Exists, Missing, StoreError, Unavailable
from tests.s3_server import Server

REGION = "eu-central-1"
LONG = bytes(range(256)) * 41_000  # two parts
CONFLICT = "ConditionalRequestConflict"


@pytest.fixture
def blobs(s3: Server) -> S3Blobs:
    blobs = S3Blobs(S3Account(REGION, s3.url), "c-" + SystemRandom().nonce())
    blobs.put("first", b"0123456789")
    return blobs


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_blobs, "_FIRST_PAUSE_SECONDS", 0.001)


def uploads_under_way(blobs: S3Blobs) -> int:
    found = blobs._client.list_multipart_uploads(Bucket=blobs._bucket)
    return len(found.get("Uploads", ()))


@pytest.mark.parametrize("content", [b"short", LONG], ids=["whole", "in parts"])
def test_a_conflict_is_tried_again_until_the_write_has_landed(
    s3: Server, blobs: S3Blobs, content: bytes
) -> None:
    method = "PUT" if content == b"short" else "POST"
    s3.fail(method, CONFLICT, status=409, times=3)

    blobs.put("key", io.BytesIO(content))

    assert blobs.open("key").read() == content
    assert uploads_under_way(blobs) == 0


def test_conflicts_without_an_end_are_no_clear_answer(s3: Server, blobs: S3Blobs) -> None:
    s3.fail("PUT", CONFLICT, status=409, times=s3_blobs.TRIES)

    with pytest.raises(Unavailable, match="at the same time"):
        blobs.put("key", b"x")

    assert blobs.find("key") is None


def test_where_the_other_writer_of_a_conflict_has_won_the_key_is_there(
    s3: Server, blobs: S3Blobs
) -> None:
    s3.fail("PUT", CONFLICT, status=409)

    with pytest.raises(Exists):
        blobs.put("first", b"other")

    assert blobs.open("first").read() == b"0123456789"


@pytest.mark.parametrize("times", [1, 2], ids=["repeated", "never answered"])
@pytest.mark.parametrize("content", [b"short", LONG], ids=["whole", "in parts"])
def test_a_write_whose_answers_are_lost_is_known_to_be_ours(
    s3: Server, blobs: S3Blobs, content: bytes, times: int
) -> None:
    """What boto3 sends again meets 412, or an upload that is over."""
    method, about = ("POST", "uploadId") if content == LONG else ("PUT", "")
    s3.fail(method, "InternalError", status=500, times=times, done=True, about=about)

    blobs.put("key", io.BytesIO(content))

    assert blobs.open("key").read() == content


def test_somebody_elses_write_is_not_taken_for_ours(s3: Server, blobs: S3Blobs) -> None:
    s3.fail("PUT", "InternalError", status=500)

    with pytest.raises(Exists):
        blobs.put("first", b"other")


def test_nothing_is_left_of_an_upload_that_fails(s3: Server, blobs: S3Blobs) -> None:
    s3.fail("PUT", "InternalError", status=500, times=4, about="partNumber")

    with pytest.raises(Unavailable):
        blobs.put("key", io.BytesIO(LONG))

    assert uploads_under_way(blobs) == 0
    assert blobs.find("key") is None


def test_a_file_that_ends_early_is_not_stored(blobs: S3Blobs) -> None:
    class Short(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(size) if self.tell() < PART_BYTES else b""

    with pytest.raises(Unavailable, match="ended"):
        blobs.put("key", Short(LONG))

    assert blobs.find("key") is None
    assert uploads_under_way(blobs) == 0


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (503, "SlowDown", Unavailable),
        (500, "InternalError", Unavailable),
        (403, "AccessDenied", StoreError),
        (403, "SignatureDoesNotMatch", StoreError),
        (400, "ExpiredToken", Unavailable),
    ],
)
def test_a_refusal_says_whether_it_may_pass(
    s3: Server, blobs: S3Blobs, status: int, code: str, meaning: type[StoreError]
) -> None:
    s3.fail("GET", code, status=status, times=2)

    with blobs.open("first") as file, pytest.raises(StoreError, match=code) as raised:
        file.read()
    s3.fail("GET", "none", status=200, times=0)

    assert type(raised.value) is meaning


def test_a_bucket_of_another_region_is_named_as_such(s3: Server, blobs: S3Blobs) -> None:
    s3.fail("PUT", "PermanentRedirect", status=301, times=2)

    with pytest.raises(StoreError, match="another region than S3_REGION"):
        blobs.put("key", b"x")
    s3.fail("GET", "none", status=200, times=0)


@pytest.mark.usefixtures("s3")
def test_no_server_is_no_clear_answer() -> None:
    blobs = S3Blobs(S3Account(REGION, "http://127.0.0.1:9"), "nobody")

    with pytest.raises(Unavailable):
        blobs.put("key", b"x")


def test_no_credentials_are_told_without_any(s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    blobs = S3Blobs(S3Account(REGION, s3.url), "nobody")

    with pytest.raises(StoreError, match="no credentials"):
        blobs.put("key", b"x")


def test_a_bucket_that_others_remove_comes_again_with_the_next_write(blobs: S3Blobs) -> None:
    other = S3Blobs(blobs._account, "c-" + SystemRandom().nonce())

    assert [each.key for each in other.list("")] == []
    assert other.find("key") is None
    with pytest.raises(Missing):
        other.open("key")
    other.put("key", io.BytesIO(LONG))

    assert other.size("key") == len(LONG)


def test_an_endpoint_that_would_carry_contents_in_the_clear_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        S3Account(REGION, "http://s3.example.com")


@pytest.mark.parametrize("most", [s3_multipart._MOST_COPIED, 0], ids=["at once", "in parts"])
def test_what_is_touched_keeps_its_bytes_and_its_metadata_whatever_its_size(
    blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(s3_multipart, "_MOST_COPIED", most)
    before = blobs._head("first")["Metadata"]
    assert before

    assert blobs.touch("first")

    assert blobs._head("first")["Metadata"] == before
    assert blobs.open("first").read() == b"0123456789"
    assert uploads_under_way(blobs) == 0
