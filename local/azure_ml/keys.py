"""Keys and tokens by which callers may score an endpoint."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

KEY_NAMES = {"primary": "primaryKey", "secondary": "secondaryKey"}


def new() -> str:
    """A key nobody has seen."""
    return secrets.token_urlsafe(48)


def token(key: str, seconds: int) -> tuple[str, int]:
    """A token made from an endpoint's key, and when it expires (epoch seconds)."""
    expires = int(time.time()) + seconds
    return f"{expires}.{_signature(key, expires)}", expires


def is_accepted(given: str, held: Mapping[str, str], *, by_token: bool) -> bool:
    """Whether `given` is one of the keys `held`, or an unexpired token made from the first."""
    if not by_token:
        return any(hmac.compare_digest(given.encode(), key.encode()) for key in held.values())
    text, _, signature = given.partition(".")
    if not text.isdigit() or int(text) < time.time():
        return False
    expected = _signature(held["primaryKey"], int(text))
    return hmac.compare_digest(signature.encode(), expected.encode())


def _signature(key: str, expires: int) -> str:
    return hmac.new(key.encode(), str(expires).encode(), hashlib.sha256).hexdigest()
