"""Kept archives with some of their files changed, as a sender could change them, and read again."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.reading.reader import read_model

FOLDER = Path(__file__).parents[2] / "corpus" / "kept"


def kept(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def changed(name: str, ending: str, change: Callable[[bytes], bytes]) -> bytes:
    """A kept archive in which the one file whose name ends like this is another."""
    files = unzipped(kept(name))
    (found,) = (each for each in files if each.endswith(ending))
    return zipped(files | {found: change(files[found])})


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, _parse_yaml)


def _parse_yaml(data: bytes) -> object:
    """As the reading process does: what is no YAML is nothing."""
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError):
        return None


def verdict(data: bytes) -> Verdict | str:
    """The verdict, or the code of the refusal."""
    try:
        return read(data).verdict
    except UnreadableModel as error:
        return error.code
