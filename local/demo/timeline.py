"""A deployment's timeline as it moves: a live table on a terminal, plain lines anywhere else."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from local import processes
from local.demo.api import Api, Json
from local.demo.failure import DemoFailure

LOOK_SECONDS = 0.2
MOST_SECONDS = 150


def watch_deploy(api: Api, console: Console, deployment_id: str) -> Json:
    """Shows a deployment until it is active; returns it. Raises DemoFailure."""
    view = _Live(console) if console.is_terminal else _Lines(console)
    return _require_active(_watch(api, console, deployment_id, _is_decided, view))


def watch_delete(api: Api, console: Console, deployment_id: str) -> None:
    """Shows what a deletion waits for until the cloud side is gone. Raises DemoFailure."""
    view = _Live(console, phases=False) if console.is_terminal else _Lines(console, phases=False)
    _watch(api, console, deployment_id, _is_torn_down, view)


def _watch(
    api: Api,
    console: Console,
    deployment_id: str,
    ended: Callable[[Json], bool],
    view: "_Live | _Lines",
) -> Json:
    path = f"/deployments/{deployment_id}"
    console.print(f"  [bold cyan]GET    {path}[/]  [dim]every {LOOK_SECONDS:g} s[/]")
    last: Json = {}

    def look() -> bool:
        last.update(api.get(path, quiet=True))
        view.show(last)
        return ended(last)

    with view.shown:
        try:
            processes.wait_until(look, seconds=MOST_SECONDS, what=path, every=LOOK_SECONDS)
        except TimeoutError as error:
            raise DemoFailure(f"{error}; {_explain(last)}") from error
    return last


class _Lines:
    """A line for each phase when it is reached, and for each thing waited for."""

    def __init__(self, console: Console, *, phases: bool = True) -> None:
        self.shown: AbstractContextManager[object] = nullcontext()
        self._phases = phases
        self._console = console
        self._told: set[str] = set()

    def show(self, deployment: Json) -> None:
        for after, title in _reached(deployment) if self._phases else ():
            self._tell(title, f"  {after:>6.1f} s  {title}")
        if waiting := deployment["trouble"] or deployment["waiting"]:
            self._tell(waiting, f"            ... {waiting}")

    def _tell(self, what: str, line: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._console.print(line, markup=False)


class _Live:
    """All phases, those reached with their time, and a spinner beside what is waited for."""

    def __init__(self, console: Console, *, phases: bool = True) -> None:
        self._phases = phases
        self._live = Live(console=console, refresh_per_second=12)
        self.shown: AbstractContextManager[object] = self._live
        self._spinner = Spinner("dots")

    def show(self, deployment: Json) -> None:
        reached = {title: after for after, title in _reached(deployment)}
        lines: list[RenderableType] = []
        for phase in deployment["timeline"] if self._phases else ():
            title = phase["title"]
            if title in reached:
                lines.append(Text(f"  {reached[title]:>6.1f} s  {title}", style="green"))
            else:
                lines.append(Text(f"       -    {title}", style="dim"))
        if waiting := deployment["trouble"] or deployment["waiting"]:
            self._spinner.update(text=Text(waiting, style="yellow"))
            lines.append(Padding(self._spinner, (0, 0, 0, 12)))
        self._live.update(Group(*lines))


def _reached(deployment: Json) -> list[tuple[float, str]]:
    """Seconds since it was accepted, and the phase's title."""
    start = datetime.fromisoformat(deployment["created_at"])
    return [
        ((datetime.fromisoformat(phase["at"]) - start).total_seconds(), phase["title"])
        for phase in deployment["timeline"]
        if phase["at"]
    ]


def _explain(last: dict[str, Any]) -> str:
    if not last:
        return "it never answered"
    state = f"it is {last['status']}, at step {last['step']}"
    return f"{state}; waiting: {last['waiting']}; trouble: {last['trouble']}"


def _is_decided(deployment: Json) -> bool:
    return bool(deployment["status"] != "deploying")


def _is_torn_down(deployment: Json) -> bool:
    return any(
        each["type"] == "TornDown" and each["status"] == "True" for each in deployment["conditions"]
    )


def _require_active(deployment: Json) -> Json:
    if deployment["status"] == "active":
        return deployment
    failure = deployment["failure"] or {}
    raise DemoFailure(
        f"{deployment['deployment_name']} is {deployment['status']} ({failure.get('code')}): "
        f"{failure.get('cause')}\nNext: {failure.get('next')}\n"
        f"The cloud said: {failure.get('cloud')}"
    )
