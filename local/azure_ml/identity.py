"""Managed identity: tokens by the protocol of App Service and Functions.

azure-identity asks here when IDENTITY_ENDPOINT and IDENTITY_HEADER say so; a token proves
nothing but when it expires.
"""

import secrets
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import emulator

_PREFIX = "emulator"
_CLIENT = "00000000-0000-0000-0000-000000000004"


def routes() -> list[Route]:
    """The one route."""
    return [Route("/msi/token", get_token, methods=["GET"])]


async def get_token(request: Request) -> Response:
    """A token for the `resource` asked for."""
    if "x-identity-header" not in request.headers:
        return JSONResponse({"statusCode": 403, "message": "X-IDENTITY-HEADER is missing"}, 403)
    if "resource" not in request.query_params:
        return JSONResponse({"statusCode": 400, "message": "resource is missing"}, 400)
    expires = int(time.time()) + emulator.of(request).settings.token_seconds
    return JSONResponse(
        {
            "access_token": f"{_PREFIX}.{expires}.{secrets.token_urlsafe(16)}",
            "expires_on": str(expires),
            "resource": request.query_params["resource"],
            "token_type": "Bearer",
            "client_id": _CLIENT,
        }
    )


def has_expired(token: str) -> bool:
    """Whether this is a token given out here whose time is over; others never expire."""
    prefix, _, rest = token.partition(".")
    expires = rest.partition(".")[0]
    return prefix == _PREFIX and expires.isdigit() and int(expires) < time.time()
