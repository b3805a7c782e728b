"""How the path of a source is written: in one way, which no client and no server along the way reads as another."""

import re
from urllib.parse import unquote

from shared.domain import limits

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
"""Of a container, a bucket, a run, a model or a version."""
_HIDDEN = re.compile(r"%(?![0-9a-f]{2})|%(2[ef]|5c|25|[01][0-9a-f]|7f|3f|23)", re.IGNORECASE)


class NotAllowed(Exception):
    """Why a text is refused, to be told after `source`."""


def split_place(rest: str) -> tuple[str, str]:
    """Container or bucket, and the key in it, of what follows a scheme. Raises NotAllowed."""
    require_no_query(rest)
    name, _, path = rest.removeprefix("//").partition("/")
    if not rest.startswith("//") or not NAME.fullmatch(name) or not path:
        raise NotAllowed("must name a container or bucket, and a key or a folder/ in it")
    try:
        limits.check_blob_key(path.removesuffix("/"))
    except ValueError:
        raise NotAllowed(f"its key must be {limits.BLOB_KEY_RULE}") from None
    return name, path


def decode_key(path: str) -> str:
    """The key that the path of an address stands for. Raises NotAllowed."""
    require_encoded(path.removesuffix("/"))
    key = unquote(path)
    if not key.isascii():
        raise NotAllowed("its path must be of printable ASCII, also behind its percent signs")
    return key


def require_plain(path: str) -> None:
    """Raises NotAllowed for a path that somebody reads in another way."""
    if any(part in ("", ".", "..") for part in path.split("/")) or _HIDDEN.search(path):
        raise NotAllowed(
            "its path must be plain: no empty part, no dots alone, no slash in disguise"
        )


def require_encoded(path: str) -> None:
    """Raises NotAllowed for a path of an address that is not plain, or not percent-encoded."""
    require_plain(path)
    if " " in path:
        raise NotAllowed("its path must have %20 where there is a space")


def require_no_query(text: str) -> None:
    """Raises NotAllowed for a text with a query or a fragment."""
    if "?" in text or "#" in text:
        raise NotAllowed(
            "must have no query: it may be a secret, and Longshore keeps none; upload the file instead"
        )
