"""What serving a deployment means, whichever way it is done, and the logs of its containers.

Routes and operations use `Serving`; `serving_process` and `serving_light` are its two ways.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from local.azure_ml import arm
from local.azure_ml.operations import OperationFailedError
from local.azure_ml.quota import TROUBLESHOOTING
from local.azure_ml.state import Resource

SERVER = "InferenceServer"
INITIALIZER = "StorageInitializer"


class NotServingError(Exception):
    """The deployment's process does not answer; a new one is on its way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model's server answered."""

    status: int
    body: bytes


class Serving(Protocol):
    """A way to serve deployments; each is known by its ARM id."""

    def start(self) -> None:
        """Begins what takes time to be ready; called once."""

    async def prepare(self, deployment: Resource) -> None:
        """Boots what the deployment now asks for; raises OperationFailedError."""

    def switch(self, deployment: Resource) -> None:
        """Lets what was prepared last take over."""

    def revive(self, deployment: Resource) -> None:
        """Begins to serve again what a former emulator served, or what has crashed."""

    def retire(self, deployment: Resource) -> None:
        """Ends serving; files and logs go."""

    async def score(self, deployment: Resource, body: bytes) -> Answer:
        """The model's answer; raises NotServingError."""

    def pid(self, deployment: Resource) -> int | None:
        """The process that serves the deployment now."""

    async def stop(self) -> None:
        """Ends all serving."""


class Logs:
    """The logs of deployments' containers, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, deployment: Resource, container: str) -> Path:
        """The log of one container of a deployment."""
        folder = self._folder / slug(deployment)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{container}.log"

    def write(self, deployment: Resource, container: str, text: str) -> None:
        """Adds a line."""
        with self.file(deployment, container).open("a") as file:
            file.write(f"{arm.now()} {text}\n")

    def tail(self, deployment: Resource, container: str, lines: int) -> str:
        """The last lines."""
        file = self.file(deployment, container)
        text = file.read_text(errors="replace") if file.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) if lines else ""

    def remove(self, deployment: Resource) -> None:
        """Removes a deployment's logs."""
        shutil.rmtree(self._folder / slug(deployment), ignore_errors=True)


def slug(deployment: Resource) -> str:
    """A file name for a deployment, unlike that of any other."""
    digest = hashlib.sha256(deployment.id.lower().encode()).hexdigest()[:12]
    return f"{deployment.name}-{digest}"


def crashed(reason: str) -> OperationFailedError:
    """The failure that Azure reports when a container does not come up."""
    return OperationFailedError(
        "ResourceNotReady",
        f"User container has crashed or terminated: {reason}. "
        f"Please see troubleshooting guide, available here: {TROUBLESHOOTING}"
        "#error-resourcenotready",
    )


def scoring_client() -> httpx.AsyncClient:
    """A client for scoring processes: no proxies, no limit of time (the front has one)."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx.AsyncClient(trust_env=False, timeout=None, limits=limits)  # noqa: S113 - see above
