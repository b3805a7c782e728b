"""The file of an intake while it is written to storage, which may take longer than a lease."""

from typing import BinaryIO

from shared.service.intake.turn import IntakeTurn


class KeptFile:
    """A seekable file each read of which keeps the turn's hold of its intake. Raises LeaseLost.

    Reads may come from several threads, one at a time, as the storage SDK does it.
    """

    def __init__(self, turn: IntakeTurn, file: BinaryIO) -> None:
        self._turn, self._file = turn, file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the file."""
        self._turn.keep()
        return self._file.read(size)
