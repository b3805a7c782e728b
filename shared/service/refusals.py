"""Refusals that several acceptances share: somebody else was faster."""

from shared.domain.errors import Conflict, PreconditionFailed

_BUSY = 2.0  # seconds until it is worth another try


def busy(what: str) -> Conflict:
    """Others wrote faster, time and again."""
    return Conflict(
        "busy",
        f"The {what} kept changing while the request was accepted.",
        "Send the request again.",
        retry_after=_BUSY,
    )


def changed(what: str, path: str) -> PreconditionFailed:
    """The caller decided on another version than the present one, which `path` shows."""
    return PreconditionFailed(
        "precondition_failed",
        f"The {what} has changed since the version that If-Match names.",
        f"Read it again with GET {path}, then decide.",
    )
