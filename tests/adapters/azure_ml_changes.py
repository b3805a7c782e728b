"""Changes that the tests of `azure_ml_control` make, and what the emulator saw of them."""

from collections.abc import Callable
from typing import Any

from shared.adapters.azure_ml_control import AzureMlControl
from shared.cloud_ports import NewDeployment, NewModel
from tests.contracts.emulated import GOOD_PATH
from tests.local.azure_ml import running

TIMEOUT = 3.0
MODEL = NewModel(name="good", version="7", path=GOOD_PATH, description="d", tags={"t": "1"})


def deployment(endpoint: str) -> NewDeployment:
    return NewDeployment(
        name="blue",
        endpoint_name=endpoint,
        model_name="good",
        model_version="7",
        instance_type="Standard_DS1_v2",
        instance_count=2,
        environment_variables={"A": "b"},
        tags={"longshore-deployment": "1"},
    )


def sent(emulator: running.Running) -> list[tuple[str, str, Any]]:
    """The changing calls since the client was built: verb, end of the path, body."""
    calls = emulator.control("GET", "calls")["calls"]
    names = [
        (call["method"], call["path"].partition("/adapters/")[2], call["body"]) for call in calls
    ]
    return [call for call in names if not call[1].endswith("/none")]


def ready(emulator: running.Running, endpoint: str) -> bool:
    held = emulator.control("GET", "resources")["endpoints"]
    return any((one["name"], one["state"]) == (endpoint, "Succeeded") for one in held)


def put(control: AzureMlControl, endpoint: str) -> None:
    control.put_endpoint(endpoint, tags={"t": "1"}, traffic={})


CHANGES: dict[str, Callable[[AzureMlControl, str], None]] = {
    "register_model": lambda control, _name: control.register_model(MODEL),
    "put_endpoint": put,
    "put_deployment": lambda control, name: control.put_deployment(deployment(name)),
    "remove_deployment": lambda control, name: control.remove_deployment(name, "blue"),
    "remove_endpoint": lambda control, name: control.remove_endpoint(name),
}
