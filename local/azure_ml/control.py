"""What tests and the demo ask of the emulator itself, below /_control: faults, calls, resources.

None of this exists on Azure.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import emulator, quota
from local.azure_ml.faults import BadRuleError, Faults
from local.azure_ml.gate import Gate
from local.azure_ml.state import Resource


class Control:
    """The routes below /_control."""

    def __init__(self, faults: Faults, gate: Gate) -> None:
        self._faults = faults
        self._gate = gate

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/_control/faults", self.add_fault, methods=["POST"]),
            Route("/_control/faults", self.list_faults, methods=["GET"]),
            Route("/_control/faults", self.clear_faults, methods=["DELETE"]),
            Route("/_control/calls", self.list_calls, methods=["GET"]),
            Route("/_control/calls", self.clear_calls, methods=["DELETE"]),
            Route("/_control/resources", list_resources, methods=["GET"]),
        ]

    async def add_fault(self, request: Request) -> Response:
        """Puts a rule in force."""
        try:
            rule = self._faults.add(json.loads(await request.body()))
        except (BadRuleError, ValueError) as error:
            return JSONResponse({"message": str(error)}, 400)
        return JSONResponse({"id": rule.id}, 201)

    async def list_faults(self, _request: Request) -> Response:
        """All rules, with how often they matched and hit."""
        return JSONResponse({"faults": self._faults.shown()})

    async def clear_faults(self, request: Request) -> Response:
        """Forgets all rules and lets stuck operations go on."""
        self._faults.clear()
        emulator.of(request).operations.release()
        return Response(status_code=204)

    async def list_calls(self, _request: Request) -> Response:
        """The latest calls that change something, oldest first."""
        return JSONResponse({"calls": list(self._gate.calls)})

    async def clear_calls(self, _request: Request) -> Response:
        """Forgets the calls."""
        self._gate.calls.clear()
        return Response(status_code=204)


async def list_resources(request: Request) -> Response:
    """What exists in all workspaces, which is what would be billed or kept."""
    parts = emulator.of(request)
    versions = [_version(held) for held in parts.store.of_kind("version", "")]
    endpoints = [_endpoint(held) for held in parts.store.of_kind("endpoint", "")]
    deployments = [_deployment(held, request) for held in parts.store.of_kind("deployment", "")]
    return JSONResponse(
        {
            "models": versions,
            "endpoints": endpoints,
            "deployments": deployments,
            "cores": sum(quota.used(parts.store.of_kind("deployment", "")).values()),
            "empty": not (versions or endpoints or deployments),
        }
    )


def _version(version: Resource) -> dict[str, Any]:
    properties = version.properties
    return {
        "id": version.id,
        "name": version.parent.rpartition("/")[2],
        "version": version.name,
        "tags": properties["tags"],
        "archived": properties["isArchived"],
        "uri": properties["modelUri"],
    }


def _endpoint(endpoint: Resource) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "state": endpoint.properties["provisioningState"],
        "traffic": endpoint.properties["traffic"],
        "tags": endpoint.body["tags"],
    }


def _deployment(deployment: Resource, request: Request) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "endpoint": deployment.parent.rpartition("/")[2],
        "name": deployment.name,
        "state": deployment.properties["provisioningState"],
        "instance_type": deployment.properties["instanceType"],
        "instances": deployment.body["sku"]["capacity"],
        "tags": deployment.body["tags"],
        "pid": emulator.of(request).serving.pid(deployment),
    }
