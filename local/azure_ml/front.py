"""The scoring front of all endpoints: keys, traffic, limits, and the model's answer.

Statuses as Azure documents them: 401, 404 (no deployment with traffic, or none of that name),
408, 424 (the model answered with an error), 429 and, while a crashed container restarts, 503.
"""

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, emulator, keys, traffic
from local.azure_ml.serving import Answer, NotServingError
from local.azure_ml.state import Resource

ROUTED = "azureml-model-deployment"


class RefusedError(Exception):
    """A scoring request that is answered without a model."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}

    def answer(self) -> Response:
        """The refusal as it is sent."""
        return JSONResponse({"message": self.message}, self.status, self.headers)


class Front:
    """Scores, counts every request that a deployment was found for, and knows how many each works on."""

    def __init__(self) -> None:
        self._slots: dict[str, tuple[int, asyncio.Semaphore]] = {}

    def routes(self) -> list[Route]:
        """The routes below an endpoint's own address."""
        return [
            Route("/endpoints/{endpoint}/score", self.score, methods=["POST"]),
            Route("/endpoints/{endpoint}/swagger.json", describe, methods=["GET"]),
        ]

    async def score(self, request: Request) -> Response:
        """One scoring request."""
        try:
            endpoint = _endpoint(request)
            _require_key(request, endpoint)
            deployment = _choose(request, endpoint)
        except RefusedError as refused:
            return refused.answer()
        began = time.monotonic()
        answer = await self._answer(request, deployment)
        took = time.monotonic() - began
        emulator.of(request).monitor.count(deployment, answer.status_code, took)
        return answer

    async def _answer(self, request: Request, deployment: Resource) -> Response:
        """What a deployment answers."""
        try:
            answer = await self._ask(request, deployment)
        except RefusedError as refused:
            return refused.answer()
        headers = {ROUTED: deployment.name}
        if answer.status == 200:
            return Response(answer.body, 200, headers, "application/json")
        headers["ms-azureml-model-error-statuscode"] = str(answer.status)
        headers["ms-azureml-model-error-reason"] = "model_error"
        return Response(answer.body, 424, headers, "text/plain")

    async def _ask(self, request: Request, deployment: Resource) -> Answer:
        settings = deployment.properties["requestSettings"]
        routed = {ROUTED: deployment.name}
        slots = self._slots_of(deployment)
        try:
            async with asyncio.timeout(arm.seconds(settings["maxQueueWait"])):
                await slots.acquire()
        except TimeoutError as error:
            raise RefusedError(429, "too many requests are pending", routed) from error
        try:
            body = await request.body()
            async with asyncio.timeout(arm.seconds(settings["requestTimeout"])):
                return await emulator.of(request).serving.score(deployment, body)
        except TimeoutError as error:
            raise RefusedError(408, "upstream request timeout", routed) from error
        except NotServingError as error:
            raise RefusedError(503, f"no healthy upstream: {error}", routed) from error
        finally:
            slots.release()

    def _slots_of(self, deployment: Resource) -> asyncio.Semaphore:
        settings = deployment.properties["requestSettings"]
        number = settings["maxConcurrentRequestsPerInstance"] * deployment.body["sku"]["capacity"]
        known = self._slots.get(deployment.id.lower())
        if known is None or known[0] != number:
            known = (number, asyncio.Semaphore(number))
            self._slots[deployment.id.lower()] = known
        return known[1]


async def describe(request: Request) -> Response:
    """The OpenAPI description of an endpoint."""
    try:
        endpoint = _endpoint(request)
    except RefusedError as refused:
        return refused.answer()
    table: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: {"type": "array", "items": {}} for name in ("columns", "index", "data")
        },
    }
    body = {"type": "object", "required": ["input_data"], "properties": {"input_data": table}}
    operation = {
        "summary": "Predictions of the deployed model",
        "security": [{"Bearer": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "One prediction for each row",
                "content": {"application/json": {"schema": {"type": "array", "items": {}}}},
            }
        },
    }
    return JSONResponse(
        {
            "openapi": "3.0.3",
            "info": {"title": endpoint.name, "version": "1.0"},
            "paths": {"/score": {"post": operation}},
            "components": {"securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}}},
        }
    )


def _endpoint(request: Request) -> Resource:
    name = request.path_params["endpoint"].lower()
    for endpoint in emulator.of(request).store.of_kind("endpoint", ""):
        if endpoint.name.lower() == name:
            return endpoint
    raise RefusedError(404, f"there is no endpoint {request.path_params['endpoint']}")


def _require_key(request: Request, endpoint: Resource) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    by_token = endpoint.properties["authMode"] != "Key"
    held = endpoint.private["keys"]
    if scheme.lower() != "bearer" or not keys.is_accepted(given.strip(), held, by_token=by_token):
        raise RefusedError(401, "the key or token is missing or not valid for this endpoint")


def _choose(request: Request, endpoint: Resource) -> Resource:
    name = request.headers.get(ROUTED) or traffic.choose(endpoint.properties["traffic"])
    if name is None:
        text = "The endpoint doesn't have any valid deployment with positive weight."
        raise RefusedError(404, text)
    deployment = emulator.of(request).store.find(f"{endpoint.id}/deployments/{name}")
    if deployment is None:
        raise RefusedError(404, f"the endpoint has no deployment {name}")
    return deployment
