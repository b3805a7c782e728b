"""Tar archives: an MLflow folder in one reads as in a zip, and what could lead an unpacker astray is refused."""

import io
import tarfile
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import ModelFormat, UnreadableCode, UnreadableModel, Verdict
from shared.domain.reading.containers.members import open_archive, open_member
from shared.domain.reading.containers.tar import TarArchive
from shared.domain.reading.limits import Limits
from tests.domain.reading.rezipped import kept, read, verdict
from tests.domain.reading.test_archives import MODEL, folder, zipped

FORMATS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT, "ustar": tarfile.USTAR_FORMAT}
MODES = ["w", "w:gz", "w:bz2", "w:xz"]
LONG = "notes/" + "x" * 150 + ".txt"


def tarred(
    files: dict[str, Any],
    mode: str = "w",
    form: int = tarfile.PAX_FORMAT,
    change: Callable[[tarfile.TarInfo], None] = lambda _: None,
) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=form) as archive:  # type: ignore[call-overload]  # a parameter
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1.5  # as files have it; pax notes it
            change(info)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def only(name: str, **fields: Any) -> Callable[[tarfile.TarInfo], None]:
    def change(info: tarfile.TarInfo) -> None:
        if info.name == name:
            for field, value in fields.items():
                setattr(info, field, value)

    return change


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_in_a_tar_reads_as_the_same_folder_in_a_zip(form: str, mode: str) -> None:
    files = folder() | {"weights.bin": bytes(range(256)) * 600}
    if form != "ustar":
        files |= {LONG: "hello"}
    for prefix in ("", "m/", "./"):
        named = {prefix + name: data for name, data in files.items()}
        found = read(tarred(named, mode, FORMATS[form]))
        expected = read(zipped({name.removeprefix("./"): data for name, data in named.items()}))
        assert found.verdict is Verdict.CLEAN
        assert (found.format, found.mlmodel, found.libraries, found.estimator) == (
            ModelFormat.MLFLOW, expected.mlmodel, expected.libraries, expected.estimator,
        )  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_files_can_be_taken_out_in_any_order(mode: str) -> None:
    big = {name: bytes([at]) * 200_000 for at, name in enumerate("abc")}
    file = io.BytesIO(tarred(big | {"small": "x"}, mode))
    archive = open_archive(file, len(file.getvalue()), Limits())
    assert isinstance(archive, TarArchive)
    for name in "cab":
        assert archive.read(name, 200_000) == big[name]
        assert open_member(file, name).read() == big[name]
    with pytest.raises(KeyError):
        open_member(file, "d")
    with pytest.raises(UnreadableModel):
        archive.open("d")


def test_macos_extras_are_left_out() -> None:
    files = {"./._MLmodel": "x", "__MACOSX/a": "x", ".DS_Store": "x"} | folder()
    assert read(tarred(files)).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "name", ["/etc/x", "../x", "a/../../x", "a\\b", "C:x", "a//b", "a/./b", "a\nb", "x" * 400, "MLMODEL", "mlmodel/x"]
)  # fmt: skip
def test_an_entry_with_an_unsafe_name_is_refused(name: str) -> None:
    assert verdict(tarred(folder() | {name: b"x"})) is UnreadableCode.CORRUPT


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"V", b"Z"]
)  # fmt: skip
def test_links_devices_and_sparse_files_are_refused(kind: bytes) -> None:
    change = only("x", type=kind, linkname="/etc/passwd", size=0)
    assert verdict(tarred(folder() | {"x": b""}, change=change)) is UnreadableCode.CORRUPT


@pytest.mark.parametrize(
    "notes",
    [
        {"path": "../x"},
        {"path": "MLmodel"},
        {"size": "9"},
        {"size": "-1"},
        {"size": "9" * 30},
        {"linkpath": "/etc/passwd"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "../x"},
        {"GNU.sparse.realsize": "99999999999"},
        {"hdrcharset": "BINARY"},
    ],
    ids=str,
)
def test_notes_that_change_an_entry_into_another_are_refused(notes: dict[str, str]) -> None:
    change = only("x", pax_headers=notes)
    assert verdict(tarred(folder() | {"x": b"x"}, change=change)) is UnreadableCode.CORRUPT


def test_one_name_or_size_for_all_entries_is_refused() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", pax_headers={"path": "../x"}) as archive:
        archive.addfile(tarfile.TarInfo("MLmodel"))
    assert verdict(file.getvalue()) is UnreadableCode.CORRUPT


@pytest.mark.parametrize("mode", MODES)
def test_a_cut_or_lengthened_archive_is_broken(mode: str) -> None:
    data = tarred(folder(), mode)
    for broken in (data[: len(data) // 4], data + tarred({"x": b"x"}, mode), data + b"x" * 600):
        assert verdict(broken) is UnreadableCode.CORRUPT


def test_a_header_with_another_checksum_is_broken() -> None:
    data = bytearray(tarred(folder(), form=tarfile.USTAR_FORMAT))
    data[0] ^= 1
    assert verdict(bytes(data)) is UnreadableCode.CORRUPT


def test_archives_that_only_fill_a_disk_are_refused_in_little_time() -> None:
    started = time.process_time()
    zeros = tarred(folder() | {"zeros": bytes(100_000_000)}, "w:gz")
    written = time.process_time()
    assert verdict(zeros) is UnreadableCode.OVER_LIMITS
    assert time.process_time() - written < max(2, written - started)
    many = tarred({f"{at}": b"" for at in range(50)})
    with pytest.raises(UnreadableModel, match="more than 49 files"):
        TarArchive(io.BytesIO(many), len(many), Limits(entries=49))


@pytest.mark.parametrize("mode", MODES)
def test_whoever_packed_a_model_is_told_which_file_to_upload(mode: str) -> None:
    files = {"code/inference.py": b"x", "model.pth": kept("torch-2.13.0/dense.whole.pt")}
    with pytest.raises(UnreadableModel) as caught:
        read(tarred(files, mode))
    assert caught.value.code is UnreadableCode.UNSUPPORTED
    assert "model.pth" in caught.value.next


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["sys_info", "pickle", "storages", "tensors"], "torch 1.6"),
        (["1/saved_model.pb"], "SavedModel"),
        (["readme.md"], "neither"),
    ],
)
def test_other_content_is_named_as_far_as_it_is_known(names: list[str], said: str) -> None:
    with pytest.raises(UnreadableModel, match=said):
        read(tarred(dict.fromkeys(names, b"x")))


def test_an_archive_in_an_archive_is_not_looked_into() -> None:
    inner = tarred(folder())
    with pytest.raises(UnreadableModel):
        read(tarred({"model.zip": zipped(folder()), "model.tar": inner}))


SEEDS = [tarred(folder(), form=form) for form in FORMATS.values()]


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=300, deadline=2_000)
def test_a_changed_archive_gets_a_typed_answer(seed: bytes, data: st.DataObject) -> None:
    changed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        block = data.draw(st.integers(0, len(seed) // 512 - 1)) * 512
        at = block + data.draw(st.sampled_from([0, 124, 148, 156, 257, 345]))
        new = data.draw(st.binary(min_size=1, max_size=8))
        changed[at : at + len(new)] = new
        header = bytes(changed[block : block + 512])
        total = sum(header) - sum(header[148:156]) + 256
        changed[block + 148 : block + 156] = b"%06o\0 " % total
    assert verdict(bytes(changed))


def test_the_model_of_a_folder_is_the_one_that_was_packed() -> None:
    file = io.BytesIO(tarred({f"./{name}": data for name, data in folder().items()}, "w:gz"))
    assert open_member(file, "model.pkl").read() == MODEL
