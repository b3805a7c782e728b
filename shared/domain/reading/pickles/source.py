"""The pickle machine's view of its bytes: single bytes, values, lines, and the frames of protocol 4.

Frames are held to the letter: Python's two unpicklers read a value that crosses a frame differently, and a file that
two loaders read differently is refused.
"""

from shared.domain.reading.containers.content import CHUNK, Content
from shared.domain.reading.limits import corrupt

_ENDS = "it ends in the middle of a value"


class Source:
    """A buffered reader over `Content`. Positions count unpacked bytes."""

    __slots__ = ("_at", "_base", "_buffer", "_content", "_frame_end", "_stop")

    def __init__(self, content: Content) -> None:
        self._content = content
        self._buffer = b""
        self._base = 0
        self._at = 0
        self._stop = 0
        self._frame_end: int | None = None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._base + self._at

    def byte(self) -> int:
        """The next byte."""
        if self._at >= self._stop:
            self._require(1)
        value = self._buffer[self._at]
        self._at += 1
        return value

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, all in memory: for small values only."""
        if self._at + size > self._stop:
            self._require(size)
        start = self._at
        self._at += size
        return self._buffer[start : self._at]

    def line(self, longest: int) -> bytes | None:
        """Up to the next line feed, which is not part of the value. None for a longer one than `longest`: skipped."""
        kept = b""
        fits = True
        while True:
            if self._at >= self._stop:
                self._require(1)
            end = self._buffer.find(b"\n", self._at, self._stop)
            piece = self._buffer[self._at : end if end >= 0 else self._stop]
            fits = fits and len(kept) + len(piece) <= longest
            kept = kept + piece if fits else b""
            self._at += len(piece)
            if end >= 0:
                self._at += 1
                return kept if fits else None
            if self._frame_end == self.position:
                raise corrupt("a line crosses the end of its frame")

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        if self._frame_end == self.position:
            self._leave_frame()
        if self._frame_end is not None and self.position + size > self._frame_end:
            raise corrupt("a value crosses the end of its frame")
        buffered = min(size, len(self._buffer) - self._at)
        self._at += buffered
        if size > buffered:
            self._content.skip(size - buffered)
            self._base += self._at + size - buffered
            self._buffer = b""
            self._at = 0
        self._bound()

    def enter_frame(self, size: int) -> None:
        """Start a frame of `size` bytes here."""
        self.leave_frame()
        self._frame_end = self.position + size
        self._bound()

    def leave_frame(self) -> None:
        """Claim that no frame is open here, or that it ends exactly here."""
        if self._frame_end not in (None, self.position):
            raise corrupt("a frame holds more than it should")
        self._leave_frame()

    def at_end(self) -> bool:
        """Whether no byte is left."""
        if self._at < len(self._buffer):
            return False
        self._fill()
        return self._at >= len(self._buffer)

    def _leave_frame(self) -> None:
        self._frame_end = None
        self._bound()

    def _bound(self) -> None:
        self._stop = len(self._buffer)
        if self._frame_end is not None:
            self._stop = min(self._stop, self._frame_end - self._base)

    def _require(self, size: int) -> None:
        if self._frame_end == self.position and size:
            self._leave_frame()
        if self._frame_end is not None and self.position + size > self._frame_end:
            raise corrupt("a value crosses the end of its frame")
        while len(self._buffer) - self._at < size:
            if not self._fill():
                raise corrupt(_ENDS)
        self._bound()

    def _fill(self) -> bool:
        piece = self._content.read(CHUNK)
        self._buffer = self._buffer[self._at :] + piece
        self._base += self._at
        self._at = 0
        self._bound()
        return bool(piece)
