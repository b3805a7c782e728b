"""What scoring processes run in: the libraries of this interpreter, or what a model's own files ask for.

`environments_built` has the second.
"""

from pathlib import Path
from typing import Protocol

from local.azure_ml.scorers import Nursery
from local.azure_ml.state import Resource


class Environments(Protocol):
    """Gives each deployment the nursery that forks its scoring processes."""

    def start(self) -> None:
        """Begins what takes time to be ready; called once."""

    async def find(self, deployment: Resource, model: Path) -> Nursery:
        """The nursery for the model in this folder; raises OperationFailedError."""

    def stop(self) -> None:
        """Ends all nurseries, and with them all scoring processes."""


class Installed:
    """See `Environments`: one nursery for all, on the emulator's own interpreter."""

    def __init__(self, folder: Path) -> None:
        self._nursery = Nursery(folder)

    def start(self) -> None:
        """Starts the nursery."""
        self._nursery.start()

    async def find(self, deployment: Resource, model: Path) -> Nursery:  # noqa: ARG002 - one for all
        """The nursery."""
        return self._nursery

    def stop(self) -> None:
        """Ends the nursery."""
        self._nursery.stop()
