"""Refusals that several acceptances share."""

from shared.domain.errors import PreconditionFailed


def changed(what: str, path: str) -> PreconditionFailed:
    """The caller decided on another version than the present one, which `path` shows."""
    return PreconditionFailed(
        "precondition_failed",
        f"The {what} has changed since the version that If-Match names.",
        f"Read it again with GET {path}, then decide.",
    )
