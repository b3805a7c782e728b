"""Archives of either kind, for whoever takes files out of one that an inspection has accepted."""

import zipfile
from typing import IO, BinaryIO

from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.containers.tar import TarArchive, open_tar_member
from shared.domain.reading.limits import Limits

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def open_archive(file: BinaryIO, size: int, limits: Limits) -> FileArchive:
    """The zip or tar archive in a file, checked. Raises UnreadableModel."""
    return Archive(file, size, limits) if _is_zip(file) else TarArchive(file, size, limits)


def open_member(file: BinaryIO, name: str) -> IO[bytes]:
    """A file of an archive that an inspection has accepted, as a stream. Raises KeyError where there is none."""
    if not _is_zip(file):
        return open_tar_member(file, name)
    file.seek(0)
    return zipfile.ZipFile(file).open(name)


def _is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in _ZIP
