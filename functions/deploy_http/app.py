"""The API: a FastAPI app over the service. Each route translates in, makes one call, translates out."""

from collections.abc import Callable

from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.deploy_http import (
    answers,
    deployment_routes,
    endpoint_routes,
    model_routes,
    problems,
)
from shared.wiring import Front

VERSION = "0.1.0"


def create_api(front: Callable[[], Front]) -> ASGIApp:
    """The app; `front` gives the wired ports, and is first called by the first request for them."""
    api = FastAPIOffline(
        title="Longshore",
        version=VERSION,
        summary="From a saved model to a live, versioned, scored endpoint on Azure ML.",
        redoc_url=None,
        responses={"4XX": {"model": problems.Problem}, "5XX": {"model": problems.Problem}},
    )
    api.state.front = front
    problems.add_problem_handlers(api)
    for routes in (model_routes, deployment_routes, endpoint_routes):
        api.include_router(routes.router)
    api.add_api_route("/health", health, tags=["service"])
    return _Answered(api)


def health() -> answers.Health:
    """Whether the API answers; opens nothing."""
    return answers.Health(status="ok", version=VERSION)


class _Answered:
    """Ends an error here that was logged and answered; the host would drop the answer for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:  # problems._unexpected has logged it
            if not started:
                raise
