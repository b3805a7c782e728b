"""The API: a FastAPI app over the service. Each route translates in, makes one call, translates out."""

from collections.abc import Callable
from functools import partial

from fastapi import Request
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.deploy_http import (
    answers,
    artifact_routes,
    dead_letter_routes,
    deployment_routes,
    endpoint_routes,
    exception_routes,
    figures_routes,
    model_routes,
    openapi,
    problems,
    reconcile_routes,
    upload_routes,
    usage_routes,
)
from shared import patience
from shared.wiring import Front

VERSION = "0.2.0"


def create_api(front: Callable[[], Front]) -> ASGIApp:
    """The app; `front` gives the wired ports, and is first called by the first request for them."""
    api = FastAPIOffline(
        title="Longshore",
        version=VERSION,
        summary="From a saved model to a live, versioned, scored endpoint on Azure ML.",
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    api.state.front = front
    problems.add_problem_handlers(api)
    for routes in (
        model_routes,
        artifact_routes,
        upload_routes,
        deployment_routes,
        usage_routes,
        endpoint_routes,
        exception_routes,
        figures_routes,
        dead_letter_routes,
        reconcile_routes,
    ):
        api.include_router(routes.router, responses=openapi.ANY)
    api.add_api_route("/health", health, tags=["service"], responses=openapi.errors(500))
    api.add_api_route("/", welcome, include_in_schema=False)
    api.openapi = partial(openapi.describe, api)  # type: ignore[method-assign]  # FastAPI's own way
    return _Answered(api)


def health(request: Request) -> answers.Health:
    """Whether the API answers and its settings are right; asks nothing of storage or the cloud."""
    request.app.state.front()
    return answers.Health(status="ok", version=VERSION)


def welcome() -> RedirectResponse:
    """The way to the documentation."""
    return RedirectResponse("/docs")


def _operation_id(route: APIRoute) -> str:
    return route.name


class _Answered:
    """What the app answers to GET, without its body, to HEAD; and an error that was answered ends here.

    All of it has a limited patience with storage. The host would drop the answer for the error, which has been logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, unfinished, bodiless = False, False, scope.get("method") == "HEAD"

        async def noted(message: Message) -> None:
            nonlocal started, unfinished
            started, unfinished = True, False
            if bodiless and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)
            unfinished = message["type"] != "http.response.body" or message.get("more_body", False)

        try:
            with patience.limited(patience.HTTP_SECONDS):
                asked = {**scope, "method": "GET", "bodiless": True} if bodiless else scope
                await self._app(asked, receive, noted)
        except Exception:  # problems._unexpected has logged it
            if unfinished or not started:
                raise  # half of a file must not look like an answer
