"""The workspace's blob storage, as the emulator reads it: model folders in one container.

Blocking calls of azure-storage-blob; callers on the event loop run them in a thread.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_container_sas,
)

DATASTORE = "workspaceblobstore"
_DATASTORE_PATH = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    rf"datastores/{DATASTORE}/paths/(?P<path>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies under a model's path: blob names with their sizes in bytes."""

    path: str
    blobs: dict[str, int]


class Storage:
    """One container of one storage account."""

    def __init__(self, connection_string: str, container: str) -> None:
        """Opens no connection yet."""
        service = BlobServiceClient.from_connection_string(
            connection_string, retry_total=2, initial_backoff=0.2, connection_timeout=5
        )
        self._service = service
        self._container: ContainerClient = service.get_container_client(container)

    @property
    def account(self) -> str:
        """The account's name."""
        return str(self._service.account_name)

    def path_of(self, model_uri: str) -> str | None:
        """The path that a model URI names in this container, None if it names another place."""
        if datastore := _DATASTORE_PATH.fullmatch(model_uri):
            return datastore["path"].strip("/")
        prefix = f"{self._container.url}/"
        if model_uri.startswith(prefix):
            return unquote(model_uri.removeprefix(prefix)).strip("/")
        return None

    def look(self, path: str) -> Folder:
        """The blob of this path, or those below it; empty if there are none."""
        try:
            found = {
                blob.name: int(blob.size)
                for blob in self._container.list_blobs(name_starts_with=path)
                if blob.name == path or blob.name.startswith(f"{path}/")
            }
        except ResourceNotFoundError:
            found = {}
        return Folder(path, found)

    def read_yaml(self, blob: str) -> Any:
        """The content of a YAML blob; raises yaml.YAMLError."""
        return yaml.safe_load(self._container.download_blob(blob).readall())

    def download(self, folder: Folder, target: Path) -> None:
        """Copies a folder's blobs into `target`, which is emptied first."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for blob in folder.blobs:
            place = (
                target / (blob.removeprefix(folder.path).lstrip("/") or Path(blob).name)
            ).resolve()
            if not place.is_relative_to(target):
                raise ValueError(f"the blob {blob} would be written outside of {target}")
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                self._container.download_blob(blob).readinto(file)

    def sas(self, hours: int) -> str:
        """A signature for the whole container that lasts so long."""
        return generate_container_sas(
            self.account,
            self._container.container_name,
            account_key=self._service.credential.account_key,
            permission=ContainerSasPermissions(
                read=True, add=True, create=True, write=True, delete=True, list=True
            ),
            expiry=datetime.now(UTC) + timedelta(hours=hours),
            start=datetime.now(UTC) - timedelta(minutes=5),
        )

    def close(self) -> None:
        """Closes the connections."""
        self._service.close()
