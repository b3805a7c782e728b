"""Lists what records and cloud say there is, lays it side by side, and gives what they disagree about.

A listing that fails, or breaks off, makes its area unknown: nothing more is said of it. A finding is read again just
before it is repaired; here it is as it was listed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain

from shared.domain.errors import CloudError, StoreError
from shared.domain.failures import shorten
from shared.domain.reconcile.findings import Area, Finding
from shared.reconcile_ports import Join, ReconcilePorts
from shared.service.reconcile import listings, sides
from shared.service.reconcile.artifacts import ArtifactsLook
from shared.service.reconcile.candidates import Candidates
from shared.service.reconcile.differences import Differences, Found
from shared.service.reconcile.idle import Idleness
from shared.service.reconcile.old_rows import OldRows


@dataclass(slots=True, kw_only=True)
class Observation:
    """One look at everything in some areas: how many things were seen, and of which areas nothing can be said.

    What is read one by one are `candidates`.
    """

    ports: ReconcilePorts
    areas: Collection[Area]
    days: int
    trash_days: float
    event_days: int
    idle_days: int
    usage_days: int
    candidates: Candidates
    seen: Counter[Area] = field(default_factory=Counter)
    unknown: dict[Area, str] = field(default_factory=dict)

    def find(self) -> Iterator[Finding]:
        """All findings. What is kept elsewhere is listed first: what comes to be meanwhile is on record before. Raises StoreError."""
        if set(self.areas) != {Area.ARTIFACTS}:
            yield from self._in_cloud()
        with self.ports.joins.open() as join:
            look = ArtifactsLook(self.ports, join, self.trash_days, self.candidates)
            yield from self._compare(Area.ARTIFACTS, look.find)
            if look.seen:
                self.seen[Area.ARTIFACTS] = look.seen

    def _in_cloud(self) -> Iterator[Finding]:
        with self.ports.joins.open() as join:
            on_endpoints = self._lay_cloud(join)
            old = OldRows(self.ports, self.event_days)
            self._lay_records(join, old)
            if Area.RECORDS in self.unknown:  # nothing can be compared without them
                self.unknown |= dict.fromkeys(self.areas, self.unknown[Area.RECORDS])
                return
            differences = Differences(self.ports, join, self.days, self.candidates)
            yield from self._compare(
                Area.ENDPOINTS, lambda: chain(on_endpoints, differences.on_endpoints())
            )
            yield from self._compare(Area.REGISTRY, differences.in_registry)
            yield from self._compare(
                Area.RECORDS,
                lambda: chain(differences.of_records(), old.find(self.candidates.keep)),
            )

    def _lay_cloud(self, join: Join) -> list[Finding]:
        found: list[Finding] = []
        if Area.ENDPOINTS in self.areas:
            with self._noted(Area.ENDPOINTS):
                idleness = Idleness(
                    ports=self.ports,
                    days=self.idle_days,
                    kept_days=self.usage_days,
                    keep=self.candidates.keep,
                )
                count, found = listings.lay_endpoints(
                    self.ports, join, idleness, self.candidates.keep
                )
                self.seen[Area.ENDPOINTS] = count
        if Area.REGISTRY in self.areas:
            with self._noted(Area.REGISTRY):
                self.seen[Area.REGISTRY] = listings.lay_registry(
                    self.ports, join, self.candidates.keep
                )
        return found

    def _lay_records(self, join: Join, old: OldRows) -> None:
        tables = self.ports.tables
        with self._noted(Area.RECORDS):
            passed = old.passed if Area.RECORDS in self.areas else None
            count = sides.lay_records(tables, join, self.candidates.keep, passed)
            if not count and self.seen.total():
                raise StoreError("there is not a single record: they may have been lost")
            self.seen[Area.RECORDS] = count
            if Area.RECORDS in self.areas:
                sides.lay_index(tables, join, self.candidates.keep)
                sides.lay_names(tables, join, self.candidates.keep)

    def _compare(self, area: Area, differences: Callable[[], Found]) -> Iterator[Finding]:
        """What an area has, when all of it could be read: half of a truth is none."""
        found: list[Finding] = []
        if area in self.areas and area not in self.unknown:
            with self._noted(area):
                found = [each for each in differences() if each]
        yield from found

    def _noted(self, area: Area) -> "_Noted":
        return _Noted(area, self.unknown)


@dataclass(frozen=True, slots=True)
class _Noted:
    """Notes of an area that nothing more can be said of it, where it cannot be read."""

    area: Area
    unknown: dict[Area, str]

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, CloudError | StoreError):
            return False
        whose = "Azure ML" if isinstance(error, CloudError) else "storage"
        why = f"{whose} did not tell all there is ({shorten(str(error), 300)})"
        self.unknown[self.area] = why
        return True
