"""Copies a deployment's model from storage, as the storage initializer does on Azure."""

import asyncio
from pathlib import Path

from azure.core.exceptions import AzureError

from local.azure_ml.operations import OperationFailedError
from local.azure_ml.serving import INITIALIZER, Logs
from local.azure_ml.state import Resource
from local.azure_ml.storage import Folder, Storage


class Loader:
    """Fetches models and writes the storage initializer's log."""

    def __init__(self, storage: Storage, logs: Logs) -> None:
        self._storage = storage
        self._logs = logs

    async def load(self, deployment: Resource, target: Path) -> None:
        """Fills `target`; raises OperationFailedError if the files are not to be had."""
        self._note(deployment, f"Downloading model from {deployment.private['modelUri']}")
        folder = await self.check(deployment)
        try:
            await asyncio.to_thread(self._storage.download, folder, target)
        except (AzureError, ValueError) as error:
            raise self._failed(deployment, str(error)) from error
        size = sum(folder.blobs.values())
        self._note(deployment, f"Downloaded {len(folder.blobs)} files, {size} bytes")

    async def check(self, deployment: Resource) -> Folder:
        """What there is to load; raises OperationFailedError if there is nothing."""
        path = self._storage.path_of(deployment.private["modelUri"]) or ""
        try:
            folder = await asyncio.to_thread(self._storage.look, path)
        except AzureError as error:
            raise self._failed(deployment, str(error)) from error
        if not folder.blobs:
            raise self._failed(deployment, f"no blobs at {path}")
        return folder

    def _failed(self, deployment: Resource, reason: str) -> OperationFailedError:
        text = f"Unable to download user model: {reason}"
        self._note(deployment, text)
        return OperationFailedError("BadArgument", text)

    def _note(self, deployment: Resource, text: str) -> None:
        self._logs.write(deployment, INITIALIZER, text)
