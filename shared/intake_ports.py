"""What taking in a file needs besides `shared.ports`: sources by reference, and room to work in.

`shared.adapters` implements both; tests have sources in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from shared.domain.catalogue.sources import DatastoreSource, Source
from shared.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file at a source. `path` is its place in the folder that was named, empty for a single file.

    `open` gives the bytes of the version that was found, once, and is to be closed; it and the reads raise
    as `Sources.find`. `size` is in bytes, where it is known before they are read.
    """

    path: str
    open: Callable[[], BinaryIO]
    size: int | None = None


class Sources(Protocol):
    """Where models are taken from by reference."""

    def find(self, source: Source | DatastoreSource) -> Sequence[SourceFile]:
        """The file that a source names, or all files of the folder, at most `limits.MAX_SOURCE_FILES` and one more.

        Raises a Refusal where it will never be had so (not there, not allowed), SourceError where it may pass.
        """
        ...


class Spool(Protocol):
    """Room for a file while it is worked on."""

    def new(self) -> BinaryIO:
        """An empty file, to be written and read, that is gone when it is closed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePorts(Ports):
    """What takes in a file works with besides."""

    sources: Sources
    spool: Spool
