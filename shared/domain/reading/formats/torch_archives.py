"""The zip archive that torch has written since 1.6, for `torch.save` and for TorchScript: one folder with known files.

torch takes the first file's folder for the name of the whole and finds files in it without regard to case; an archive in
which that could mean another file than the reader looks at is refused.
"""

import re
from dataclasses import dataclass

from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.limits import Limits, corrupt

_OURS = re.compile(
    r"(?i)(data|constants)\.pkl|version|byteorder|(code|data|constants|\.data|extra)/.*"
)
_SERIAL = re.compile(r"\.data/serialization_id|\.format_version|\.storage_alignment")


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchArchive:
    """`prefix` is the folder and a slash; `sizes` are the files in it by their names without it."""

    archive: Archive
    prefix: str
    sizes: dict[str, int]

    def storages(self, folder: str) -> dict[str, int]:
        """The bytes of each storage in a folder (`data/` or `constants/`), by its key."""
        return {
            name.removeprefix(folder): size
            for name, size in self.sizes.items()
            if name.startswith(folder)
        }

    def read(self, name: str, most: int) -> bytes:
        """A small file, whole."""
        return self.archive.read(self.prefix + name, most)


def open_torch_archive(archive: Archive, limits: Limits) -> TorchArchive:
    """The archive's one folder. Raises UnreadableModel where torch could take it otherwise."""
    prefix = archive.entries[0].name.partition("/")[0] + "/"
    sizes: dict[str, int] = {}
    for entry in archive.entries:
        name = entry.name.removeprefix(prefix)
        if name == entry.name:
            raise corrupt("it has files outside of the folder that torch looks into")
        if _OURS.fullmatch(name) and not _is_as_written(name):
            raise corrupt(f"torch would take {name[:60]!r} for a file of another name")
        sizes[name] = entry.size
    opened = TorchArchive(archive=archive, prefix=prefix, sizes=sizes)
    if "data.pkl" not in sizes:
        raise corrupt("the pickle that torch saved is missing")
    _check_version(opened, limits)
    return opened


def is_plain_file(name: str) -> bool:
    """Whether a file of the archive is one of the notes that torch itself leaves there."""
    return name in ("version", "byteorder", ".data/version") or bool(_SERIAL.fullmatch(name))


def _is_as_written(name: str) -> bool:
    top = name.partition("/")[0]
    return top == top.lower()


def _check_version(opened: TorchArchive, limits: Limits) -> None:
    name = "version" if "version" in opened.sizes else ".data/version"
    if not opened.read(name, limits.name).strip().isdigit():
        raise corrupt("it does not tell the version of its form")
