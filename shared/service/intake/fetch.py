"""Brings the bytes of an intake into a file of the spool, once, with their digest; memory stays flat.

A folder becomes one zip archive without compression, its names in order and its times fixed, so that the same
folder always has the same digest.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from shared.domain import limits
from shared.domain.catalogue import sources
from shared.domain.catalogue.sources import RegistrySource
from shared.domain.errors import Changed, Conflict, Missing, NotFound, Refusal, TooLarge
from shared.intake_ports import SourceFile
from shared.service.intake import referenced, rows
from shared.service.intake.begin import too_large
from shared.service.intake.turn import IntakeTurn

_CHUNK = 4 * 1024 * 1024
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can tell


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of an intake, with their sha256 and their count, and the registry's entry where they stay there."""

    file: BinaryIO
    digest: str
    size: int
    registered: RegistrySource | None = None


@contextmanager
def fetched(turn: IntakeTurn) -> Iterator[Fetched]:
    """The file of a turn's intake, as it was found; gone after the block.

    Raises a Refusal where it cannot be taken, SourceError and StoreError where that may pass, LeaseLost.
    """
    registered, files = _find(turn)
    with turn.ports.spool.new() as file:
        if len(files) == 1 and not files[0].path:
            digest = _copy(turn, files[0], file)
        else:
            digest = _pack(turn, files, file)
        yield Fetched(file, digest, file.tell(), registered)


def _find(turn: IntakeTurn) -> tuple[RegistrySource | None, Sequence[SourceFile]]:
    intake = turn.intake
    if not intake.source:
        return None, [SourceFile(path="", open=lambda: _open_uploaded(turn), size=intake.size)]
    source = sources.parse_source(
        intake.source, turn.policy.sources
    )  # the settings may be others by now
    if isinstance(source, RegistrySource):
        return source, referenced.find_files(turn.ports, turn.policy, intake.user_key, source)
    files = turn.ports.sources.find(source)
    if not files:
        raise NotFound(
            "source_not_found", f"There is nothing at {source}.", "Correct it, and send it again."
        )
    return None, files


def _open_uploaded(turn: IntakeTurn) -> BinaryIO:
    key = rows.quarantine_key(turn.intake.id)
    try:
        return turn.ports.blobs.open(key, etag=turn.intake.etag)
    except (Changed, Missing) as error:
        raise changed() from error


def changed() -> Refusal:
    """The refusal of a file that was written again after it was confirmed."""
    return Conflict(
        "upload_changed",
        "The file was written again after it was confirmed; what was confirmed is not there any more.",
        "Begin again with POST /uploads, and confirm when the upload is complete.",
    )


def _copy(turn: IntakeTurn, found: SourceFile, file: BinaryIO) -> str:
    """Writes the bytes of a source to a file; their digest. Raises TooLarge, however many were announced."""
    if (found.size or 0) > turn.policy.direct_upload_limit:
        raise too_large(found.size or 0, turn.policy)
    digest = hashlib.sha256()
    for chunk in _chunks(turn, found):
        file.write(chunk)
        digest.update(chunk)
        _require_room(turn, file)
    return digest.hexdigest()


def _chunks(turn: IntakeTurn, found: SourceFile) -> Iterator[bytes]:
    """The bytes of a source, while the turn holds its intake."""
    try:
        with closing(found.open()) as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk
                turn.keep()
    except (Changed, Missing) as error:
        raise changed() from error


def _require_room(turn: IntakeTurn, file: BinaryIO) -> None:
    if file.tell() > turn.policy.direct_upload_limit:
        raise too_large(file.tell(), turn.policy)


def _pack(turn: IntakeTurn, files: Sequence[SourceFile], file: BinaryIO) -> str:
    """Writes a folder to a file, as an archive; its digest."""
    known = sum(each.size or 0 for each in files)
    if len(files) > limits.MAX_SOURCE_FILES:
        raise TooLarge(
            "source_too_large",
            f"The folder has more than {limits.MAX_SOURCE_FILES} files.",
            "Name the model's own folder, not one above it.",
        )
    if known > turn.policy.direct_upload_limit:
        raise too_large(known, turn.policy)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for each in sorted(files, key=lambda each: each.path):
            _add(turn, archive, each, file)
    return _digest(turn, file)


def _add(turn: IntakeTurn, archive: zipfile.ZipFile, found: SourceFile, file: BinaryIO) -> None:
    info = zipfile.ZipInfo(found.path, _ZIP_TIME)
    info.create_system, info.external_attr = 3, 0o100644 << 16  # the same whatever runs this
    # sizes always in eight bytes: some sources tell them only with the last byte
    with archive.open(info, "w", force_zip64=True) as member:
        for chunk in _chunks(turn, found):
            member.write(chunk)
            _require_room(turn, file)


def _digest(turn: IntakeTurn, file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        turn.keep()
    return digest.hexdigest()
