"""Where bytes are kept: by digest, written once, shared by all that name them."""

from typing import BinaryIO

from shared.domain.errors import Exists, Missing, Unavailable
from shared.ports import Blobs


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


def is_present(blobs: Blobs, digest: str) -> bool:
    """Whether the content of a digest is there: one light call."""
    return blobs.size(content_key(digest)) is not None


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
