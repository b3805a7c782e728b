"""What is fuzzed: whole files of each format, compressed ones from the inside, and the members of archives one at a time."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.corpus.keeping import Kept, load_kept
from tests.malicious.carriers import carriers

_LARGEST = 64 * 1024
_MOST_ARCHIVES = 200

Wrap = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`seeds` are where mutation starts; `wrap` makes a file of what is mutated."""

    seeds: Callable[[], list[bytes]]
    wrap: Wrap = bytes


def _files(*starts: bytes, formats: tuple[str, ...] = ()) -> Callable[[], list[bytes]]:
    """Kept and hostile files of these formats, or that begin with these bytes."""

    def seeds() -> list[bytes]:
        kept = [
            each.path.read_bytes()
            for each in load_kept()
            if each.size <= _LARGEST and _is_of(each, formats, starts)
        ]
        return kept + [data for data in carriers("/x").values() if data.startswith(starts)]

    return seeds


def _is_of(each: Kept, formats: tuple[str, ...], starts: tuple[bytes, ...]) -> bool:
    return each.note["format"] in formats or each.path.read_bytes()[:16].startswith(starts)


def _archives() -> list[dict[str, bytes]]:
    """The members of every kept and hostile zip."""
    files = _files(b"PK\x03\x04")()
    found = []
    for data in files[:_MOST_ARCHIVES]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if not any(info.flag_bits & 1 for info in archive.infolist()):
                found.append({name: archive.read(name) for name in archive.namelist()})
    return found


def _member_seeds() -> list[bytes]:
    return [
        bytes([at, member]) + data
        for at, archive in enumerate(_archives())
        for member, data in enumerate(archive.values())
        if len(data) <= _LARGEST
    ]


def _in_an_archive() -> Wrap:
    archives: list[dict[str, bytes]] = []

    def wrap(data: bytes) -> bytes:
        """One member of an archive replaced: the first two bytes say which."""
        if not archives:
            archives.extend(_archives())
        at, member, content = (*data[:2], 0, 0)[0], (*data[1:2], 0)[0], data[2:]
        chosen = dict(archives[at % len(archives)])
        chosen[list(chosen)[member % len(chosen)]] = content
        return _zipped(chosen)

    return wrap


def _zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _tarred(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("m/MLmodel")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


_PICKLES = _files(b"\x80", formats=("pickle", "joblib"))

TARGETS: dict[str, Target] = {
    "anything": Target(seeds=lambda: [*carriers("/x").values()]),
    "pickle": Target(seeds=_PICKLES),
    "zlib": Target(seeds=_PICKLES, wrap=zlib.compress),
    "gzip": Target(seeds=_PICKLES, wrap=gzip.compress),
    "lz4": Target(seeds=_files(b"\x04\x22\x4d\x18")),
    "numpy": Target(seeds=_files(b"\x93NUMPY")),
    "archive": Target(seeds=_files(b"PK\x03\x04")),
    "member": Target(seeds=_member_seeds, wrap=_in_an_archive()),
    "tar": Target(seeds=lambda: [data for name, data in carriers("/x").items() if "tar" in name]),
    "tar member": Target(seeds=lambda: [b"flavors: {}"], wrap=_tarred),
    "xgboost": Target(seeds=_files(b"{", formats=("xgboost",))),
    "lightgbm": Target(seeds=_files(b"tree", formats=("lightgbm",))),
    "catboost": Target(seeds=_files(b"CBM1", formats=("catboost",))),
    "onnx": Target(seeds=_files(b"\x08", formats=("onnx",))),
    "safetensors": Target(seeds=_files(formats=("safetensors",))),
    "hdf5": Target(seeds=_files(b"\x89HDF")),
}
"""By name; together they take an hour of processor time in `make proof`."""
