"""host.json: the settings of the host that an app ships, with the real host's defaults and ranges.

Read before the app is loaded. Keys the local host does not imitate are ignored, as the real host
ignores keys it does not know.
"""

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}(?:\.\d+)?))?"
)
_WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """How queue triggers take messages; intervals in seconds."""

    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    max_polling_interval: float
    visibility_timeout: float
    """The pause before a failed message is tried again; the lease of a running one is another."""
    base64: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How HTTP triggers are reached; -1 means no limit."""

    route_prefix: str
    max_outstanding_requests: int
    max_concurrent_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJson:
    """All of host.json that the local host heeds."""

    http: HttpOptions
    queues: QueueOptions
    function_timeout: float | None
    """Seconds an invocation may take; None is for ever."""


def read(app_folder: Path, problems: list[str]) -> HostJson:
    """Reads host.json; what is wrong with it is added to `problems`, a default standing in."""
    values = _Values(_load(app_folder / "host.json", problems), problems)
    if values.get("version") != "2.0":
        problems.append('host.json: version must be "2.0"')
    http, queues = "extensions.http.", "extensions.queues."
    batch_size = values.integer(queues + "batchSize", 16, 1, 32)
    return HostJson(
        function_timeout=values.timeout("functionTimeout", 1800),
        http=HttpOptions(
            route_prefix=values.word(http + "routePrefix", "api").strip("/"),
            max_outstanding_requests=values.integer(http + "maxOutstandingRequests", 200, -1),
            max_concurrent_requests=values.integer(http + "maxConcurrentRequests", 100, -1),
        ),
        queues=QueueOptions(
            batch_size=batch_size,
            new_batch_threshold=values.integer(
                queues + "newBatchThreshold", batch_size // 2 * (os.cpu_count() or 1), 0
            ),
            max_dequeue_count=values.integer(queues + "maxDequeueCount", 5, 1),
            max_polling_interval=values.span(queues + "maxPollingInterval", 60, 0.1, _WEEK),
            visibility_timeout=values.span(queues + "visibilityTimeout", 0, 0, _WEEK),
            base64=values.word(queues + "messageEncoding", "base64", "base64", "none") == "base64",
        ),
    )


def _load(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        problems.append(f"host.json is missing in {path.parent}")
    except ValueError as error:
        problems.append(f"host.json is not JSON: {error}")
    else:
        if isinstance(value, dict):
            return value
        problems.append("host.json must hold an object")
    return {"version": "2.0"}


class _Values:
    """Typed look-ups by dotted path, each noting what is wrong."""

    def __init__(self, data: dict[str, Any], problems: list[str]) -> None:
        self._data = data
        self._problems = problems

    def get(self, path: str) -> object:
        value: object = self._data
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def integer(self, path: str, default: int, low: int, high: int | None = None) -> int:
        value = self.get(path)
        if value is None:
            return default
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and low <= cast("int", value) <= (sys.maxsize if high is None else high):
            return cast("int", value)
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        self._wrong(path, f"a whole number {bounds}")
        return default

    def span(self, path: str, default: float, low: float, high: float) -> float:
        value = self.get(path)
        if value is None:
            return default
        match = _SPAN.fullmatch(value) if isinstance(value, str) else None
        seconds = _seconds(match) if match else -1
        if low <= seconds <= high:
            return seconds
        self._wrong(path, f'a time span "hh:mm:ss" from {low:g} s to {high:g} s')
        return default

    def timeout(self, path: str, default: float) -> float | None:
        if self.get(path) == "-1":
            return None
        return self.span(path, default, 1, _WEEK)

    def word(self, path: str, default: str, *allowed: str) -> str:
        value = self.get(path)
        if value is None:
            return default
        if isinstance(value, str) and not allowed:
            return value
        if isinstance(value, str) and value.lower() in allowed:
            return value.lower()
        self._wrong(path, f"one of {', '.join(allowed)}" if allowed else "a text")
        return default

    def _wrong(self, path: str, wanted: str) -> None:
        self._problems.append(f"host.json: {path} must be {wanted}, not {self.get(path)!r}")


def _seconds(match: re.Match[str]) -> float:
    parts = {name: float(text or 0) for name, text in match.groupdict().items()}
    if parts["hours"] > 23 or parts["minutes"] > 59 or parts["seconds"] >= 60:
        return -1
    return parts["days"] * 86400 + parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"]
