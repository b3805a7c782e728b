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
    """A file over `read`, which gives at most so many bytes, and none at the end."""
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
        if time.monotonic() > self._end:
            raise SourceError(f"the source took more than {LONGEST_SECONDS / 60:.0f} minutes")
        with self._translated():
            return self._read(size)

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()
