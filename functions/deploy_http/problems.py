"""Errors as `application/problem+json` (RFC 9457), with a stable `code` and what to do `next`."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from functions.deploy_http.bodies import UnsupportedMediaType
from functions.deploy_http.idempotency import KeyInvalid
from shared import telemetry
from shared.domain.errors import (
    CloudError,
    Conflict,
    Forbidden,
    InvalidRequest,
    Newer,
    NotFound,
    PreconditionFailed,
    Refusal,
    StoreError,
    TooLarge,
    TooMany,
    Trouble,
    UnreadableRow,
    Unsafe,
)
from shared.domain.requests import invalid
from shared.domain.retry import bound_told
from shared.settings import SettingsError
from shared.telemetry import Happened

MEDIA_TYPE = "application/problem+json"
_STATUS: dict[type[Refusal], int] = {
    InvalidRequest: 422,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    TooMany: 429,
    UnsupportedMediaType: 415,
    KeyInvalid: 400,
    Unsafe: 422,
    Refusal: 409,
}
_LOOK_AGAIN = 5  # seconds
_SEND_AGAIN = "Nothing is wrong with the request: send it again after the seconds in Retry-After."


class WrongField(BaseModel):
    """One thing that is wrong."""

    field: str = Field(examples=["instance_count"])
    problem: str = Field(examples=["must be less than or equal to 10"])


class Problem(BaseModel):
    """What every error answer looks like."""

    type: str = Field(examples=["urn:longshore:problem:deployment_not_found"])
    title: str = Field(examples=["Deployment not found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        description="What happened.", examples=["You have no deployment '20251118172903100000'."]
    )
    code: str = Field(description="Stable; for programs.", examples=["deployment_not_found"])
    next: str = Field(
        description="What to do about it.", examples=["List yours with GET /deployments/list."]
    )
    instance: str = Field(examples=["/deployments/20251118172903100000"])
    problems: list[WrongField] = Field(
        [], description="Every wrong field, where some are.", examples=[[]]
    )


def add_problem_handlers(api: FastAPI) -> None:
    """Makes every error of the app a problem document."""
    api.add_exception_handler(Refusal, _refusal)
    api.add_exception_handler(RequestValidationError, _validation)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(StoreError, _storage)
    api.add_exception_handler(UnreadableRow, _unreadable)
    api.add_exception_handler(CloudError, _cloud)
    api.add_exception_handler(SettingsError, _settings)
    api.add_exception_handler(Exception, _unexpected)


def render_problem(
    request: Request, status: int, refusal: Refusal, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer."""
    body = Problem(
        type=f"urn:longshore:problem:{refusal.code}",
        title=refusal.code.replace("_", " ").capitalize(),
        status=status,
        detail=refusal.detail,
        code=refusal.code,
        next=refusal.next_step,
        instance=request.url.path,
        problems=[WrongField.model_validate(each) for each in refusal.problems],
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    wait = error.retry_after
    headers = None if wait is None else {"Retry-After": str(math.ceil(wait))}
    return render_problem(request, status, error, headers)


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    found = error.errors()
    if found[0]["type"] == "json_invalid":
        return _malformed(request, f"{found[0]['ctx']['error']} at character {found[0]['loc'][1]}")
    return render_problem(request, 422, invalid(found))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    cause = error.__cause__
    if isinstance(cause, Refusal):
        return await _refusal(request, cause)  # raised while FastAPI read the body
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _malformed(request, _why_unreadable(cause) or error.detail)
    path = request.url.path
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _allowed(request)
        refusal = Refusal(
            "method_not_allowed", f"{path} does not answer to {request.method}.", f"Use {allowed}."
        )
        return render_problem(request, 405, refusal, {"Allow": allowed})
    refusal = Refusal(
        "no_such_path", f"There is nothing at {path}.", "See /docs for the paths there are."
    )
    return render_problem(request, error.status_code, refusal, error.headers)


def _allowed(request: Request) -> str:
    """Every method this path answers to; Starlette tells those of one of its routes only."""
    there = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    ]
    if "GET" in there:
        there.insert(1, "HEAD")
    return ", ".join(dict.fromkeys(there))


def _malformed(request: Request, why: str) -> JSONResponse:
    refusal = Refusal(
        "malformed_body",
        f"The body cannot be read: {why.rstrip('.')}.",
        "Correct it and send the request again; nothing was stored.",
    )
    return render_problem(request, 400, refusal)


def _why_unreadable(cause: BaseException | None) -> str:
    if isinstance(cause, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8" if isinstance(cause, UnicodeDecodeError) else ""


async def _storage(request: Request, error: Exception) -> JSONResponse:
    telemetry.tell(Happened.HTTP_UNAVAILABLE, path=request.url.path, reason=str(error))
    refusal = Refusal(
        "storage_unavailable", "Storage does not answer as it should at the moment.", _SEND_AGAIN
    )
    return render_problem(request, 503, refusal, {"Retry-After": str(_LOOK_AGAIN)})


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnreadableRow)  # noqa: S101 - registered for it
    telemetry.tell(Happened.UNREADABLE, kind=type(error).__name__, reason=str(error))
    if isinstance(error, Newer):
        refusal = Refusal(
            "newer_version",
            "A newer version of Longshore, which is taking over, wrote this; here runs an older one.",
            _SEND_AGAIN,
        )
        return render_problem(request, 503, refusal, {"Retry-After": str(_LOOK_AGAIN)})
    refusal = Refusal(
        "record_damaged",
        "What is stored of this cannot be read: Longshore's own record is damaged.",
        "Tell the operators the path and the time; the log says which row it is, and what is wrong.",
    )
    return render_problem(request, 500, refusal)


async def _cloud(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CloudError)  # noqa: S101 - registered for it
    telemetry.tell(Happened.HTTP_UNAVAILABLE, path=request.url.path, reason=str(error))
    if error.trouble is Trouble.AUTH:
        refusal = Refusal(
            "cloud_denied",
            "Azure ML does not let Longshore do this.",
            "An operator gives the app's identity the roles it needs on the workspace.",
        )
        return render_problem(request, 502, refusal)
    if error.trouble is Trouble.PERMANENT:
        refusal = Refusal(
            "cloud_refused",
            f"Azure ML refused this with the code {error.code!r}.",
            "Look at the deployment's events; if they tell nothing, tell the operators.",
        )
        return render_problem(request, 502, refusal)
    refusal = Refusal(
        "cloud_unavailable", "Azure ML does not answer as it should at the moment.", _SEND_AGAIN
    )
    wait = math.ceil(bound_told(error.retry_after) or _LOOK_AGAIN)
    return render_problem(request, 503, refusal, {"Retry-After": str(wait)})


async def _settings(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SettingsError)  # noqa: S101 - registered for it
    telemetry.tell(Happened.SETTINGS_WRONG, reason=str(error))
    names = ", ".join(dict.fromkeys(problem.name for problem in error.problems))
    refusal = Refusal(
        "settings_wrong",
        f"This server is not set up: its settings are missing or wrong: {names}.",
        "An operator corrects them in the function app's settings and starts it again.",
        problems=[{"field": each.name, "problem": each.problem} for each in error.problems],
    )
    return render_problem(request, 500, refusal)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    where: dict[str, Any] = {"method": request.method, "path": request.url.path}
    telemetry.tell(Happened.HTTP_FAILED, error=error, **where)
    refusal = Refusal(
        "internal",
        "Longshore failed at this request; that is our fault.",
        "Send it again; if it fails again, tell the operators the time and the path.",
    )
    return render_problem(request, 500, refusal)
