"""The API's own description: every error a route can answer, as the problem document it is."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from functions.deploy_http.problems import MEDIA_TYPE, Problem

Responses = dict[int | str, dict[str, Any]]
_MEANINGS = {
    400: "The body cannot be read: broken JSON or a broken form.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is another user's.",
    409: "It contradicts what is there now.",
    412: "It has changed since the version that If-Match names.",
    413: "The body is larger than the limit.",
    415: "The body is of another media type than the route reads.",
    422: "Fields are wrong, or the model file is refused: all problems at once; nothing was stored.",
    500: "Longshore failed, or its settings are wrong.",
    502: "Azure ML refused what Longshore asked of it.",
    503: "Storage or Azure ML does not answer at the moment; Retry-After tells when to ask again.",
}


def errors(*statuses: int) -> Responses:
    """The `responses` of a route that can fail in these ways."""
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


ANY = errors(403, 422, 500, 503)
"""How every route of a signed-in caller can fail."""


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with errors under the media type they come in."""
    document = FastAPI.openapi(api)
    for operation in _operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status.isdigit() and int(status) >= HTTPStatus.BAD_REQUEST and content:
                response["content"] = {MEDIA_TYPE: next(iter(content.values()))}
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (path[method] for method in ("get", "post", "put", "delete") if method in path)
