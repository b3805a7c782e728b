"""Where a model may be taken from by reference: one line of text, read strictly, allowed or refused.

The list of what is allowed decides; addresses behind names are checked where a connection is made
(`shared.domain.addresses`). What a text says after `?` may be a secret: it is neither kept nor told.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.domain.catalogue.source_paths import (
    NAME,
    NotAllowed,
    decode_key,
    require_encoded,
    require_no_query,
    require_plain,
    split_place,
)
from shared.domain.errors import InvalidRequest

MAX_SOURCE = 1024
FORMS = (
    "https://<host>/<path>, s3://<bucket>/<key>, blob://<container>/<key>, runs:/<run id>/<path>, "
    "models:/<name>/<version or alias>, azureml:<name>:<version>"
)
_TEXT = re.compile(r"[!-\[\]-~]([ -\[\]-~]*[!-\[\]-~])?")  # printable ASCII without a backslash
_HOST = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A blob of our own storage account, or a folder of them where the path ends with a slash."""

    container: str
    path: str

    def __str__(self) -> str:
        return f"blob://{self.container}/{self.path}"


@dataclass(frozen=True, slots=True)
class S3Source:
    """An object of a bucket, or a folder of them where the path ends with a slash."""

    bucket: str
    path: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.path}"


@dataclass(frozen=True, slots=True)
class HttpsSource:
    """What a host answers to GET on port 443; `path` begins with a slash."""

    host: str
    path: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class RunSource:
    """An artifact of a run on the tracking server: a file, or a folder."""

    run_id: str
    path: str

    def __str__(self) -> str:
        return f"runs:/{self.run_id}/{self.path}"


@dataclass(frozen=True, slots=True)
class VersionSource:
    """A version of a model on the tracking server, by its number or an alias."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """A version of a model in the workspace's registry."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"azureml:{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class DatastoreSource:
    """A file or a folder in the workspace's own datastore: where a registered model lies, never named by users."""

    path: str

    def __str__(self) -> str:
        return f"the datastore's {self.path}"


Source = BlobSource | S3Source | HttpsSource | RunSource | VersionSource | RegistrySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What sources there may be; `account_url` is the address of our own storage account's blobs."""

    account_url: str = ""
    containers: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tracking: bool = False


def parse_source(text: str, allowed: Allowed) -> Source:
    """The source that a text names. Raises InvalidRequest `source_not_allowed`, without the query."""
    if not _TEXT.fullmatch(text) or len(text) > MAX_SOURCE:
        raise _refused(text, f"must be one of {FORMS}; in printable ASCII, without a backslash")
    kind, _, rest = text.partition(":")
    parse = _KINDS.get(kind.lower())
    if parse is None and not _is_ours(text, allowed):
        raise _refused(text, f"must be one of {FORMS}")
    try:
        return _parse_own(text, allowed) if parse is None else parse(text, rest, allowed)
    except NotAllowed as no:
        raise _refused(text, str(no)) from None


def without_query(text: str) -> str:
    """The text up to where a secret may begin: a query, or a user's name before an `@`."""
    shown = re.split(r"[?#]", text, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", shown)


def _refused(text: str, why: str) -> InvalidRequest:
    shown = without_query(text)[:200]
    return InvalidRequest(
        "source_not_allowed",
        f"The request is not valid: source: {why}.",
        "Name a source that is allowed here, or upload the file: POST /models, or POST /uploads for a big one.",
        problems=[{"field": "source", "problem": f"{shown!r}: {why}"}],
    )


def _is_ours(text: str, allowed: Allowed) -> bool:
    return bool(allowed.account_url) and text.startswith(f"{allowed.account_url}/")


def _parse_own(text: str, allowed: Allowed) -> Source:
    """An address of our own account; its query, a signature, is dropped: we have rights of our own."""
    path = re.split(r"[?#]", text, maxsplit=1)[0].removeprefix(f"{allowed.account_url}/")
    return _parse_blob("", f"//{decode_key(path)}", allowed)


def _parse_blob(_text: str, rest: str, allowed: Allowed) -> Source:
    container, path = split_place(rest)
    if container not in allowed.containers:
        raise NotAllowed("its container is not one of SOURCE_CONTAINERS")
    return BlobSource(container, path)


def _parse_s3(_text: str, rest: str, allowed: Allowed) -> Source:
    bucket, path = split_place(rest)
    if bucket not in allowed.buckets:
        raise NotAllowed("its bucket is not one of SOURCE_BUCKETS")
    return S3Source(bucket, path)


def _parse_https(text: str, _rest: str, allowed: Allowed) -> Source:
    if _is_ours(text, allowed):
        return _parse_own(text, allowed)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise NotAllowed("it is no address") from None
    host = parts.netloc.lower().removesuffix(":443")
    if port not in (None, 443) or not _HOST.fullmatch(host):
        raise NotAllowed("must be https://<host>/<path>: a name alone, on port 443")
    if host not in allowed.hosts:
        raise NotAllowed("its host is not one of ALLOWED_HOSTS")
    require_no_query(text)
    if not parts.path or parts.path.endswith("/"):
        raise NotAllowed("must name a file: a server's folder cannot be listed")
    require_encoded(parts.path[1:])
    return HttpsSource(host, parts.path)


def _parse_run(_text: str, rest: str, allowed: Allowed) -> Source:
    _require_tracking(allowed)
    require_no_query(rest)
    run_id, _, path = rest.removeprefix("/").partition("/")
    if not rest.startswith("/") or not NAME.fullmatch(run_id) or not path:
        raise NotAllowed("must be runs:/<run id>/<path>")
    require_plain(path.removesuffix("/"))
    return RunSource(run_id, path.removesuffix("/"))


def _parse_version(_text: str, rest: str, allowed: Allowed) -> Source:
    _require_tracking(allowed)
    require_no_query(rest)
    name, _, version = rest.removeprefix("/").replace("@", "/").partition("/")
    if not rest.startswith("/") or not (NAME.fullmatch(name) and NAME.fullmatch(version)):
        raise NotAllowed("must be models:/<name>/<version or alias>")
    return VersionSource(name, version)


def _parse_registry(_text: str, rest: str, _allowed: Allowed) -> Source:
    require_no_query(rest)
    name, _, version = rest.partition(":")
    if not (NAME.fullmatch(name) and NAME.fullmatch(version)):
        raise NotAllowed("must be azureml:<name>:<version>")
    return RegistrySource(name, version)


_KINDS: dict[str, Callable[[str, str, Allowed], Source]] = {
    "https": _parse_https,
    "s3": _parse_s3,
    "blob": _parse_blob,
    "runs": _parse_run,
    "models": _parse_version,
    "azureml": _parse_registry,
}


def _require_tracking(allowed: Allowed) -> None:
    if not allowed.tracking:
        raise NotAllowed("there is no tracking server: MLFLOW_TRACKING_URI is not set")
