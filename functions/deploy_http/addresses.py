"""Absolute addresses of the API's own things, as the caller reached it, and tokens of list pages."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from shared.domain.errors import InvalidRequest
from shared.domain.requests import InstanceType

_MOST_CHECKED = 100
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many in one answer.")]
Page = Annotated[
    str, Query(max_length=200, description="`next_page` of the answer before; none: the first.")
]
ServedOn = Annotated[InstanceType, Query(description="The size it is to be served on.")]
Check = Annotated[
    bool,
    Query(
        description="Whether to look for each file in the store, which is a call for each: then at most "
        f"{_MOST_CHECKED} come in one answer."
    ),
]


def address_of(request: Request, path: str, **query: str | int) -> str:
    """Where `path` is, for the same user (who is in the query where AUTH_MODE is `local`)."""
    user = request.query_params.get("user_id")
    whole = {**query, **({"user_id": user} if user else {})}
    return str(request.url.replace(path=path, query=urlencode(whole), fragment=""))


def most(limit: int, *, check: bool) -> int:
    """How many things to list where each may have to be looked for."""
    return min(limit, _MOST_CHECKED) if check else limit


def point_to_monitor(request: Request, response: Response, path: str, look_again: str) -> None:
    """Says where to watch what was accepted, and after how many seconds to look."""
    monitor = address_of(request, path)
    response.headers["Location"] = monitor
    response.headers["Operation-Location"] = monitor
    response.headers["Retry-After"] = look_again


def point_to_next(request: Request, response: Response, token: str | None) -> None:
    """Links the next page of a list (RFC 8288), where there is one."""
    if token:
        query = {**request.query_params, "page": token}
        response.headers["Link"] = f'<{request.url.replace(query=urlencode(query))}>; rel="next"'


def render_page(last: str) -> str | None:
    """The token of the page that begins after the id `last`; None where that is no id."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=") if last else None


def parse_page(token: str, parse_id: Callable[[str], object]) -> str:
    """The id that a token stands for; empty for no token. Raises InvalidRequest."""
    if not token:
        return ""
    try:
        last = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        last = ""
    if parse_id(last) is None:
        raise InvalidRequest(
            "invalid_request",
            "The request is not valid: page: is no page of this list.",
            "Take `next_page` from the answer before as it is, or leave `page` out to begin again.",
            problems=[{"field": "page", "problem": "is no page of this list"}],
        )
    return last
