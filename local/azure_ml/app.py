"""Puts the emulator together: parts, routes, layers, and what happens at its start and end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from azure.core.exceptions import AzureError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from local.azure_ml import deployments, endpoints, identity, metrics, models, workspaces
from local.azure_ml.control import Control
from local.azure_ml.deployment_work import DeploymentDeletion, DeploymentWork
from local.azure_ml.emulator import Emulator
from local.azure_ml.endpoint_work import EndpointDeletion, EndpointWork, KeyWork
from local.azure_ml.environments import Installed
from local.azure_ml.environments_built import Built
from local.azure_ml.errors import ArmError, answer_arm_error
from local.azure_ml.faults import Faults
from local.azure_ml.front import Front
from local.azure_ml.gate import ArmEntry, Gate
from local.azure_ml.loading import Loader
from local.azure_ml.monitor import Monitor, watch
from local.azure_ml.operations import Operations, Work
from local.azure_ml.serving import Logs, Serving
from local.azure_ml.serving_light import LightServing
from local.azure_ml.serving_process import ProcessServing
from local.azure_ml.settings import Settings
from local.azure_ml.state import Store
from local.azure_ml.storage import Storage

_PROVIDER = "providers/microsoft.machinelearningservices"
_WORKSPACE = (
    f"/subscriptions/{{subscription}}/resourcegroups/{{group}}/{_PROVIDER}/workspaces/{{workspace}}"
)
_LOCATION = f"/subscriptions/{{subscription}}/{_PROVIDER}/locations/{{location}}"


def build(settings: Settings) -> ASGIApp:
    """The application; raises sqlite3.OperationalError if the state is in use."""
    parts = _parts(settings)
    app = Starlette(
        lifespan=_lifespan,
        exception_handlers={
            ArmError: answer_arm_error,
            HTTPException: _answer_no_route,
            AzureError: _answer_no_storage,
        },
    )
    app.state.emulator = parts
    faults = Faults()
    gate = Gate(ArmEntry(app), faults)
    app.router.routes.extend(
        [
            *workspaces.routes(_WORKSPACE, _LOCATION),
            *models.routes(_WORKSPACE),
            *endpoints.routes(_WORKSPACE),
            *deployments.routes(_WORKSPACE),
            *metrics.routes(_WORKSPACE),
            *identity.routes(),
            *Front().routes(),
            *Control(faults, gate).routes(),
        ]
    )
    return gate


def _parts(settings: Settings) -> Emulator:
    store = Store(settings.state)
    storage = Storage(settings.storage, settings.container)
    logs = Logs(settings.state / "logs")
    loader = Loader(storage, logs)
    serving = _serving(settings, loader, logs)
    change = EndpointWork(store)
    boot = DeploymentWork(store, serving, logs)
    works: dict[str, Work] = {
        "endpoint.create": change,
        "endpoint.update": change,
        "endpoint.key": KeyWork(store),
        "endpoint.delete": EndpointDeletion(store, serving),
        "deployment.create": boot,
        "deployment.update": boot,
        "deployment.delete": DeploymentDeletion(store, serving, logs),
    }
    operations = Operations(store, settings.operation_seconds, works)
    monitor = Monitor(settings.state)
    return Emulator(settings, store, storage, operations, serving, logs, monitor)


def _serving(settings: Settings, loader: Loader, logs: Logs) -> Serving:
    folder = settings.state
    if settings.serving == "light":
        return LightServing(folder, loader, logs, settings.resident_models)
    built = settings.environments == "built"
    environments = Built(folder, logs) if built else Installed(folder)
    return ProcessServing(folder, loader, logs, environments)


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Emulator = app.state.emulator
    parts.serving.start()
    for deployment in parts.store.of_kind("deployment", ""):
        if deployment.properties["provisioningState"] == "Succeeded":
            parts.serving.revive(deployment)
    parts.operations.resume()
    watching = asyncio.create_task(_watch(parts))
    try:
        yield
    finally:
        watching.cancel()
        await parts.operations.stop()
        await parts.serving.stop()
        parts.storage.close()
        parts.store.close()
        parts.monitor.close()


async def _watch(parts: Emulator) -> None:
    """Measures the processes that serve, where each deployment has one of its own."""
    if parts.settings.serving == "process":
        await watch(parts.monitor, lambda: parts.store.of_kind("deployment", ""), parts.serving.pid)


async def _answer_no_route(request: Request, error: Exception) -> Response:
    """ARM's words for a path or a method that nothing here answers."""
    if not isinstance(error, HTTPException):
        raise error
    text = f"{request.method} {request.url.path} is not emulated ({error.detail})."
    code = "InvalidResourceType" if error.status_code == 404 else "MethodNotAllowed"
    return JSONResponse(ArmError(error.status_code, code, text).body(), error.status_code)


async def _answer_no_storage(_request: Request, error: Exception) -> Response:
    """A call that needs the blob storage while that does not answer."""
    text = f"The workspace's storage does not answer: {error}"
    return JSONResponse(ArmError(503, "ServiceUnavailable", text).body(), 503)
