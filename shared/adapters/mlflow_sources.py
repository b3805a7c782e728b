"""Runs and model versions of an MLflow tracking server: where their files lie, and those that the server hands out itself.

MLflow's client says where; only what the server serves (`mlflow-artifacts:`) or an allowed store holds is
followed, never a file's path or another host. MLflow takes half a second to import: worker only.
"""

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from shared.adapters.source_stream import open_stream
from shared.adapters.store_sources import denied, missing
from shared.domain import limits
from shared.domain.catalogue.sources import (
    Allowed,
    BlobSource,
    HttpsSource,
    RunSource,
    S3Source,
    Source,
    VersionSource,
    parse_source,
)
from shared.domain.errors import InvalidRequest, Refusal, SourceError
from shared.intake_ports import SourceFile

_LIMITS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_PROXY = "/api/2.0/mlflow-artifacts/artifacts"
_DEEPEST = 20
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_NOT_ALLOWED = ("PERMISSION_DENIED", "UNAUTHENTICATED")
Listed = tuple[str, bool, int | None]
"""A path below the root of the server's artifacts, whether it is a folder, and its bytes where they are told."""


class MlflowSources:
    """What a tracking server knows; `follow` finds the files of another kind of source."""

    def __init__(
        self, tracking_uri: str, allowed: Allowed, follow: Callable[[Source], Sequence[SourceFile]]
    ) -> None:
        self._uri, self._allowed, self._follow = tracking_uri, allowed, follow
        for name, value in _LIMITS.items():  # the client's own are minutes
            os.environ.setdefault(name, value)

    def find(self, source: RunSource | VersionSource) -> Sequence[SourceFile]:
        """The files of a run's artifact, or of a model version. Raises as `Sources.find`."""
        with _translated(source):
            place = self._locate(source)
        if urlsplit(place).scheme == "mlflow-artifacts":
            return self._served(place, source)
        try:
            followed = parse_source(_rewritten(place), self._allowed)
        except InvalidRequest as error:
            raise _elsewhere(source, place) from error
        if not isinstance(followed, BlobSource | S3Source | HttpsSource):
            raise _elsewhere(source, place)
        return self._follow(followed) or self._follow(_as_folder(followed))

    def _locate(self, source: RunSource | VersionSource) -> str:
        """Where the files lie, as the tracking server says."""
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - half a second

        client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        if isinstance(source, VersionSource):
            if source.version.isdecimal():
                version = client.get_model_version(source.name, source.version)
            else:
                version = client.get_model_version_by_alias(source.name, source.version)
            place = str(client.get_model_version_download_uri(source.name, version.version))
            if not place.startswith("runs:/"):
                return place
            run_id, _, path = place.removeprefix("runs:/").strip("/").partition("/")
            source = RunSource(run_id, path)
        root = str(client.get_run(source.run_id).info.artifact_uri)
        return f"{root.rstrip('/')}/{source.path}"

    def _served(self, place: str, source: object) -> Sequence[SourceFile]:
        """The file or the folder's files that the tracking server hands out itself."""
        parts = urlsplit(place)
        if parts.netloc not in ("", urlsplit(self._uri).netloc) or ".." in parts.path.split("/"):
            raise _elsewhere(source, place)
        path = parts.path.strip("/")
        with _translated(source):
            above, name = posixpath.split(path)
            found = [each for each in self._list(above) if posixpath.basename(each[0]) == name]
            if not found:
                raise missing(source)
            if not found[0][1]:
                return [self._file(path, "", found[0][2], source)]
            files = list(self._walk(path, 0))
        return [
            self._file(each, each.removeprefix(f"{path}/"), size, source) for each, size in files
        ]

    def _walk(self, folder: str, depth: int) -> Iterator[tuple[str, int | None]]:
        """The paths and sizes of the files below a folder, up to one more than there may be."""
        if depth > _DEEPEST:
            raise Refusal(
                "source_too_large",
                f"Its folders are nested deeper than {_DEEPEST}.",
                "Name the model's own folder, not one above it.",
            )
        count = 0
        for path, is_folder, size in self._list(folder):
            inside = self._walk(path, depth + 1) if is_folder else iter([(path, size)])
            for each in inside:
                count += 1
                yield each
                if count > limits.MAX_SOURCE_FILES:
                    return

    def _list(self, folder: str) -> list[Listed]:
        told = self._ask(_PROXY, params={"path": folder}).json().get("files", [])
        return [
            (posixpath.join(folder, _name(each)), bool(each["is_dir"]), _bytes(each))
            for each in told
        ]

    def _file(self, place: str, path: str, size: int | None, source: object) -> SourceFile:
        translated = partial(_translated, source)

        def opened() -> BinaryIO:
            with translated():
                response = self._ask(f"{_PROXY}/{quote(place)}", stream=True)
            return open_stream(response.raw.read1, response.close, translated)

        return SourceFile(path=path, size=size, open=opened)

    def _ask(self, endpoint: str, **call: Any) -> Any:
        from mlflow.utils.credentials import get_default_host_creds  # noqa: PLC0415 - see above
        from mlflow.utils.rest_utils import http_request  # noqa: PLC0415 - see above

        response = http_request(
            get_default_host_creds(self._uri),
            endpoint,
            "GET",
            extra_headers={"Accept-Encoding": "identity"},
            allow_redirects=False,
            **call,
        )
        if response.status_code != 200:
            response.close()
            raise _Answered(response.status_code)
        return response


class _Answered(Exception):
    """The server's status, where it is not 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the tracking server answered {status}")
        self.status = status


@contextmanager
def _translated(source: object) -> Iterator[None]:
    import requests  # noqa: PLC0415 - loaded with the first call, as MLflow is
    import urllib3  # noqa: PLC0415 - see above
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see above

    try:
        yield
    except _Answered as error:
        if error.status in (404, 410):
            raise missing(source) from error
        if error.status in (401, 403):
            raise denied(source) from error
        raise SourceError(f"{source}: {error}") from error
    except MlflowException as error:
        if isinstance(error.__context__, requests.RequestException):
            raise _unreachable(source, error.__context__) from error
        if error.error_code in _NOT_THERE:
            raise missing(source) from error
        if error.error_code in _NOT_ALLOWED:
            raise denied(source) from error
        raise SourceError(f"{source}: the tracking server said {error.error_code}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _unreachable(source, error) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:  # an answer of the wrong shape
        raise SourceError(f"{source}: the tracking server's answer cannot be read") from error


def _unreachable(source: object, error: Exception) -> SourceError:
    return SourceError(f"{source}: the tracking server cannot be reached ({type(error).__name__})")


def _name(entry: Any) -> str:
    """A name of a listing, which is one name and no path. Raises ValueError."""
    name = str(entry["path"])
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise ValueError(f"{name[:100]!r} is no name")
    return name


def _bytes(entry: Any) -> int | None:
    size = entry.get("file_size")
    return None if size is None else int(size)


def _rewritten(place: str) -> str:
    """An address of Blob Storage as MLflow writes it (wasbs://container@account...), as others do."""
    parts = urlsplit(place)
    if parts.scheme != "wasbs" or "@" not in parts.netloc:
        return place
    container, _, host = parts.netloc.partition("@")
    return f"https://{host}/{container}{quote(parts.path)}"


def _as_folder(source: Source) -> Source:
    """What lies below the path of a store's source; MLflow does not say whether it is a folder."""
    match source:
        case BlobSource(container, path):
            return BlobSource(container, f"{path}/")
        case S3Source(bucket, path):
            return S3Source(bucket, f"{path}/")
        case _:
            return source


def _elsewhere(source: object, place: str) -> InvalidRequest:
    scheme = urlsplit(place).scheme or "file"
    return InvalidRequest(
        "source_not_allowed",
        f"The files of {source} are kept where Longshore does not follow ({scheme}:).",
        "Have the tracking server serve its artifacts (mlflow-artifacts:), or upload the model.",
    )
