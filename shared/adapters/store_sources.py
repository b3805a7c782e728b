"""Models from stores that we have rights to: containers of our own account, and buckets of S3.

A file is pinned to the version that was found. Used by `model_sources`.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from shared.adapters.s3_errors import NotSetUp
from shared.adapters.source_stream import open_stream
from shared.domain import limits
from shared.domain.errors import (
    Changed,
    Conflict,
    Forbidden,
    Missing,
    NotFound,
    SourceError,
    StoreError,
    Unavailable,
)
from shared.intake_ports import SourceFile
from shared.ports import Blob, Blobs


def find_files(blobs: Blobs, path: str, source: object) -> Sequence[SourceFile]:
    """The blob of a path, or those below it where the path ends with a slash. Raises as `Sources.find`."""
    with _translated(source):
        if path.endswith("/"):
            found = _list(blobs, path, source)
        else:
            _require_usable(path, source)
            blob = blobs.find(path)
            found = [(path, blob)] if blob else []
    return [_file(blobs, key, key.removeprefix(path), blob, source) for key, blob in found]


def _list(blobs: Blobs, folder: str, source: object) -> list[tuple[str, Blob]]:
    """What is below a folder, up to one more than there may be, without the markers that consoles make of folders."""
    below = (each for each in blobs.list(folder) if not each.key.endswith("/"))
    found = list(itertools.islice(below, limits.MAX_SOURCE_FILES + 1))
    for each in found:
        _require_usable(each.key, source)
    return [(each.key, each) for each in found]


def _require_usable(key: str, source: object) -> None:
    try:
        limits.check_blob_key(key)
    except ValueError as error:
        raise Conflict(
            "source_key_not_usable",
            f"{source} has a file that Longshore cannot take by its name: {key[:200]!r}.",
            f"Its key must be {limits.BLOB_KEY_RULE}: rename it, or move it elsewhere; then send the request again.",
        ) from error


def _file(blobs: Blobs, key: str, path: str, blob: Blob, source: object) -> SourceFile:
    translated = partial(_translated, source)

    def opened() -> BinaryIO:
        with translated():
            file = blobs.open(key, etag=blob.etag)
        return open_stream(file.read, file.close, translated)

    return SourceFile(path=path, size=blob.size, open=opened)


@contextmanager
def _translated(source: object) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise SourceError(f"{source}: {error}") from error
    except Missing as error:
        raise missing(source) from error
    except Changed as error:
        raise Conflict(
            "source_changed",
            f"{source} was changed while it was read.",
            "Send the request again when nobody writes there.",
        ) from error
    except NotSetUp as error:
        raise Forbidden(
            "source_denied",
            f"{source} cannot be read by this server: {error}.",
            "An operator's turn: set up S3 as docs/settings.md says; then send the request again.",
        ) from error
    except StoreError as error:
        raise denied(source) from error


def missing(source: object) -> NotFound:
    """The refusal of a source that is not there."""
    return NotFound(
        "source_not_found", f"There is nothing at {source}.", "Correct it, and send it again."
    )


def denied(source: object) -> Forbidden:
    """The refusal of a source that does not let us in."""
    return Forbidden(
        "source_denied",
        f"{source} does not let Longshore in.",
        "Its owner gives the app's identity the right to read it; then send the request again.",
    )
