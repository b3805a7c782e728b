"""What a route takes in: known query parameters, the right media type, no more bytes than it can use.

It is looked at before the body is read, so a request that cannot be met costs next to nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from shared.domain.errors import InvalidRequest, Refusal, TooLarge
from shared.domain.policy import Policy
from shared.service.catalogue.artifacts import too_large

_MOST_JSON = 256 * 1024
_MOST_FORM_BESIDE_FILE = 64 * 1024
_MOST_NOTHING = 1024


class UnsupportedMediaType(Refusal):
    """The body is not in the form that the route reads."""


class JsonRoute(APIRoute):
    """A route that takes a JSON body, or none."""

    media_type: ClassVar[str] = "application/json"

    def limit(self, _policy: Policy) -> tuple[int, TooLarge]:
        """How many bytes the body may have, and what more of them are told."""
        return _MOST_JSON, TooLarge(
            "body_too_large",
            f"The body is larger than {_MOST_JSON:,} bytes.",
            "What is said here is short; a file goes another way: POST /models, or POST /uploads for a big one.",
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler behind the checks."""
        handle = super().get_route_handler()
        known = _query_names(self.dependant)

        async def checked(request: Request) -> Response:
            _require_known(request, known)
            if self.body_field is not None:
                if self.body_field.field_info.is_required() or _has_body(request):
                    _require_media_type(request, self.media_type)
                policy: Policy = request.app.state.front().settings.policy
                request = _Strict(request.scope, _bounded(request, *self.limit(policy)))
            return await handle(request)

        return checked


class UploadRoute(JsonRoute):
    """A route that takes a form with a file, or no body."""

    media_type: ClassVar[str] = "multipart/form-data"

    def limit(self, policy: Policy) -> tuple[int, TooLarge]:
        """The file's limit, and room for the form around it."""
        return policy.upload_limit + _MOST_FORM_BESIDE_FILE, too_large(policy.upload_limit)


class _Strict(Request):
    """A request whose JSON can be read in one way only."""

    async def json(self) -> Any:
        """The JSON of the body. Raises HTTPException 400 for a key that comes twice in an object."""
        return json.loads(await self.body(), object_pairs_hook=_once_each)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"the key {twice[:100]!r} comes twice in one object"
        )
    return found


async def require_no_body(request: Request) -> None:
    """Raises HTTPException 400 for a body that says something; some clients always send `{}`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_NOTHING:
            break
    if len(body) > _MOST_NOTHING or b"".join(body.split()) not in (b"", b"{}"):
        raise HTTPException(
            HTTPStatus.BAD_REQUEST,
            "none is taken here, since the deployment keeps its settings; to change some, POST /deployments",
        )


def _require_known(request: Request, known: set[str]) -> None:
    unknown = sorted(set(request.query_params) - known)[:20]
    if unknown:
        expected = f"is not known here; known are: {', '.join(sorted(known))}"
        names = ", ".join(name[:100] for name in unknown)
        raise InvalidRequest(
            "invalid_request",
            f"The request is not valid: {names}: {expected}.",
            "Correct the query and send the request again; nothing was stored.",
            problems=[{"field": name[:100], "problem": expected} for name in unknown],
        )


def _require_media_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise UnsupportedMediaType(
            "unsupported_media_type",
            f"The body is {given[:100] or 'of no stated type'}, not {wanted}.",
            f"Send it as {wanted}, with a Content-Type header that says so.",
        )


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


def _bounded(request: Request, limit: int, refusal: TooLarge) -> Receive:
    """The request's bytes, up to the limit. Raises the refusal, at once where the length is stated."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limit:
        raise refusal
    left = limit

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise refusal
        return message

    return receive


def _query_names(dependant: Dependant) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_query_names(each) for each in dependant.dependencies))
