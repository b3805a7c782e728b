"""Writers that meet on one record: whoever was slower reads, decides and writes again."""

from collections.abc import Callable
from typing import TypeVar

from shared.domain.errors import Changed, Conflict, Exists, Missing

TRIES = 8
_BUSY = 2.0  # seconds until it is worth another try

T = TypeVar("T")


def until_written(what: str, attempt: Callable[[], T]) -> T:
    """What an attempt returns that reads `what` and writes it before a turn or another request does.

    Raises Conflict `busy` where each of `TRIES` attempts was too late, and whatever else one raises.
    """
    for _ in range(TRIES):
        try:
            return attempt()
        except (Exists, Changed, Missing):
            continue
    raise Conflict(
        "busy",
        f"The {what} kept changing while the request was accepted.",
        "Send the request again.",
        retry_after=_BUSY,
    )
