"""The conventions of Azure Resource Manager that all routes share.

Ids, the case of paths, timestamps, system data, the request's own address (from which absolute
URLs are made, as Azure does) and pages with `nextLink`.
"""

import json
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request

from local.azure_ml.errors import bad_request
from local.azure_ml.state import Resource

PROVIDER = "Microsoft.MachineLearningServices"
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)
WORKSPACE_ID = "00000000-0000-0000-0000-000000000003"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that a path names; any workspace exists as soon as it is named."""

    subscription: str
    group: str
    name: str

    @property
    def id(self) -> str:
        """Its ARM id."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/{PROVIDER}/workspaces/{self.name}"


def workspace(request: Request) -> Workspace:
    """The workspace in the request's path."""
    path = request.path_params
    return Workspace(path["subscription"], path["group"], path["workspace"])


def canonical_path(path: str) -> str:
    """`path` with its fixed words in lower case and its names untouched.

    Words and names alternate in an ARM path; only the provider stands out of that order.
    """
    segments = path.split("/")
    for place in range(1, len(segments)):
        if place % 2 == 1 or segments[place - 1] == "providers":
            segments[place] = segments[place].lower()
    return "/".join(segments)


def base_url(request: Request) -> str:
    """Scheme and host by which the caller reached the emulator."""
    return f"{request.url.scheme}://{request.headers['host']}"


def api_version(request: Request) -> str:
    """The version the caller asked for."""
    return request.query_params["api-version"]


def now() -> str:
    """The time as ARM writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def created() -> dict[str, str]:
    """System data of a resource that is created now."""
    moment = now()
    return {
        "createdBy": "local",
        "createdByType": "User",
        "createdAt": moment,
        "lastModifiedBy": "local",
        "lastModifiedByType": "User",
        "lastModifiedAt": moment,
    }


def touch(resource: Resource) -> None:
    """Notes that a resource is changed now."""
    resource.body["systemData"]["lastModifiedAt"] = now()


def document(resource: Resource, kind: str) -> dict[str, Any]:
    """A resource with its ARM envelope; `kind` is its type below the provider."""
    envelope = {"id": resource.id, "name": resource.name, "type": f"{PROVIDER}/{kind}"}
    return envelope | resource.body


def seconds(duration: str) -> float:
    """The length of an ISO 8601 duration; raises ArmError if it is not like PT1H2M3.5S."""
    match = _DURATION.fullmatch(str(duration))
    if match is None:
        raise bad_request(f"{duration} is not a duration like PT1M30S.")
    hours, minutes, rest = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0)


async def json_object(request: Request) -> dict[str, Any]:
    """The request's body. Raises ArmError unless it is a JSON object."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise bad_request(f"The request content is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("The request content is not a JSON object.")
    return body


def page(
    request: Request, found: Sequence[Resource], page_size: int
) -> tuple[Sequence[Resource], str | None]:
    """The part of `found` (oldest first) that this request asks for, and the link to the rest.

    `$top` or `count` may shorten a page; `$skip` is the place where the last page ended, so that
    a page stays right while entries come and go.
    """
    newest_first = request.query_params.get("$orderBy", "").lower().endswith("desc")
    ordered = list(reversed(found)) if newest_first else list(found)
    after = _number(request, "$skip", 0)
    if after:
        beyond = operator.lt if newest_first else operator.gt
        ordered = [held for held in ordered if beyond(held.sequence, after)]
    size = min(page_size, _number(request, "$top", page_size), _number(request, "count", page_size))
    shown = ordered[:size]
    if len(ordered) <= size or not shown:
        return shown, None
    query = dict(request.query_params) | {"$skip": str(shown[-1].sequence)}
    link = f"{base_url(request)}{quote(request.scope['asked_path'])}?{urlencode(query, safe='$')}"
    return shown, link


def listing(documents: list[dict[str, Any]], link: str | None) -> dict[str, Any]:
    """The body of a list."""
    return {"value": documents} | ({"nextLink": link} if link else {})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise bad_request(f"The query parameter {name} is not a number: {text}")
    return int(text)
