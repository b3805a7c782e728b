"""ETag, If-None-Match and If-Match: an answer not changed is not sent again, and none is overwritten unseen.

A tag is the hash of the body, so whatever an answer shows is part of its version: the traffic
of a deployment's endpoint as much as its own record.
"""

import hashlib

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel


def answer_unless_seen(request: Request, answer: BaseModel) -> Response:
    """The answer with its ETag, or 304 where `If-None-Match` names it."""
    body = answer.model_dump_json().encode()
    tag = _tag(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    seen = {each.removeprefix("W/") for each in _listed(request.headers.get("if-none-match", ""))}
    if "*" in seen or tag in seen:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSONResponse.media_type)


def is_meant(if_match: str, answer: BaseModel) -> bool:
    """Whether `If-Match` names this answer; a weak tag names none (RFC 9110, 13.1.1)."""
    named = _listed(if_match)
    return "*" in named or _tag(answer.model_dump_json().encode()) in named


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]
