"""What the monitor of `memory_cloud` has counted: scoring calls by deployment and minute."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shared.adapters.memory_cloud_rules import Deployment
from shared.cloud_ports import Metrics


@dataclass(slots=True)
class _Minute:
    """The calls of one minute by the first digit of their status, and how long they took together."""

    statuses: dict[int, int] = field(default_factory=dict)
    milliseconds: float = 0.0


class MemoryMonitor:
    """Counts calls and tells of them; its public attributes may be changed at any time.

    `milliseconds` is how long a call takes; `load` the CPU and memory of what serves, in percent of an
    instance, or None as where processes are shared; of the UTC days in `silent` nothing is told.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.milliseconds = 5.0
        self.load: tuple[float, float] | None = (12.0, 34.0)
        self.silent: set[date] = set()
        self._now = now
        self._minutes: dict[tuple[str, str], dict[datetime, _Minute]] = {}

    def count(self, held: Deployment, status: int) -> None:
        """Notes a call that a deployment has answered."""
        minutes = self._minutes.setdefault(_key(held), {})
        minute = minutes.setdefault(self._now().replace(second=0, microsecond=0), _Minute())
        minute.statuses[status // 100] = minute.statuses.get(status // 100, 0) + 1
        minute.milliseconds += self.milliseconds

    def read(self, held: Deployment, since: datetime, until: datetime) -> Metrics:
        """The metrics of a span of time; none of one in which the deployment was not, or that is silent."""
        last = (until - timedelta(microseconds=1)).date()
        is_silent = any(since.date() <= day <= last for day in self.silent)
        if until <= held.since or since > self._now() or is_silent:
            return Metrics()
        found = [
            minute
            for at, minute in self._minutes.get(_key(held), {}).items()
            if since <= at < until
        ]
        requests = sum(sum(each.statuses.values()) for each in found)
        serves = self.load if held.state in ("Succeeded", "Updating", "Deleting") else None
        if not requests and not serves:
            return Metrics()
        cpu, memory = serves or (None, None)
        return Metrics(
            requests=requests,
            client_errors=sum(each.statuses.get(4, 0) for each in found),
            server_errors=sum(each.statuses.get(5, 0) for each in found),
            latency_ms=sum(each.milliseconds for each in found) / requests if requests else None,
            cpu_percent=cpu,
            memory_percent=memory,
        )


def _key(held: Deployment) -> tuple[str, str]:
    return held.given.endpoint_name.lower(), held.given.name.lower()
