"""Errors as `application/problem+json` (RFC 9457), with a stable `code` and what to do `next`."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shared.domain.errors import (
    CloudError,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Refusal,
    StoreError,
    TooLarge,
    Unsafe,
)
from shared.domain.requests import invalid

_LOG = logging.getLogger("longshore.http")
_STATUS: dict[type[Refusal], int] = {
    InvalidRequest: 422,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    TooLarge: 413,
    Unsafe: 422,
}


class Problem(BaseModel):
    """What every error answer looks like."""

    type: str = Field(examples=["/problems/deployment_not_found"])
    title: str
    status: int
    detail: str = Field(description="What happened.")
    code: str = Field(description="Stable; for programs.")
    next: str = Field(description="What to do about it.")
    instance: str
    problems: list[dict[str, Any]] = Field([], description="Every wrong field, where some are.")


def add_problem_handlers(api: FastAPI) -> None:
    """Makes every error of the app a problem document."""
    api.add_exception_handler(Refusal, _refusal)
    api.add_exception_handler(RequestValidationError, _validation)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(StoreError, _unavailable)
    api.add_exception_handler(CloudError, _unavailable)
    api.add_exception_handler(Exception, _unexpected)


def render_problem(
    request: Request, status: int, refusal: Refusal, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer."""
    body = Problem(
        type=f"/problems/{refusal.code}",
        title=refusal.code.replace("_", " ").capitalize(),
        status=status,
        detail=refusal.detail,
        code=refusal.code,
        next=refusal.next_step,
        instance=request.url.path,
        problems=[dict(each) for each in refusal.problems],
    )
    return JSONResponse(
        body.model_dump(),
        status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 409)
    return render_problem(request, status, error)


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    return render_problem(request, 422, invalid(error.errors()))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    refusal = Refusal(
        {404: "no_such_path", 405: "method_not_allowed"}.get(error.status_code, "bad_request"),
        f"{request.method} {request.url.path}: {error.detail}",
        "See /docs for the paths and methods there are.",
    )
    return render_problem(request, error.status_code, refusal, error.headers)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    _LOG.warning("%s %s: %s", request.method, request.url.path, error)
    cloud = isinstance(error, CloudError)
    refusal = Refusal(
        "cloud_unavailable" if cloud else "storage_unavailable",
        f"{'Azure ML' if cloud else 'Storage'} does not answer as it should at the moment.",
        "Nothing is wrong with the request: send it again in a few seconds.",
    )
    return render_problem(request, 503, refusal, {"Retry-After": "5"})


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    refusal = Refusal(
        "internal",
        "Longshore failed at this request; that is our fault.",
        "Send it again; if it fails again, tell the operators the time and the path.",
    )
    return render_problem(request, 500, refusal)
