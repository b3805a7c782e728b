"""Azure Resource Manager by plain REST: the light client below `azure_ml_view`.

Every call has a deadline that all its requests share. A read that fails for the moment is tried
once more at once; a change is never repeated here.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared import patience
from shared.adapters import cloud_errors, credentials
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason

AZURE = "https://management.azure.com"
API_VERSION = "2023-10-01"
"""A released version; azure-ai-ml 1.35.2 pins the same one for its stable calls."""

Document = Mapping[str, Any]

_PROVIDER = "providers/Microsoft.MachineLearningServices"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where an Azure ML workspace is; an empty `location` is read from the workspace.

    Raises ValueError for a `base_url` of plain http that is not a loopback address.
    """

    subscription: str
    resource_group: str
    name: str
    base_url: str = AZURE
    location: str = ""

    def __post_init__(self) -> None:
        """Refuses an address that secrets must not be sent to."""
        credentials.require_safe(self.base_url)

    @property
    def id(self) -> str:
        """Its ARM id."""
        group = (
            f"/subscriptions/{quote(self.subscription)}/resourceGroups/{quote(self.resource_group)}"
        )
        return f"{group}/{_PROVIDER}/workspaces/{quote(self.name)}"

    def region(self, location: str) -> str:
        """The ARM path of the provider in a location of this subscription."""
        return f"/subscriptions/{quote(self.subscription)}/{_PROVIDER}/locations/{quote(location)}"

    def is_here(self, url: object) -> bool:
        """Whether this is an absolute URL that leads to the same service as `base_url`."""
        return isinstance(url, str) and _origin(url) == _origin(self.base_url)

    def explain(self, error: CloudError) -> CloudError:
        """An answer that something is not there, told apart where it is this workspace that is not.

        ARM names only the parent, and a thing's parent may also be an endpoint.
        """
        gone = f"parent resource '{self.name}' not found"
        if error.code == Reason.NOT_FOUND and gone.lower() in error.message.lower():
            return CloudError(Trouble.PERMANENT, Reason.WORKSPACE, error.message)
        return error


class ArmClient:
    """Calls of one workspace's ARM interface; every method raises `CloudError`."""

    def __init__(
        self, workspace: Workspace, credential: TokenCredential, *, timeout: float
    ) -> None:
        """`timeout` is in seconds and for a whole call, however many requests it needs."""
        self._workspace = workspace
        self._timeout = timeout
        self._location = workspace.location
        policies = [
            UserAgentPolicy("longshore"),
            RequestIdPolicy(),
            credentials.bearer(credential, workspace.base_url),
        ]
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            workspace.base_url,
            policies=policies,
            transport=credentials.transport(workspace.base_url),
        )

    def is_here(self, url: object) -> bool:
        """Whether this is an address of the service that the client calls."""
        return self._workspace.is_here(url)

    def deadline(self) -> float:
        """When a call that begins now has to end, on the monotonic clock."""
        return time.monotonic() + min(self._timeout, patience.longest_call())

    def limits(self, deadline: float) -> dict[str, Any]:
        """Transport options that keep a request within a deadline; raises if it has passed."""
        left = deadline - time.monotonic()
        if left <= 0:
            message = "the call took longer than it may"
            raise CloudError(Trouble.TRANSIENT, "timeout", message)
        return {"connection_timeout": left / 4, "read_timeout": left * 3 / 4}

    def find(self, path: str, *, deadline: float) -> Document | None:
        """A resource; None where there is none."""
        try:
            return self.read(path, deadline=deadline)
        except CloudError as error:
            if error.code == Reason.NOT_FOUND:
                return None
            raise

    def read(self, path: str, *, deadline: float, post: Document | None = None) -> Document:
        """The document at a path or URL; with `post`, the answer to a POST that changes nothing."""
        try:
            return self.ask(path, deadline=deadline, post=post)
        except CloudError as error:
            momentary = error.trouble is Trouble.TRANSIENT and error.retry_after is None
            if not momentary or time.monotonic() >= deadline:
                raise
        return self.ask(path, deadline=deadline, post=post)

    def ask(self, path: str, *, deadline: float, post: Document | None = None) -> Document:
        """As `read`, by one request only."""
        method = "GET" if post is None else "POST"
        response = self._send(method, path, deadline, body=post)
        try:
            found = response.json()
        except (AzureError, ValueError, LookupError, RecursionError) as error:
            raise cloud_errors.from_error(error, changing=False) from error
        if not isinstance(found, dict):
            message = f"{method} {path} was not answered with a JSON object"
            raise CloudError(Trouble.TRANSIENT, "unreadable", message)
        return found

    def remove(self, path: str) -> None:
        """Deletes a resource; done where there is none."""
        try:
            self._send("DELETE", path, self.deadline(), changing=True)
        except CloudError as error:
            if error.code != Reason.NOT_FOUND:
                raise

    def begin(self, path: str, body: Document) -> None:
        """Asks for an operation by POST; what it begins goes on without us."""
        self._send("POST", path, self.deadline(), body=body, changing=True)

    def location(self, *, deadline: float) -> str:
        """The workspace's region, read once."""
        if not self._location:
            found = self.read(self._workspace.id, deadline=deadline)
            self._location = str(need(found, "location"))
        return self._location

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _send(
        self,
        method: str,
        path: str,
        deadline: float,
        *,
        body: Document | None = None,
        changing: bool = False,
    ) -> HttpResponse:
        versioned = {} if "api-version=" in path else {"api-version": API_VERSION}
        url = self._client.format_url(path)
        request = HttpRequest(method, url, params=versioned, json=body)
        limits = self.limits(deadline)
        try:
            response: HttpResponse = self._client.send_request(request, **limits)
        except (AzureError, OSError) as error:
            raise cloud_errors.from_error(error, changing=changing) from error
        if not 200 <= response.status_code < 300:
            raise self._workspace.explain(cloud_errors.from_response(response, changing=changing))
        return response


def need(document: Document, *path: str) -> Any:
    """What stands at a place of a document; raises `CloudError` where the answer lacks it."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if found is None:
        message = f"an answer of Azure ML has no {'.'.join(path)}"
        raise CloudError(Trouble.TRANSIENT, "unreadable", message)
    return found


def need_number(document: Document, name: str) -> int:
    """The whole number under a name; raises `CloudError` where the answer has none."""
    found = need(document, name)
    if not isinstance(found, int | float) or not math.isfinite(found):
        message = f"an answer of Azure ML has no number as {name}"
        raise CloudError(Trouble.TRANSIENT, "unreadable", message)
    return int(found)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # no address
        return None
