"""Where bytes are kept: by digest, written once, shared by all that name them.

A content that is missed may lie in the trash: whoever looks for one here has it brought back.
"""

from contextlib import suppress
from typing import BinaryIO

from shared.domain.errors import Exists, Missing, StoreError, Unavailable
from shared.ports import Blob, Blobs
from shared.service.catalogue import trash
from shared.service.contention import TRIES


def content_key(digest: str) -> str:
    """The key of an uploaded file."""
    return f"content/{digest}"


def metadata_key(artifact_id: str) -> str:
    """The key of an artifact's description."""
    return f"artifacts/{artifact_id}/metadata.json"


def package_folder(digest: str) -> str:
    """The folder of a package; its last segment has no dot, which the registry would refuse."""
    return f"packages/{digest}"


def log_key(deployment_id: str, generation: int) -> str:
    """The key of the log of a deployment's failed try; the first is of generation 1."""
    return f"logs/{deployment_id}{'' if generation == 1 else f'-{generation}'}.txt"


def find_content(blobs: Blobs, digest: str) -> Blob | None:
    """The content of a digest, by one light call where it is in its place; None where it is in no trash either."""
    key = content_key(digest)
    found = blobs.find(key)
    if found is None and trash.bring_back(blobs, key):
        return blobs.find(key)
    return found


def is_present(blobs: Blobs, digest: str) -> bool:
    """Whether the content of a digest is there."""
    return find_content(blobs, digest) is not None


def open_content(blobs: Blobs, digest: str) -> BinaryIO:
    """A file over the content of a digest. Raises Missing."""
    key = content_key(digest)
    try:
        return blobs.open(key)
    except Missing:
        if not trash.bring_back(blobs, key):
            raise
    return blobs.open(key)


def ensure_content(blobs: Blobs, digest: str, file: BinaryIO) -> None:
    """Stores a content from where its file stands; where it is there it gets a new version, which no collection has seen."""
    key, start = content_key(digest), file.tell()
    for _ in range(TRIES):
        try:
            blobs.put(key, file)
        except Exists:
            if not blobs.touch(key):  # it went in between
                file.seek(start)
                continue
        return
    raise Unavailable(f"{key} came and went {TRIES} times")


def ensure_kept(blobs: Blobs, digest: str, file: BinaryIO) -> None:
    """Called once a row names a content: stores it again where a collection, which had looked before, took it away.

    Where storage does not answer, it lies in the trash, and comes back when it is looked for.
    """
    with suppress(StoreError):
        if not is_present(blobs, digest):
            file.seek(0)
            ensure_content(blobs, digest, file)


def write_once(blobs: Blobs, key: str, data: bytes) -> bool:
    """Writes where nothing is; False where something else is, which is left as it is.

    What is there is read back: our own bytes are an earlier try of ours whose answer was lost. Raises StoreError.
    """
    try:
        blobs.put(key, data)
    except (Exists, Unavailable):
        present = _read(blobs, key, len(data) + 1)
        if present is not None:
            return present == data
        blobs.put(key, data)
    return True


def _read(blobs: Blobs, key: str, most: int) -> bytes | None:
    try:
        with blobs.open(key) as present:
            return present.read(most)
    except Missing:
        return None


def ensure_blob(blobs: Blobs, key: str, content: bytes | BinaryIO) -> None:
    """Writes where nothing is; what is there already has the same digest."""
    try:
        blobs.put(key, content)
    except Exists:
        return
