"""What zip and tar archives have in common: files with names, and what makes a name unsafe to unpack."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from shared.domain.reading.containers.content import Content
from shared.domain.reading.limits import Limits, corrupt, over_limits

_BAD_NAME = re.compile(r"^$|[\x00-\x1f\\]|^/|^[A-Za-z]:|(^|/)\.{1,2}(/|$)|//")
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    name: str
    size: int


class FileArchive(Protocol):
    """A checked archive, zip or tar. `entries` are its files in the archive's order."""

    entries: tuple[Entry, ...]

    def open(self, name: str) -> Content:
        """One file's bytes, in order. Raises UnreadableModel where there is none of that name."""

    def read(self, name: str, most: int) -> bytes:
        """A small file, whole. Raises UnreadableModel where it is larger than `most` bytes."""


def is_junk(name: str) -> bool:
    """Whether a file is one of those that macOS adds by itself."""
    return _JUNK.search(name) is not None


def check_name(name: str, limits: Limits) -> None:
    """Raise UnreadableModel for a path that leaves the folder, that systems spell in more than one way, or too deep a one."""
    if len(name) > limits.name or _BAD_NAME.search(name):
        raise corrupt(f"the archive has a file with an unsafe name: {name[:80]!r}")
    if name.count("/") > limits.nesting:
        raise over_limits(f"the archive has more than {limits.nesting} folders in each other")


def check_together(entries: Iterable[tuple[str, bool]]) -> None:
    """Raise UnreadableModel for names that are one on some systems. Each comes with whether it is a folder's."""
    seen: set[str] = set()
    files: set[str] = set()
    for written, is_folder in entries:
        name = written.rstrip("/").casefold()
        if name in seen:
            raise corrupt(f"the archive has {written[:80]!r} twice")
        seen.add(name)
        if not is_folder:
            files.add(name)
    parents = (found for name in seen for found in _parents(name))
    if any(parent in files for parent in parents):
        raise corrupt("the archive has a file and a folder of one name")


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name
