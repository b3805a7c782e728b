"""ETag and 304: an answer that has not changed since the caller saw it is not sent again."""

import hashlib

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel


def answer_unless_seen(request: Request, answer: BaseModel, etag: str = "") -> Response:
    """The answer with its ETag, or 304 where `If-None-Match` names it.

    `etag` is the version of the record, for `If-Match`; a list's is the hash of what it shows.
    """
    body = answer.model_dump_json().encode()
    tag = etag or f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    seen = request.headers.get("if-none-match", "")
    if tag in (part.strip() for part in seen.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSONResponse.media_type)
