"""One version of a blob: as a listing tells of it, and as a call asks for it. Used by `azure_blobs`."""

from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions

from shared.ports import Listed

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties


def listed(found: "BlobProperties") -> Listed:
    """What a listing tells of a blob."""
    etag = f'"{str(found.etag).strip(chr(34))}"'  # listings leave out the marks that belong to it
    return Listed(key=found.name, etag=etag, size=found.size, modified_at=found.last_modified)


def pinned(etag: str, prefix: str = "") -> dict[str, Any]:
    """The SDK's options by which a call is for one version only; none without one."""
    condition = MatchConditions.IfNotModified
    return {f"{prefix}etag": etag, f"{prefix}match_condition": condition} if etag else {}
