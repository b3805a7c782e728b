"""Ids: microseconds in UTC, readable, sortable, minted once when a request is accepted.

A moment is an int: microseconds since 1970-01-01 UTC. A deployment writes it as 20 digits
(`YYYYmmddHHMMSSffffff`), an artifact as `{type}-{n}-{microseconds since 1970}`. That no two
requests share one is the work of the claim in `shared.service.claims`, not of the clock.
"""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{20}")  # not \d, which takes every script's digits
_ARTIFACT = re.compile(r"(model|dataset|code)-([0-9]{1,6})-([0-9]{16})")
_LARGEST = 10**20 - 1


def to_moment(at: datetime) -> int:
    """Microseconds since 1970 of a time that carries its zone."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def to_datetime(moment: int) -> datetime:
    """The UTC time of a moment."""
    return _EPOCH + timedelta(microseconds=moment)


def next_moment(now: datetime, last: int) -> int:
    """The clock's moment, or one past `last` where the clock stands still or went back."""
    return max(to_moment(now), last + 1)


def render_id(moment: int) -> str:
    """A moment as 20 digits, `YYYYmmddHHMMSSffffff` in UTC."""
    return to_datetime(moment).strftime("%Y%m%d%H%M%S%f")


def parse_id(text: str) -> int | None:
    """The moment that 20 digits name; None where they name no time."""
    if not _DIGITS.fullmatch(text):
        return None
    try:
        return to_moment(datetime.strptime(text, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC))
    except ValueError:
        return None


def newest_first(deployment_id: str) -> str:
    """The part of a row key that makes a range read come newest first: 10^20 - 1 - id."""
    return f"{_LARGEST - int(deployment_id):020d}"


def render_artifact_id(kind: str, n: int, moment: int) -> str:
    """`{type}-{n}-{microseconds since 1970}`; `n` is its place in the request, from 1."""
    return f"{kind}-{n}-{moment:016d}"


def parse_artifact_id(text: str) -> tuple[str, int, int] | None:
    """(type, n, moment) of an artifact id; None where the text is not one."""
    match = _ARTIFACT.fullmatch(text)
    return (match[1], int(match[2]), int(match[3])) if match else None
