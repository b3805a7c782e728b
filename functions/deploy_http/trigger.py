"""The HTTP function: hands every request to the FastAPI app, built on the first one."""

from functools import cache

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("deploy_http")
@blueprint.route(
    route="{*path}",
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],  # the app says 405
    auth_level=func.AuthLevel.ANONYMOUS,
)
async def deploy_http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Serves the API. Who the caller is, is checked inside."""
    answer: func.HttpResponse = await _middleware().handle_async(req, context)
    return answer


@cache
def _middleware() -> func.AsgiMiddleware:
    from functions.deploy_http.app import create_api  # noqa: PLC0415 - FastAPI is for requests only
    from shared import wiring  # noqa: PLC0415 - so are the storage SDKs

    return func.AsgiMiddleware(create_api(wiring.front))
