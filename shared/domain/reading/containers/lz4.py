"""Unpacks LZ4 frames, which joblib writes with `compress="lz4"`, in plain Python: the reading process has no packages.

After the frame and block formats, github.com/lz4/lz4/blob/dev/doc. One frame, without a dictionary. Checksums are passed over: they
guard against accidents of storage, and the content has a digest of its own. Memory: a block (at most 4 MiB) before and
after, and the 64 KiB that the next one may refer to.
"""

from shared.domain.reading.limits import KIB

_MAGIC = b"\x04\x22\x4d\x18"
_HISTORY = 64 * KIB
_BLOCK_SIZES = {4: 64 * KIB, 5: 256 * KIB, 6: 1024 * KIB, 7: 4096 * KIB}
_STORED = 1 << 31
_LONG = 15
_SHORTEST_MATCH = 4
_HEADER, _SIZED_HEADER = 7, 15
_FREE_BLOCKS = 10_000
_MEAN_BLOCK = 4 * KIB
"""Writers fill their blocks. A file of tiny ones would cost time out of all proportion to its size."""


class Lz4Frame:
    """One frame, fed and unpacked piece by piece, as `bz2.BZ2Decompressor` does it. Raises EOFError or ValueError."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self._packed = bytearray()
        self._unpacked = memoryview(b"")
        self._history = b""
        self._linked = True
        self._checks = 0
        self._ends_with = 0
        self._block_size = 0
        self._blocks = 0
        self._made = 0

    @property
    def needs_input(self) -> bool:
        """Whether nothing more can be unpacked without more of the file."""
        return not self._unpacked and not self._has_block()

    def decompress(self, data: bytes, size: int) -> bytes:
        """At most `size` unpacked bytes; none while more of the file is needed, or at the end."""
        self._packed += data
        if not self._block_size and not self._read_header():
            return b""
        while not self._unpacked and not self.eof and self._has_block():
            self._next_block()
        piece = bytes(self._unpacked[:size])
        self._unpacked = self._unpacked[size:]
        return piece

    def _read_header(self) -> bool:
        if len(self._packed) < _HEADER:
            return False
        flags, sizes = self._packed[4], self._packed[5]
        block_size = _BLOCK_SIZES.get(sizes >> 4 & 7)
        known = flags >> 6 == 1 and not flags & 0b11 and not sizes & 0b1000_1111
        if self._packed[:4] != _MAGIC or not known or block_size is None:
            raise ValueError("its lz4 header is of no known form")
        length = _SIZED_HEADER if flags & 0b1000 else _HEADER
        if len(self._packed) < length:
            return False
        self._block_size = block_size
        self._linked = not flags & 0b10_0000
        self._checks = 4 if flags & 0b1_0000 else 0
        self._ends_with = 4 if flags & 0b100 else 0
        del self._packed[:length]
        return True

    def _head(self) -> tuple[int, bool]:
        """The size of the next block with what follows it, and whether it is the end mark."""
        word = int.from_bytes(self._packed[:4], "little")
        size = word & ~_STORED
        if size > self._block_size:
            raise ValueError("a block is larger than its header says")
        return 4 + (size + self._checks if word else self._ends_with), not word

    def _has_block(self) -> bool:
        return (
            bool(self._block_size)
            and len(self._packed) >= 4
            and len(self._packed) >= self._head()[0]
        )

    def _next_block(self) -> None:
        whole, last = self._head()
        if last:
            self.eof = True
            self.unused_data = bytes(self._packed[whole:])
            return
        block = bytes(self._packed[4 : whole - self._checks])
        stored = self._packed[3] & 0x80
        del self._packed[:whole]
        self._unpacked = memoryview(
            block if stored else unpack_block(block, self._history, self._block_size)
        )
        self._blocks += 1
        self._made += len(self._unpacked)
        if self._blocks > _FREE_BLOCKS + self._made // _MEAN_BLOCK:
            raise ValueError("it is cut into too many small blocks")
        if self._linked:
            self._history = (self._history + bytes(self._unpacked[-_HISTORY:]))[-_HISTORY:]


def unpack_block(block: bytes, history: bytes, most: int) -> bytes:
    """A block's content, of at most `most` bytes; `history` is what came before and may be referred to."""
    out = bytearray(history)
    try:
        _unpack(block, out, len(history) + most)
    except IndexError as error:
        raise EOFError("a block ends too early") from error
    return bytes(out[len(history) :])


def _unpack(block: bytes, out: bytearray, most: int) -> None:
    """Append a block's content to `out`. One function without calls, since it runs once for every few bytes."""
    at, end = 0, len(block)
    while True:
        token = block[at]
        at += 1
        length = token >> 4
        if length == _LONG:
            length, at = _longer(block, at)
        out += block[at : at + length]
        at += length
        if at >= end:
            break
        distance = block[at] | block[at + 1] << 8
        at += 2
        length = (token & _LONG) + _SHORTEST_MATCH
        if length == _LONG + _SHORTEST_MATCH:
            more, at = _longer(block, at)
            length = more + _SHORTEST_MATCH
        have = len(out)
        if not 0 < distance <= have or have + length > most:
            raise ValueError("a block refers to what is not there")
        start = have - distance
        # a copy may include bytes that it has just written itself
        out += (
            out[start : start + length]
            if distance >= length
            else (out[start:] * (length // distance + 1))[:length]
        )
    if at > end or len(out) > most:
        raise ValueError("a block does not end where it should")


def _longer(block: bytes, at: int) -> tuple[int, int]:
    """A length that goes on in further bytes, and where it ends."""
    length = _LONG
    while block[at] == 0xFF:
        length += 0xFF
        at += 1
    return length + block[at], at + 1
