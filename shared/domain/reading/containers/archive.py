"""Zip archives, opened with every entry checked before any is read, and never extracted.

Entries are refused for what an unpacking tool could be led astray by: paths that leave the folder, links, two names that
are one on some systems, and sizes that only exist to fill a disk.
"""

import stat
import struct
import zipfile
import zlib
from typing import IO, BinaryIO

from shared.domain.reading.containers.entries import Entry, check_name, check_together, is_junk
from shared.domain.reading.containers.zip_end import check_end
from shared.domain.reading.limits import Limits, corrupt, over_limits

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 0x1
_UNICODE_NAME = 0x7075
_LOCAL_HEADER = 30
"""Bytes before the name of a file's own header; its last four are the lengths of the name and of what follows it."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Archive:
    """A checked zip archive. `entries` are its files in the archive's order, without folders and macOS's extras.

    Those extras are `left_out`: whoever loads the archive as it is would find them.
    """

    def __init__(self, file: BinaryIO, size: int, limits: Limits) -> None:
        try:
            file.seek(0)
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise corrupt(f"its list of files cannot be read ({error})") from error
        self._file = file
        self._size = size
        infos = self._zip.infolist()
        check_end(file, size, len(infos))
        _check_together(infos, size, limits)
        for info in infos:
            _check_entry(info, limits)
        check_together((info.filename, info.is_dir()) for info in infos)
        files = [info for info in infos if not info.is_dir() and not is_junk(info.filename)]
        self.entries = tuple(Entry(info.filename, info.file_size) for info in files)
        self.left_out = tuple(info.filename for info in infos if is_junk(info.filename))

    def open(self, name: str) -> "MemberContent":
        """One file's bytes, in order."""
        try:
            return MemberContent(self._zip.open(name))
        except (*_BROKEN, KeyError) as error:
            raise corrupt(f"{name} cannot be read from the archive") from error

    def find_stored(self, name: str) -> tuple[int, int]:
        """Where a file lies that is stored without compression, to be read in any order: its start and its size.

        Raises UnreadableModel for a compressed one.
        """
        info = self._find(name)
        if info.compress_type != zipfile.ZIP_STORED:
            raise corrupt(f"{name} is compressed, which the library that saves it does not do")
        self.open(name)  # compares the names in the two headers
        self._file.seek(info.header_offset)
        lengths = struct.unpack("<2H", self._file.read(_LOCAL_HEADER)[-4:])
        start = info.header_offset + _LOCAL_HEADER + sum(lengths)
        if start + info.file_size > self._size:
            raise corrupt(f"{name} does not end in the archive")
        return start, info.file_size

    def read(self, name: str, most: int) -> bytes:
        """A small file, whole. Raises UnreadableModel where it is larger than `most` bytes, or not there."""
        if self._find(name).file_size > most:
            raise over_limits(f"{name} is larger than {most} bytes")
        content = self.open(name)
        return b"".join(iter(lambda: content.read(most), b""))

    def _find(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError as error:
            raise corrupt(f"{name} is not in the archive") from error


class MemberContent:
    """A file of an archive, as the pickle machine reads it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end, after its checksum was compared."""
        try:
            return self._stream.read(size)
        except _BROKEN as error:
            raise corrupt(f"a file in the archive cannot be unpacked ({error})") from error

    def skip(self, size: int) -> None:
        """Pass over exactly `size` bytes."""
        while size:
            piece = self.read(min(size, 1 << 18))
            if not piece:
                raise corrupt("it ends in the middle of a value")
            size -= len(piece)


def _check_together(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(infos) > limits.entries:
        raise over_limits(f"the archive has more than {limits.entries} files")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.unpacked:
        raise over_limits("the archive unpacks to more than the limit")
    if unpacked > max(limits.free_ratio_below, size * limits.ratio):
        raise over_limits(f"the archive unpacks to more than {limits.ratio} times its size")
    if sum(info.compress_size for info in infos) > size:
        raise corrupt("files in the archive overlap")


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> None:
    shown = repr(info.orig_filename[:80])
    if info.orig_filename != info.filename or _has_second_name(info.extra):
        raise corrupt(f"the archive has a file with an unsafe name: {shown}")
    check_name(info.filename, limits)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise corrupt(f"the archive has something that is no plain file: {shown}")
    if info.flag_bits & _ENCRYPTED:
        raise corrupt(f"the archive is encrypted: {shown}")
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        raise corrupt(f"the archive tells two sizes of a file: {shown}")
    if info.compress_type not in _METHODS:
        raise corrupt(f"the archive uses a compression that is not read here: {shown}")
    if info.file_size > max(limits.free_ratio_below, info.compress_size * limits.ratio):
        raise over_limits(f"{shown} unpacks to more than {limits.ratio} times its size")


def _has_second_name(extra: bytes) -> bool:
    """Whether a file is given a name in Unicode beside its own, which Python reads from 3.12 on."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<2H", extra[:4])
        if kind == _UNICODE_NAME:
            return True
        extra = extra[4 + size :]
    return False
