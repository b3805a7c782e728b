"""ETag, If-None-Match and If-Match: an answer not changed is not sent again, and none is overwritten unseen.

A tag is the hash of the body, so whatever an answer shows is part of its version: the traffic
of a deployment's endpoint as much as its own record.
"""

import hashlib
from typing import Annotated, Literal

from fastapi import Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

JSON, _TEXT = "application/json", "text/plain"
IfMatch = Annotated[str, Header(max_length=500, description="The ETag of what you decided on.")]
ShownAs = Annotated[
    Literal["json", "text", ""],
    Query(alias="format", description="`text` is for people, as is `Accept: text/plain`."),
]
Accept = Annotated[str, Header(max_length=500)]


def answer_unless_seen(request: Request, answer: BaseModel) -> Response:
    """The answer with its ETag, or 304 where `If-None-Match` names it."""
    return _answer(request, answer.model_dump_json().encode(), str(JSONResponse.media_type))


def answer_text_unless_seen(request: Request, text: str) -> Response:
    """The same for what is shown to people."""
    return _answer(request, text.encode(), "text/plain; charset=utf-8")


def is_for_people(shown_as: str, accept: str) -> bool:
    """Whether text was asked for; where the address does not say, whether it comes before JSON among what is accepted."""
    if shown_as:
        return shown_as == "text"
    named = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    return next((each for each in named if each in (_TEXT, JSON, "*/*")), JSON) == _TEXT


def was_seen(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names this version."""
    seen = {each.removeprefix("W/") for each in _listed(request.headers.get("if-none-match", ""))}
    return "*" in seen or tag in seen


def row_meant(if_match: str, answer: BaseModel, etag: str) -> str:
    """The version of a row that `If-Match` means, by what is shown of the row now.

    It names what is shown: the row's own etag; a weak tag names nothing (RFC 9110, 13.1.1). Else a
    version that no row has: the service knows what is to be answered whatever the version.
    """
    named = _listed(if_match)
    meant = "*" in named or _tag(answer.model_dump_json().encode()) in named
    return etag if meant else "another"


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    tag = _tag(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if was_seen(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]
