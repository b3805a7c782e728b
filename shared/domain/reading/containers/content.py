"""Where the reader's bytes come from: a plain file (skipping seeks), or a compressed one, unpacked as it is read.

Used by `shared.domain.reading.pickles.source`. Memory stays flat: nothing larger than one chunk is held.
"""

import bz2
import lzma
import zlib
from typing import BinaryIO, Protocol, TypeAlias

from shared.domain.reading.containers.lz4 import Lz4Frame
from shared.domain.reading.limits import KIB, Limits, corrupt, over_limits

CHUNK = 256 * KIB

_OLD_JOBLIB = b"ZF0x"
_OLD_HEADER = 21
"""joblib before 0.10: `ZF`, the unpacked length in hex and blanks, in the oldest one blank more, then one zlib stream."""
_SLOW = ("bz2", "xz", "lzma")
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (_OLD_JOBLIB, "zlib"),
    (b"x\x01", "zlib"),
    (b"x\x5e", "zlib"),
    (b"x\x9c", "zlib"),
    (b"x\xda", "zlib"),
)


class Content(Protocol):
    """Bytes in order."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""

    def skip(self, size: int) -> None:
        """Pass over exactly `size` bytes. Raises UnreadableModel where there are fewer."""


class PlainContent:
    """A seekable file, from where it stands to `size`."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def read(self, size: int) -> bytes:
        """See `Content`."""
        return self._file.read(size)

    def skip(self, size: int) -> None:
        """See `Content`; costs no reading."""
        if self._file.tell() + size > self._size:
            raise corrupt("it ends in the middle of a value")
        self._file.seek(size, 1)


class UnpackedContent:
    """A compressed file, unpacked piece by piece under a ratio and a total limit. One stream only, and nothing after it."""

    def __init__(self, file: BinaryIO, compression: str, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._decompressor = _decompressor(compression, limits)
        self._most = limits.lz4_unpacked if compression == "lz4" else limits.unpacked
        self._ratio = limits.slow_ratio if compression in _SLOW else limits.ratio
        self._pending = b""
        self._packed = 0
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        """See `Content`."""
        while not self._decompressor.eof:
            if not self._pending:
                self._pending = self._file.read(CHUNK)
                self._packed += len(self._pending)
            piece = self._unpack(size)
            if piece:
                self._count(len(piece))
                return piece
        if self._decompressor.unused_data or self._file.read(1):
            raise corrupt("more bytes follow after the end of its compressed data")
        return b""

    def skip(self, size: int) -> None:
        """See `Content`."""
        while size:
            piece = self.read(min(size, CHUNK))
            if not piece:
                raise corrupt("it ends in the middle of a value")
            size -= len(piece)

    def _unpack(self, size: int) -> bytes:
        try:
            if isinstance(self._decompressor, _Zlib):
                piece, self._pending = self._decompressor.decompress(self._pending, size)
            else:
                at_end = not self._pending and self._decompressor.needs_input
                piece = self._decompressor.decompress(self._pending, size)
                self._pending = b""
                if at_end and not piece and not self._decompressor.eof:
                    raise corrupt("its compressed data ends too early")
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
            if isinstance(error, lzma.LZMAError) and "emory" in str(error):
                raise over_limits("its compression needs too much memory to unpack") from error
            raise corrupt(f"its compressed data cannot be unpacked ({error})") from error
        return piece

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._most:
            raise over_limits("the compressed file unpacks to more than the limit")
        free = self._unpacked <= self._limits.free_ratio_below
        if not free and self._unpacked > self._packed * self._ratio:
            raise over_limits(f"the file unpacks to more than {self._ratio} times its size")


class _Zlib:
    """zlib and gzip, with the leftovers of a bounded step handed back instead of kept."""

    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, size: int) -> tuple[bytes, bytes]:
        piece = self._stream.decompress(data, size)
        if not data and not piece and not self._stream.eof:
            raise EOFError("it ends too early")
        return piece, self._stream.unconsumed_tail


_Decompressor: TypeAlias = _Zlib | bz2.BZ2Decompressor | lzma.LZMADecompressor | Lz4Frame


def _decompressor(compression: str, limits: Limits) -> _Decompressor:
    match compression:
        case "gzip":
            return _Zlib(zlib.MAX_WBITS | 16)
        case "bz2":
            return bz2.BZ2Decompressor()
        case "xz" | "lzma":
            kind = lzma.FORMAT_XZ if compression == "xz" else lzma.FORMAT_ALONE
            return lzma.LZMADecompressor(kind, memlimit=limits.lzma_memory)
        case "lz4":
            return Lz4Frame()
    return _Zlib(zlib.MAX_WBITS)


def find_compression(head: bytes) -> str | None:
    """What a file that starts with `head` is compressed with, as joblib would decide it; None for a plain one."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def open_content(file: BinaryIO, size: int, limits: Limits) -> tuple[Content, str | None]:
    """The bytes to read, and what they were compressed with."""
    file.seek(0)
    head = file.read(_OLD_HEADER + 1)
    compression = find_compression(head)
    old = head.startswith(_OLD_JOBLIB)
    file.seek(_OLD_HEADER + head.endswith(b" ") if old else 0)
    if compression is None:
        return PlainContent(file, size), None
    return UnpackedContent(file, compression, limits), compression
