"""Since when nobody has called an endpoint, by the days of use that are kept of all that is and was on it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.errors import UnreadableRow
from shared.domain.reconcile.compare_idle import compare_idle, may_be_idle
from shared.domain.reconcile.findings import Finding
from shared.domain.reconcile.observed import SeenEndpoint
from shared.domain.records import Deployment, Endpoint
from shared.ports import Ports, Row
from shared.service import listing, store, usage
from shared.service.reconcile.sides import EACH_PAGE, keeping

_WANTED = ("id", "endpoint_name", "torn_down_at")


@dataclass(slots=True, kw_only=True)
class Idleness:
    """One look at all endpoints. `days` without a request make one idle, 0 none; use is kept for `kept_days`."""

    ports: Ports
    days: int
    kept_days: int
    keep: Callable[[], None]
    _gone: dict[str, dict[str, list[Deployment | None]]] = field(default_factory=dict)

    def find(self, seen: SeenEndpoint) -> Iterator[Finding]:
        """What is to be said of an endpoint. Raises StoreError, UnreadableRow."""
        days = min(self.days, self.kept_days - 1)
        if days > 0 and seen.row is not None and may_be_idle(seen):
            now = self.ports.clock.now()
            yield from compare_idle(seen, self._since(seen.row, days, now), days=days, now=now)

    def _since(self, row: Endpoint, days: int, now: datetime) -> datetime | None:
        """What was there and went is asked for only where what is there has no requests."""
        tables = self.ports.tables
        members = [each.record for each in store.load_members(tables, row)]
        since = usage.find_idle(tables, keeping(members, self.keep), self.kept_days, now)
        if since is None or now - since < timedelta(days=days):
            return None
        gone = self._gone_of(row.user_key, now - timedelta(days=self.kept_days))
        gone_here = gone.get(row.name.lower(), [])
        if None in gone_here:
            return None
        records = [*members, *(each for each in gone_here if each)]
        return usage.find_idle(tables, keeping(records, self.keep), self.kept_days, now)

    def _gone_of(self, user_key: str, since: datetime) -> dict[str, list[Deployment | None]]:
        """A user's deployments that went since then, by their endpoints, read once: None for one that cannot be read."""
        if user_key not in self._gone:
            found: dict[str, list[Deployment | None]] = defaultdict(list)
            rows = listing.deleted_rows(self.ports.tables, user_key, _WANTED)
            for row in keeping(rows, self.keep, every=EACH_PAGE):
                if _went_since(row, since):
                    found[str(row.values.get("endpoint_name")).lower()].append(self._load(row))
            self._gone[user_key] = found
        return self._gone[user_key]

    def _load(self, row: Row) -> Deployment | None:
        """The record; None also where it has gone from there in between."""
        try:
            stored = store.load_deployment(
                self.ports.tables, row.partition, str(row.values.get("id"))
            )
        except UnreadableRow as error:
            store.tell_unreadable(error)
            return None
        return stored.record if stored else None


def _went_since(row: Row, since: datetime) -> bool:
    """Whether it may have; one that does not tell is read as a whole."""
    try:
        return datetime.fromisoformat(str(row.values["torn_down_at"])) >= since
    except (KeyError, ValueError, TypeError):
        return True
