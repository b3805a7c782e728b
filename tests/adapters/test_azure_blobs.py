"""Blob Storage where the line loses or garbles answers, and where copies take their time."""

import io
import subprocess
import sys

import httpx
import pytest

from local.azurite import Azurite
from shared.adapters import azure_blobs
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.system import SystemRandom
from shared.domain.errors import Copying, Exists, StoreError, Unavailable
from tests.adapters import storage_faults as faults
from tests.adapters.storage_faults import Fault, Faulty


@pytest.fixture
def faulty(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return faults.connect(azurite, monkeypatch)


@pytest.fixture
def blobs(faulty: Faulty) -> AzureBlobs:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    blobs.put("first", b"0123456789")
    return blobs


def test_a_put_whose_answer_is_lost_is_repeated_and_says_it_is_there(
    faulty: Faulty, blobs: AzureBlobs
) -> None:
    with faulty.meeting(faults.lost_answer) as sent, pytest.raises(Exists):
        blobs.put("key", b"content")
    assert sent == ["PUT", "PUT", "HEAD"]  # the last: whether what is there is complete
    assert blobs.open("key").read() == b"content"


def test_a_file_is_sent_again_whole_where_the_container_was_missing(faulty: Faulty) -> None:
    blobs = AzureBlobs(faulty.account, "c-" + SystemRandom().nonce())
    content = bytes(range(256)) * 40_000
    blobs.put("key", io.BytesIO(content))
    assert blobs.open("key").read() == content


@pytest.mark.parametrize("fault", [faults.no_connection, faults.answer(503), faults.answer(500)])
def test_after_a_second_try_there_is_no_clear_answer(
    faulty: Faulty, blobs: AzureBlobs, fault: Fault
) -> None:
    for call in (
        lambda: blobs.put("key", b"x"),
        lambda: blobs.copy("first", "key"),
        lambda: blobs.open("first"),
        lambda: blobs.size("first"),
    ):
        faulty.waits.clear()
        with faulty.meeting(fault, fault), pytest.raises(Unavailable):
            call()
        assert len(faulty.waits) == 1
        assert max(faulty.waits) <= 0.4


def test_a_refusal_is_neither_missing_nor_an_outage(faulty: Faulty, blobs: AzureBlobs) -> None:
    refused = faults.answer(403, x_ms_error_code="AuthorizationPermissionMismatch")
    for fault in (refused, faults.answer(404)):
        with faulty.meeting(fault), pytest.raises(StoreError) as caught:
            blobs.size("first")
        assert type(caught.value) is StoreError


def test_a_copy_is_awaited_until_it_is_complete(faulty: Faulty, blobs: AzureBlobs) -> None:
    pending = faults.relabelled(x_ms_copy_status="pending")
    with faulty.meeting(pending, pending, pending) as sent:
        blobs.copy("first", "target")
    assert sent == ["PUT", "HEAD", "HEAD", "HEAD"]
    assert blobs.open("target").read() == b"0123456789"


def test_a_copy_begun_by_another_turn_is_awaited_too(faulty: Faulty, blobs: AzureBlobs) -> None:
    blobs.copy("first", "target")
    through = faults.relabelled()
    with faulty.meeting(through, faults.relabelled(x_ms_copy_status="pending"), through) as sent:
        blobs.copy("first", "target")
    assert sent == ["PUT", "HEAD", "HEAD"]


def test_a_copy_that_takes_too_long_is_no_clear_answer(
    faulty: Faulty, blobs: AzureBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure_blobs, "COPY_SECONDS", 0)
    pending = faults.relabelled(x_ms_copy_status="pending")
    with faulty.meeting(pending, pending), pytest.raises(Unavailable, match="still going on"):
        blobs.copy("first", "target")


def test_a_failed_copy_is_removed_and_can_be_made_again(faulty: Faulty, blobs: AzureBlobs) -> None:
    pending, failed = (faults.relabelled(x_ms_copy_status=each) for each in ("pending", "failed"))
    with (
        faulty.meeting(pending, failed),
        pytest.raises(Unavailable, match="copying to blob target"),
    ):
        blobs.copy("first", "target")
    assert blobs.size("target") is None
    blobs.copy("first", "target")
    assert blobs.size("target") == 10


def test_a_copy_that_goes_on_is_not_there_yet(faulty: Faulty, blobs: AzureBlobs) -> None:
    blobs.copy("first", "target")
    pending, through = faults.relabelled(x_ms_copy_status="pending"), faults.relabelled()
    with faulty.meeting(pending, pending):
        assert blobs.find("target") is None
        with pytest.raises(Copying):
            blobs.open("target")
    with faulty.meeting(through, pending, through) as sent, pytest.raises(Exists):
        blobs.put("target", b"0123456789")
    assert sent == ["PUT", "HEAD", "HEAD"]


def test_a_failed_copy_keeps_nobody_from_writing_the_same(
    faulty: Faulty, blobs: AzureBlobs
) -> None:
    blobs.copy("first", "target")
    through, failed = faults.relabelled(), faults.relabelled(x_ms_copy_status="failed")
    with faulty.meeting(through, failed), pytest.raises(Unavailable):
        blobs.put("target", b"0123456789")
    blobs.put("target", b"0123456789")
    assert blobs.open("target").read() == b"0123456789"


def test_what_the_holder_of_a_link_leases_and_copies_is_removed_all_the_same(
    blobs: AzureBlobs,
) -> None:
    link = blobs.write_link("uploaded", seconds=60)
    for query, headers in (
        ("", {"x-ms-blob-type": "BlockBlob"}),
        ("&comp=snapshot", {}),
        ("&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}),
    ):
        httpx.put(link.url + query, headers=headers).raise_for_status()
    blobs.remove("uploaded")
    assert blobs.find("uploaded") is None


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.answer(503), faults.no_connection])
def test_a_read_goes_on_over_a_broken_line(faulty: Faulty, blobs: AzureBlobs, fault: Fault) -> None:
    with blobs.open("first") as file:
        with faulty.meeting(fault):
            assert file.read(4) == b"0123"
        assert file.read() == b"456789"


@pytest.mark.parametrize("told", ["bytes 0-3/10", "bytes 0-9/10"])
def test_a_read_that_gets_fewer_bytes_asks_for_the_rest(
    faulty: Faulty, blobs: AzureBlobs, told: str
) -> None:
    short = faults.answer(206, b"0123", Content_Range=told)
    with blobs.open("first") as file, faulty.meeting(short) as sent:
        assert file.read() == b"0123456789"
    assert sent == ["GET"] * 2


def test_a_blob_that_has_become_shorter_is_not_taken_for_its_end(
    faulty: Faulty, blobs: AzureBlobs
) -> None:
    short = faults.answer(206, b"0123", Content_Range="bytes 0-3/4")
    with blobs.open("first") as file, faulty.meeting(short), pytest.raises(Unavailable):
        file.read()


def test_a_long_blob_is_read_in_chunks_and_only_where_asked(
    faulty: Faulty, blobs: AzureBlobs
) -> None:
    blobs.put("long", bytes(10 * 1024 * 1024))
    with faulty.meeting() as sent, blobs.open("long") as file:
        file.seek(5_000_000)
        file.read(10)
        file.read(10)
        assert sent == ["HEAD", "GET"]
        file.seek(0)
        assert len(file.read()) == 10 * 1024 * 1024
    assert sent == ["HEAD"] + ["GET"] * 4


def test_the_blob_library_is_loaded_with_the_first_call_only() -> None:
    script = (
        "import sys\n"
        "from shared.adapters import azure_blobs, storage_account\n"
        "account = storage_account.from_connection_string('AccountName=a;AccountKey=a2V5')\n"
        "blobs = azure_blobs.AzureBlobs(account, 'models')\n"
        "assert 'azure.storage.blob' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_copy_that_goes_on_is_not_listed_and_not_taken_for_there_when_it_is_touched(
    faulty: Faulty, blobs: AzureBlobs
) -> None:
    blobs.copy("first", "target")
    through, pending = faults.relabelled(), faults.relabelled(x_ms_copy_status="pending")
    with faulty.meeting(through, pending, through) as sent:
        assert blobs.touch("target") is True
    assert len(sent) == 3
    failed = faults.relabelled(x_ms_copy_status="failed")
    with faulty.meeting(through, failed), pytest.raises(Unavailable, match="copying to blob"):
        blobs.touch("target")
    assert blobs.touch("target") is False
