"""An MLflow folder as data: its files, and where the bytes of each come from. Nothing here touches a file."""

from dataclasses import dataclass
from typing import TypeAlias

from shared.domain.inspection import Obstacle


class NotServable(Exception):
    """The file was read, and nothing serves it as it is. The sender can act on `obstacle.next`."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.why)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class Inline:
    """Bytes made by the packager: put them as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """The uploaded content itself: copy it inside the store, without moving its bytes."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside the uploaded archive: stream it with `shared.domain.reading.containers.members.open_member`."""

    name: str


Origin: TypeAlias = Inline | Whole | Member


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One file of a package: where it goes, below the package's own folder, and where its bytes come from."""

    path: str
    size: int
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A complete MLflow folder as data. `digest` (sha256, hex) names it: equal digests mean equal folders.

    `findings` are the codes of what `shared.domain.packaging.lint` says of it.
    """

    digest: str
    files: tuple[PackageFile, ...]
    findings: tuple[str, ...] = ()
