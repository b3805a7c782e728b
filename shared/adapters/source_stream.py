"""The bytes of a source, read once from the beginning, with the errors of whoever brings them in our words."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, cast

from shared.domain.errors import SourceError

LONGEST_SECONDS = 3600.0
"""A source that drips is given up after it."""
Translated = Callable[[], AbstractContextManager[None]]


def open_stream(
    read: Callable[[int], bytes], close: Callable[[], object], translated: Translated
) -> BinaryIO:
    """A file over `read`, which gives what has arrived, at most so many bytes, and none at the end.

    A `read` that waits until it has all of them would hide a source that drips.
    """
    return cast(BinaryIO, _Stream(read, close, translated))


class _Stream(io.RawIOBase):
    def __init__(
        self, read: Callable[[int], bytes], close: Callable[[], object], translated: Translated
    ) -> None:
        super().__init__()
        self._read, self._close, self._translated = read, close, translated
        self._end = time.monotonic() + LONGEST_SECONDS

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        pieces, left = [], size
        while left and (piece := self._next(left)):
            pieces.append(piece)
            left -= len(piece) if size > 0 else 0
        return b"".join(pieces)

    def _next(self, most: int) -> bytes:
        if time.monotonic() > self._end:
            raise SourceError(f"the source took more than {LONGEST_SECONDS / 60:.0f} minutes")
        with self._translated():
            return self._read(most)

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()
