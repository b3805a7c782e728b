"""What the host knows of an app: its functions, each with one trigger and maybe queue outputs.

Made by `indexing`, read by everything that serves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.host.routes import Route
from local.host.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """Runs the function on a request; empty `methods` means every one."""

    parameter: str
    route: Route
    methods: frozenset[str]

    def __str__(self) -> str:
        return f"http   {','.join(sorted(self.methods)) or 'any method'} /{self.route.template}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTrigger:
    """Runs the function on each message of a queue."""

    parameter: str
    queue: str
    connection: str

    def __str__(self) -> str:
        return f"queue  {self.queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTrigger:
    """Runs the function when its schedule says so."""

    parameter: str
    schedule: Schedule
    run_on_startup: bool
    monitored: bool
    """Whether runs are written down, so that a missed one is made up for."""

    def __str__(self) -> str:
        return f"timer  {self.schedule.expression}"


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOutput:
    """A queue the function writes to by a parameter, or by `$return`."""

    parameter: str
    queue: str
    connection: str
    python_type: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the app, ready to be served."""

    name: str
    folder: Path
    run: Callable[..., Any]
    is_async: bool
    wants_context: bool
    trigger: Trigger
    outputs: tuple[QueueOutput, ...]

    @property
    def may_return(self) -> bool:
        """Whether a returned value has somewhere to go."""
        http = isinstance(self.trigger, HttpTrigger)
        return http or any(output.parameter == "$return" for output in self.outputs)
