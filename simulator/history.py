"""What happened in a run, line by line, for people to read.

A line is kept for every call of a port; it is put into words only when somebody wants to read it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from simulator.faults import Kind
from simulator.timeline import SECOND

NO_WORDS: Callable[[], str] = str


@dataclass(slots=True)
class Line:
    """One call of a port: when, by whom, what, which fault it met, and what became of it.

    `kind` is None for one that only looks.
    """

    at: int
    actor: str
    call: str
    about: Collection[str]
    kind: Kind | None
    mark: str = ""
    became: Callable[[], str] = NO_WORDS

    def render(self) -> str:
        """The line as text."""
        mark = f"  <-- {self.mark}" if self.mark else ""
        call = self.call if self.kind else f"({self.call})"
        return f"{_clock(self.at)}  {self.actor:<14} {call:<22} {self.became()}{mark}".rstrip()


class History:
    """The lines of one run, in order."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, line: Line) -> Line:
        """Keeps a line; it may be completed later."""
        self.lines.append(line)
        return line

    def render(self, *, about: Collection[str] = (), reads: bool = False) -> Iterator[str]:
        """The lines as text: of what is named by `about`, or of everything; reads where wanted."""
        for line in self.lines:
            if _concerns(line.about, about) and (line.kind or line.mark or reads):
                yield line.render()


def _concerns(of_line: Iterable[str], wanted: Collection[str]) -> bool:
    return not wanted or any(each in wanted for each in of_line)


def _clock(at: int) -> str:
    seconds, micro = divmod(at, SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{micro // 1000:03d}"
