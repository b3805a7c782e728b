"""What records name of what is kept in files: listed once, laid on the sides of a join, and asked thing by thing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

from shared.domain import plans
from shared.domain.bookkeeping import TOMBSTONE
from shared.domain.ownership import DIGEST_TAG
from shared.domain.reconcile.compare_registry import may_be_ours
from shared.domain.reconcile.kept_things import Sort, Thing
from shared.domain.records import Status
from shared.ports import Row, Tables
from shared.reconcile_ports import Entry, Join, ReconcilePorts
from shared.service import store
from shared.service.catalogue.shelf import PREFIXES
from shared.service.intake import rows as intake_rows
from shared.service.reconcile.sides import (
    EACH_PAGE,
    REGISTERED,
    keeping,
    lay_rows,
    scan_ranges,
)

HOLDING, USED, DESCRIBED, PACKAGED, KNOWN = "holding", "used", "described", "packaged", "known"
MADE_OF, UNCLAIMED = "made_of", "unclaimed"
_NAMED_BY = {
    Sort.CONTENT: (HOLDING, USED),
    Sort.DESCRIPTION: (DESCRIBED,),
    Sort.PACKAGE: (PACKAGED, MADE_OF),
    Sort.LOG: (KNOWN,),
}
_RANGES = (("c-", "e-"), (store.MODEL, "n-"), ("s-", "t-"), (store.DELETED, "y-"))
"""Code and deployments, models, datasets, and deleted deployments."""
_WANTED = (
    "id",
    "status",
    "content_digest",
    "package_digest",
    "azure_model_name",
    "registry_name",
    "work_json",
    TOMBSTONE,
)
_ARTIFACTS = tuple(PREFIXES.values())


def lay_named(tables: Tables, join: Join, keep: Callable[[], None]) -> int:
    """Lays out what all records name, and says how many there are. Raises StoreError."""
    count = lay_rows(join, scan_ranges(tables, _RANGES, _WANTED, keep), _sides_of)
    arriving = keeping(intake_rows.list_unfinished(tables), keep, every=EACH_PAGE)
    join.add(USED, ((str(row.values.get("sha256", "")), "") for row in arriving))
    return count


def lay_made_of(ports: ReconcilePorts, join: Join, keep: Callable[[], None]) -> None:
    """Lays out of which packages those versions of ours are made that are registered without a record. Raises CloudError.

    What was registered has to be laid out before.
    """
    unclaimed = (name for name, _ in join.missing(UNCLAIMED, REGISTERED) if may_be_ours(name))
    for name in keeping(list(unclaimed), keep):
        versions = ports.view.list_versions(name)
        join.add(MADE_OF, [(each.tags.get(DIGEST_TAG, ""), name) for each in versions])


def lay_registered(ports: ReconcilePorts, join: Join, keep: Callable[[], None]) -> None:
    """Lays out the names that the registry has. Raises CloudError."""
    join.add(UNCLAIMED, ((name, "") for name in keeping(ports.view.list_models(), keep, every=100)))


def is_named(join: Join, sort: Sort, about: str) -> bool:
    """Whether a record names a thing, or for a package something registered does."""
    return any(join.find(side, about) is not None for side in _NAMED_BY[sort])


class NamedNow:
    """What is named now: listed when it is first asked for, and kept for a turn's repairs."""

    def __init__(self, ports: ReconcilePorts, keep: Callable[[], None]) -> None:
        self._ports, self._keep = ports, keep
        self._open = ExitStack()
        self._join: Join | None = None

    def __enter__(self) -> "NamedNow":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._open.close()

    def has(self, thing: Thing) -> bool:
        """Whether a thing is named. Raises CloudError, StoreError."""
        if self._join is None:
            opening: AbstractContextManager[Join] = self._ports.joins.open()
            join = self._open.enter_context(opening)
            lay_registered(self._ports, join, self._keep)
            lay_named(self._ports.tables, join, self._keep)
            lay_made_of(self._ports, join, self._keep)
            self._join = join
        return is_named(self._join, thing.sort, thing.about)


def _sides_of(row: Row) -> Iterator[Entry]:
    """The sides that a record stands on, and its key on each."""
    values = row.values
    if row.key.startswith(_ARTIFACTS):
        yield DESCRIBED, str(values.get("id"))
        if values.get("registry_name"):  # its files are there
            yield REGISTERED, str(values["registry_name"])
        else:
            yield HOLDING, str(values.get("content_digest"))
        return
    yield KNOWN, str(values.get("id"))
    if plans.is_finished_row(values) and values.get("status") == Status.DELETED:
        return
    yield USED, str(values.get("content_digest"))
    yield PACKAGED, str(values.get("package_digest"))
    yield REGISTERED, str(values.get("azure_model_name"))
