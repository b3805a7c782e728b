"""The API's own description: every error a route can answer, as the problem document it is."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from functions.deploy_http.idempotency import REPLAYED
from functions.deploy_http.problems import MEDIA_TYPE, Problem
from shared.domain.requests import KEY_DAYS

Responses = dict[int | str, dict[str, Any]]
_MEANINGS = {
    400: "The body cannot be read: its JSON or form is broken, or has a key twice in one object.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is another user's.",
    409: "It contradicts what is there now; where that passes by itself, Retry-After tells when.",
    412: "It has changed since the version that If-Match names.",
    413: "The body is larger than the limit.",
    416: "The range begins beyond the end.",
    415: "The body is of another media type than the route reads.",
    422: "Fields are wrong, or the model file is refused: all problems at once; nothing was stored.",
    429: "You have asked for more than you may have at once; Retry-After tells when to ask again.",
    500: "Longshore failed, or its settings are wrong.",
    502: "Azure ML refused what Longshore asked of it.",
    503: "Storage or Azure ML does not answer at the moment; Retry-After tells when to ask again.",
}
_OF_NO_BODY = {400: "There is a body, and none is taken here."}
_OF_A_KEY = {
    400: " Or Idempotency-Key holds no key.",
    422: " Or Idempotency-Key came before with another request.",
}
_HEADERS = {
    "ETag": "The version of what is shown.",
    REPLAYED: f"`true` where the same request was made before under its key, in the last {KEY_DAYS} days.",
    "Location": "Where it is, absolute.",
    "Operation-Location": "Where to watch it, absolute.",
    "Retry-After": "Seconds after which to look.",
}


def errors(*statuses: int, once: bool = False, body: bool = True) -> Responses:
    """The `responses` of a route that can fail in these ways.

    `once`: it takes an idempotency key. Without `body`: it takes none.
    """
    meanings = _MEANINGS if body else _MEANINGS | _OF_NO_BODY
    more = _OF_A_KEY if once else {}
    return {
        status: {"model": Problem, "description": meanings[status] + more.get(status, "")}
        for status in (*statuses, *more)
    }


def cached(*statuses: int) -> Responses:
    """The `responses` of a route that tells its version, and can fail in these ways."""
    unchanged = {"description": "It has not changed since the version that If-None-Match names."}
    return {200: _with("ETag"), 304: unchanged | _with("ETag"), **errors(*statuses)}


def readable(*statuses: int) -> Responses:
    """As `cached`, for a route that answers in JSON or in plain text."""
    responses = cached(*statuses)
    text = {"schema": {"type": "string"}}
    responses[200] = {**responses[200], "content": {"text/plain; charset=utf-8": text}}
    return responses


def downloaded(*statuses: int) -> Responses:
    """As `cached`, for a route that answers with a file."""
    responses = cached(*statuses)
    file = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    part = {"description": "The range that was asked for.", "content": file} | _with("ETag")
    link = {"description": "It is large: read it there, within minutes."} | _with("Location")
    responses[200] = {**responses[200], "content": file}
    return responses | {206: part, 307: link}


def watched(*statuses: int) -> Responses:
    """The `responses` of a route that shows something that goes on, and can fail in these ways."""
    return cached(*statuses) | {200: _with("ETag", "Retry-After")}


def accepted(*statuses: int, once: bool = False, body: bool = True) -> Responses:
    """The `responses` of a route that begins something to be watched, and can fail as in `errors`."""
    replayed = (REPLAYED,) if once else ()
    headers = _with("Location", "Operation-Location", "Retry-After", *replayed)
    return {202: headers, **errors(*statuses, once=once, body=body)}


def created(*statuses: int) -> Responses:
    """The `responses` of a route that creates something once a key, and can fail in these ways."""
    return {201: _with("Location", REPLAYED), **errors(*statuses, once=True)}


def _with(*headers: str) -> dict[str, Any]:
    return {"headers": {name: _header(_HEADERS[name]) for name in headers}}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


ANY = errors(403, 422, 500, 503)
"""How every route of a signed-in caller can fail."""


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with errors under the media type they come in; made once."""
    if api.openapi_schema:
        return api.openapi_schema
    document = FastAPI.openapi(api)
    seen = _header("The ETags you have: an answer among them is 304, without a body.")
    for operation in _operations(document):
        if "304" in operation["responses"]:
            operation["parameters"].append({"name": "If-None-Match", "in": "header", **seen})
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status.isdigit() and int(status) >= HTTPStatus.BAD_REQUEST and content:
                response["content"] = {MEDIA_TYPE: next(iter(content.values()))}
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (path[method] for method in ("get", "post", "put", "delete") if method in path)
