"""Loads an app's `function_app.py` and reads its functions, as Microsoft's Python worker does.

The worker's finer checks (annotations) are left to `local.microsoft_runtime`, which runs the
worker's own code. Everything the local host cannot serve is refused here, all of it at once.
"""

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import azure.functions as func

from local.host import routes, schedule
from local.host.functions import (
    Function,
    HttpTrigger,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
    Trigger,
)
from local.host.host_json import HostJson
from local.host.problems import SettingError, StartupError
from local.host.settings import Settings

SCRIPT = "function_app"

_Binding = dict[str, Any]


def load(folder: Path) -> list[Any]:
    """Imports the app in `folder` and returns Microsoft's objects for its functions.

    May be called once a process: the app becomes the process's own, working folder included.
    Raises StartupError if the import fails or the app is not exactly one.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(SCRIPT)
        return list(_only_app(module).get_functions())
    except StartupError:
        raise
    except Exception as error:
        raise StartupError(
            [f"{folder / SCRIPT}.py cannot be loaded:\n{traceback.format_exc()}"]
        ) from error


def index(
    loaded: Sequence[Any], settings: Settings, host: HostJson, wanted: Sequence[str] | None
) -> list[Function]:
    """The functions to serve, by name: those `wanted`, or all that are not disabled.

    Raises StartupError with the problems of every one of them.
    """
    problems: list[str] = []
    by_name = {each.get_function_name(): each for each in loaded}
    for name in wanted or ():
        if name not in by_name:
            known = ", ".join(sorted(by_name)) or "none"
            problems.append(f"--functions: the app has no function {name}; it has: {known}")
    served: list[Function] = []
    for name in sorted(by_name, key=str.lower):
        if (wanted and name not in wanted) or settings.is_disabled(name):
            continue
        try:
            served.append(_Indexed(by_name[name], settings, host).function())
        except (SettingError, ValueError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise StartupError(problems)
    return served


def _only_app(module: ModuleType) -> func.FunctionApp:
    """The one app the module binds; the worker refuses a second name for it, too."""
    names = [name for name in dir(module) if _is_app(getattr(module, name, None))]
    if len(names) != 1:
        found = f"{len(names)} names ({', '.join(names)})" if names else "no name"
        raise StartupError([f"{SCRIPT}.py must bind exactly one FunctionApp; it binds {found}"])
    app: func.FunctionApp = getattr(module, names[0])
    return app


def _is_app(value: object) -> bool:
    return isinstance(value, func.FunctionRegister)


class _Indexed:
    """One of Microsoft's function objects on its way to ours."""

    def __init__(self, loaded: Any, settings: Settings, host: HostJson) -> None:
        self._loaded = loaded
        self._settings = settings
        self._host = host
        self._run = loaded.get_user_function()

    def function(self) -> Function:
        """Raises SettingError or ValueError for what cannot be served."""
        bindings: list[_Binding] = [json.loads(raw) for raw in self._loaded.get_raw_bindings()]
        if self._loaded.get_setting("retry_policy") is not None:
            raise ValueError("it has a retry policy; the local host has none")
        trigger = self._trigger(
            next(binding for binding in bindings if binding["type"].endswith("Trigger"))
        )
        outputs = tuple(
            self._output(binding)
            for binding in bindings
            if not binding["type"].endswith("Trigger") and binding["type"] != "http"
        )
        return Function(
            name=self._loaded.get_function_name(),
            folder=Path(inspect.getfile(self._run)).parent,
            run=self._run,
            is_async=inspect.iscoroutinefunction(self._run),
            wants_context=self._check_parameters(bindings),
            trigger=trigger,
            outputs=outputs,
        )

    def _trigger(self, binding: _Binding) -> Trigger:
        parameter = binding["name"]
        match binding["type"]:
            case "httpTrigger":
                prefix = self._host.http.route_prefix
                route = routes.parse(f"{prefix}/{binding['route'].strip('/')}")
                methods = frozenset(method.upper() for method in binding.get("methods") or ())
                return HttpTrigger(parameter=parameter, route=route, methods=methods)
            case "queueTrigger":
                return QueueTrigger(
                    parameter=parameter,
                    queue=self._settings.resolve(binding["queueName"]),
                    connection=self._settings.connection(binding["connection"]),
                )
            case "timerTrigger":
                return self._timer(binding)
            case other:
                raise ValueError(f"the local host has no {other}")

    def _timer(self, binding: _Binding) -> TimerTrigger:
        parsed = schedule.parse(self._settings.resolve(binding["schedule"]))
        return TimerTrigger(
            parameter=binding["name"],
            schedule=parsed,
            run_on_startup=bool(binding.get("runOnStartup")),
            monitored=binding.get("useMonitor") is not False and not parsed.is_frequent,
        )

    def _output(self, binding: _Binding) -> QueueOutput:
        if binding["type"] != "queue":
            raise ValueError(f"the local host has no binding {binding['type']}")
        hints = get_type_hints(self._run)
        hint = hints.get("return" if binding["name"] == "$return" else binding["name"])
        return QueueOutput(
            parameter=binding["name"],
            queue=self._settings.resolve(binding["queueName"]),
            connection=self._settings.connection(binding["connection"]),
            python_type=next(iter(get_args(hint)), hint),
        )

    def _check_parameters(self, bindings: list[_Binding]) -> bool:
        """Whether the function asks for its context; every other parameter must be bound."""
        declared = set(inspect.signature(self._run).parameters)
        bound = {binding["name"] for binding in bindings} - {"$return"}
        wants_context = "context" in declared - bound
        unbound = declared - bound - {"context"}
        if unbound or bound - declared:
            raise ValueError(
                f"parameters and bindings differ: not bound {sorted(unbound)}, "
                f"not declared {sorted(bound - declared)}"
            )
        return wants_context
