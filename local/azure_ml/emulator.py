"""The parts of one running emulator, as its routes find them."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from local.azure_ml.monitor import Monitor
from local.azure_ml.operations import Operations
from local.azure_ml.serving import Logs, Serving
from local.azure_ml.settings import Settings
from local.azure_ml.state import Store
from local.azure_ml.storage import Storage


@dataclass(frozen=True, slots=True)
class Emulator:
    """Everything a route may use."""

    settings: Settings
    store: Store
    storage: Storage
    operations: Operations
    serving: Serving
    logs: Logs
    monitor: Monitor


def of(request: Request) -> Emulator:
    """The emulator that answers this request."""
    emulator: Emulator = request.app.state.emulator
    return emulator


def effect(request: Request) -> dict[str, Any]:
    """The fault that an operation begun by this request shall show; empty for none."""
    found: dict[str, Any] = request.scope.get("operation_effect", {})
    return found
