"""Environments built as Azure builds images: from a model's requirements.txt, on the Python of its python_env.yaml.

Each lies in a folder named by what it is made of, is made once by uv, from wheels, and is there at the next start.
"""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from local import processes
from local.azure_ml.interpreters import find_python
from local.azure_ml.operations import OperationFailedError
from local.azure_ml.scorers import Nursery
from local.azure_ml.serving import SERVER, Logs
from local.azure_ml.state import Resource

_UV = Path(sys.executable).with_name("uv")
_AT_ONCE = 2
_SHOWN = 20  # lines of a failed build
_COMPLETE = "complete"


class BuildFailedError(Exception):
    """An environment cannot be built; says why, in the words of the tool."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment is made of."""

    python: str
    requirements: str

    @property
    def digest(self) -> str:
        """Names it, unlike any other."""
        return hashlib.sha256(f"{self.python}\n{self.requirements}".encode()).hexdigest()[:16]


class Built:
    """See `environments.Environments`. They lie in `folder`/environments, each with a nursery of its own."""

    def __init__(self, folder: Path, logs: Logs, uv: Path = _UV) -> None:
        self._folder = folder / "environments"
        self._logs = logs
        self._uv = uv
        self._nurseries: dict[Wanted, asyncio.Task[Nursery]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._builds: set[subprocess.Popen[bytes]] = set()

    def start(self) -> None:
        """Nothing is built before it is asked for."""

    async def find(self, deployment: Resource, model: Path) -> Nursery:
        """The nursery in the model's environment, which is built if it is not there; raises OperationFailedError."""
        try:
            return await asyncio.shield(self._task(read_wanted(model)))
        except BuildFailedError as error:
            self._logs.write(deployment, SERVER, f"environment not built: {error}")
            text = f"Failed to build the environment of deployment {deployment.name}: {error}"
            raise OperationFailedError("ImageBuildFailure", text) from error

    def stop(self) -> None:
        """Ends all builds and nurseries."""
        for build in list(self._builds):
            processes.stop(build, seconds=1)
        for task in self._nurseries.values():
            if not task.done():
                task.cancel()
            elif not task.cancelled() and not task.exception():
                task.result().stop()

    def _task(self, wanted: Wanted) -> asyncio.Task[Nursery]:
        """The one build of an environment, for all that ask; one that has failed is tried again."""
        task = self._nurseries.get(wanted)
        if task is None or (task.done() and task.exception()):
            task = asyncio.create_task(self._make(wanted))
            self._nurseries[wanted] = task
        return task

    async def _make(self, wanted: Wanted) -> Nursery:
        folder = self._folder / wanted.digest
        interpreter = folder / "venv" / "bin" / "python"
        async with self._room:
            if not (folder / _COMPLETE).exists():
                await self._build(wanted, folder, interpreter)
        return Nursery(folder, interpreter)

    async def _build(self, wanted: Wanted, folder: Path, interpreter: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "build.log").unlink(missing_ok=True)
        (folder / "requirements.txt").write_text(wanted.requirements)
        try:
            await self._run(
                folder, "venv", "--clear", "--python", find_python(wanted.python), "venv"
            )
        except BuildFailedError as error:
            needed = f"this needs Python {wanted.python} (uv python install {wanted.python})"
            raise BuildFailedError(f"{needed}: {error}") from error
        # A build from source would run programs of strangers, which the kernel does not end with us.
        await self._run(
            folder, "pip", "install", "--no-build", "--python", str(interpreter),
            "--requirements", "requirements.txt",
        )  # fmt: skip
        (folder / _COMPLETE).touch()

    async def _run(self, folder: Path, *arguments: str) -> None:
        log = folder / "build.log"
        build = processes.start(
            [str(self._uv), "--no-progress", *arguments], env=os.environ, log=log, cwd=folder
        )
        self._builds.add(build)
        try:
            code = await asyncio.to_thread(build.wait)
        finally:
            self._builds.discard(build)
        if code:
            lines = log.read_text(errors="replace").splitlines()
            raise BuildFailedError("\n".join(lines[-_SHOWN:]) or f"uv ended with {code}")


def read_wanted(model: Path) -> Wanted:
    """What a model's folder asks for; raises BuildFailedError where it does not tell."""
    listed, told = model / "requirements.txt", model / "python_env.yaml"
    for file in (listed, told):
        if not file.exists():
            raise BuildFailedError(f"the model has no {file.name}")
    version = None
    with contextlib.suppress(yaml.YAMLError, AttributeError):  # not YAML, or no mapping
        # Texts only: 3.10 is no number.
        version = yaml.load(told.read_text(), yaml.BaseLoader).get("python")  # noqa: S506 - it makes nothing else
    if not version:
        raise BuildFailedError("python_env.yaml does not tell a Python")
    return Wanted(".".join(str(version).split(".")[:2]), listed.read_text())
