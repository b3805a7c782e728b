"""Where bytes are kept: by digest, written once, shared by all that name them."""

from typing import BinaryIO

from shared.domain.errors import Exists
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


def ensure_blob(blobs: Blobs, key: str, content: bytes | BinaryIO) -> None:
    """Writes where nothing is; what is there already has the same digest."""
    try:
        blobs.put(key, content)
    except Exists:
        return
