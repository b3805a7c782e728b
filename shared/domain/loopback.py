"""What counts as this machine: the one place where secrets may go by plain http, and nowhere beyond."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine: by `localhost`, or by an address of the loopback range."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # no URL, or a name
        return False


def is_safe(url: str) -> bool:
    """Whether secrets may be sent to a URL: https anywhere, plain http to this machine only."""
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
