"""The bytes of an HDF5 file, which lies alone or uncompressed in an archive. Every offset is checked, every step counted.

HDF5 files are graphs of addresses that a hostile one can knot as it likes; the count of steps ends every walk through them.
Format: The HDF Group, "HDF5 File Format Specification Version 3.0".
"""

from typing import BinaryIO

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.limits import corrupt, over_limits

UNDEFINED = 2**64 - 1
"""The address of what is not there."""
_MOST_STEPS = 120_000
_BYTES_OF_A_STEP = 2_048
_LONGEST_READ = 1 << 20


class Hdf5Bytes:
    """`size` bytes of a file from `start` on."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self.size = size
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises UnreadableModel where there were too many for a model."""
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise over_limits("its HDF5 structure takes more steps to read than any model's")

    def at(self, address: int, size: int) -> bytes:
        """Exactly `size` bytes from an address. Raises UnreadableModel where they are not all in the file."""
        if size > _LONGEST_READ or address + size > self.size:
            raise broken("points behind its end")
        self.spend(1 + size // _BYTES_OF_A_STEP)
        self._file.seek(self._start + address)
        data = self._file.read(size)
        if len(data) != size:
            raise broken("ends too early")
        return data

    def record(self, address: int, size: int, signature: bytes) -> "Fields":
        """A structure that starts with a signature, without it."""
        fields = Fields(self.at(address, size))
        if fields.take(len(signature)) != signature:
            raise broken("has something else where its structure leads")
        return fields

    def text(self, address: int, most: int) -> str:
        """A text that ends with a null byte."""
        data = self.at(address, max(0, min(most, self.size - address)))
        end = data.find(b"\0")
        if end < 0:
            raise broken("has a name without an end")
        return data[:end].decode("utf-8", "replace")


class Fields:
    """Little-endian fields of a structure, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not taken yet."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """The next bytes. Raises UnreadableModel where there are fewer."""
        if size > self.left:
            raise broken("has a structure that is too short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        """The next unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def address(self) -> int:
        """The next address, or length."""
        return self.number(8)


def broken(what: str) -> UnreadableModel:
    """The error for an HDF5 file that the HDF5 library would not read, or would read in another way."""
    return corrupt(f"its HDF5 part {what}")
