"""The `Sources` port: each kind of source by who knows it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import assert_never

from shared.adapters.https_source import HttpsFiles
from shared.adapters.mlflow_sources import MlflowSources
from shared.adapters.store_sources import find_files
from shared.domain.catalogue.sources import (
    Allowed,
    BlobSource,
    DatastoreSource,
    HttpsSource,
    RegistrySource,
    RunSource,
    S3Source,
    Source,
    VersionSource,
)
from shared.intake_ports import SourceFile
from shared.ports import Blobs


class ModelSources:
    """Finds files; `containers` and `buckets` give the store of a name, `datastore` is the workspace's own."""

    def __init__(
        self,
        *,
        datastore: Blobs,
        containers: Callable[[str], Blobs],
        buckets: Callable[[str], Blobs],
        https: HttpsFiles,
        tracking_uri: str = "",
        allowed: Allowed,
    ) -> None:
        self._datastore, self._containers, self._buckets = datastore, containers, buckets
        self._https, self._tracking_uri, self._allowed = https, tracking_uri, allowed

    def find(self, source: Source | DatastoreSource) -> Sequence[SourceFile]:
        """The file that a source names, or all files of the folder. Raises as `Sources.find`."""
        match source:
            case BlobSource(container, path):
                return find_files(self._containers(container), path, source)
            case S3Source(bucket, path):
                return find_files(self._buckets(bucket), path, source)
            case DatastoreSource(path):
                single = find_files(self._datastore, path, source)
                return single or find_files(self._datastore, f"{path}/", source)
            case HttpsSource():
                return self._https.find(source)
            case RunSource() | VersionSource():
                return self._mlflow.find(source)
            case RegistrySource():
                raise ValueError(f"{source} is looked up in the registry first")
            case _:
                assert_never(source)

    @cached_property
    def _mlflow(self) -> MlflowSources:
        return MlflowSources(self._tracking_uri, self._allowed, self.find)
