"""Finds rows that were kept for their time, and removes them, so many of each sort in a run, in the versions that were read."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, islice

from shared.domain import ownership
from shared.domain.bookkeeping import TOMBSTONE
from shared.domain.errors import Changed, CloudError, Missing
from shared.domain.reconcile.compare_old import Aged, since_of
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.runs import RunState
from shared.domain.records import Deployment
from shared.ports import Delete, Operation, Ports, Replace, Row, Tables
from shared.service import store
from shared.service.queues.dead_letters import DEAD_LETTERS
from shared.service.reconcile import rows
from shared.service.reconcile.sides import EACH_PAGE, keeping

MOST = 1_000
"""Rows, deployments or runs of each sort that one run removes."""
_AT_ONCE = 100
_SELECTED = ("schema_version", "id", "tag")


def _records(first: str, last: str, *select: str) -> Callable[[Tables], Iterator[Row]]:
    wanted = (*_SELECTED, *select)
    return lambda tables: tables.scan(store.RECORDS, None, first=first, last=last, select=wanted)


_SCANS: dict[Case, tuple[str, Callable[[Tables], Iterator[Row]]]] = {
    Case.OLD_KEYS: (store.RECORDS, _records(store.REQUEST, "s-", "at", "until")),
    Case.OLD_TOMBSTONES: (store.RECORDS, _records(store.LIVE, "e-", TOMBSTONE)),
    Case.OLD_EVENTS: (
        store.RECORDS,
        _records(store.DELETED, "y-", "events", "torn_down_at", "work_json"),
    ),
    Case.OLD_DEAD_LETTERS: (
        DEAD_LETTERS,
        lambda tables: tables.scan(DEAD_LETTERS, None, select=("schema_version", "last_at")),
    ),
    Case.OLD_RUNS: (rows.RUNS, rows.list_rows),
    Case.OLD_NAMES: (
        store.CLAIMS,
        lambda tables: tables.scan(
            store.CLAIMS, None, since="~", select=(*_SELECTED, "kind", "released_at")
        ),
    ),
}
_SEEN_PASSING = {
    store.LIVE: Case.OLD_TOMBSTONES,
    store.DELETED: Case.OLD_EVENTS,
    store.REQUEST: Case.OLD_KEYS,
}
"""What stands among the records, which are listed anyway."""


class OldRows:
    """What one look has found of each sort."""

    def __init__(self, ports: Ports, event_days: int) -> None:
        self._ports, self._days = ports, event_days
        self._now = ports.clock.now()
        self._found = {case: Aged(case) for case in _SCANS}

    def passed(self, row: Row) -> None:
        """Takes note of a record that is listed for something else."""
        case = _SEEN_PASSING.get(row.key[:2])
        if case is not None:
            self._note(case, row)

    def find(self, keep: Callable[[], None]) -> Iterator[Finding | None]:
        """One finding for each sort of which there is something. Raises StoreError."""
        for case, aged in self._found.items():
            if case not in _SEEN_PASSING.values():
                for row in keeping(_SCANS[case][1](self._ports.tables), keep, every=EACH_PAGE):
                    self._note(case, row)
            if case is not Case.OLD_NAMES or not aged.count:
                yield aged.told()
            else:
                yield self._names()

    def _note(self, case: Case, row: Row) -> None:
        since = since_of(case, row.values, row.key, now=self._now, days=self._days)
        if since is not None:
            self._found[case].add(since)

    def _names(self) -> Finding | None:
        """Names whose endpoint is there again, by a call that came late, are kept; without an answer all are."""
        aged = Aged(Case.OLD_NAMES)
        for row in list_old(self._ports, Case.OLD_NAMES, self._days):
            since = since_of(Case.OLD_NAMES, row.values, row.key, now=self._now, days=self._days)
            if since is not None:
                aged.add(since)
        return aged.told()


def list_old(ports: Ports, case: Case, event_days: int) -> Iterator[Row]:
    """The rows of a sort that are too old now. Raises StoreError."""
    now, kept = ports.clock.now(), _kept_tags(ports) if case is Case.OLD_NAMES else set()
    if kept is None:
        return
    for row in _SCANS[case][1](ports.tables):
        if since_of(case, row.values, row.key, now=now, days=event_days) is None:
            continue
        if row.values.get("tag") not in kept:
            yield row


def remove_old(ports: Ports, case: Case, event_days: int) -> int:
    """Removes some of the rows of a sort that are too old now; how many. Raises StoreError."""
    some = list(islice(list_old(ports, case, event_days), MOST))
    if case is Case.OLD_EVENTS:
        return sum(_remove_events(ports, row) for row in some)
    if case is Case.OLD_RUNS:
        some = [row for row in some if _clear_run(ports, row)]
    return sum(
        _remove(ports.tables, _SCANS[case][0], list(group))
        for _, group in groupby(some, key=lambda row: row.partition)
    )


def _kept_tags(ports: Ports) -> set[str] | None:
    """The tags of the endpoints that are there; None where that is not known."""
    try:
        return {each.tags.get(ownership.ENDPOINT_TAG, "") for each in ports.view.list_endpoints()}
    except CloudError:
        return None


def _remove(tables: Tables, table: str, some: list[Row]) -> int:
    """Removes rows of one partition; where one of a transaction has changed, each by itself."""
    removed, source = 0, iter(some)
    while part := list(islice(source, _AT_ONCE)):
        try:
            tables.commit(table, [Delete(row) for row in part])
        except (Changed, Missing):
            removed += sum(store.remove(tables, table, row) for row in part)
        else:
            removed += len(part)
    return removed


def _clear_run(ports: Ports, row: Row) -> bool:
    """Removes what a run has found; False where it still waits for approval, which it does no more from now on."""
    stored = rows.load_run(ports.tables, str(row.values["id"]))
    if stored is None or stored.row.etag != row.etag:
        return False
    if stored.record.state is RunState.NEEDS_APPROVAL:
        lapsed = replace(stored.record, state=RunState.FAILED, trouble="nobody approved it")
        with suppress(Changed, Missing):
            store.save(ports.tables, ports.random, rows.RUNS, rows.run_row(lapsed, row.etag))
        return False
    rows.clear_items(ports.tables, stored.record.id)
    return True


def _remove_events(ports: Ports, row: Row) -> bool:
    """Removes the events of a deployment, and then says on its record that there are none."""
    stored = store.load_deployment(ports.tables, row.partition, str(row.values["id"]))
    if stored is None or stored.row.etag != row.etag:
        return False
    first = store.EVENT + row.key.removeprefix(store.DELETED)
    events = ports.tables.scan(store.RECORDS, row.partition, first=first, last=f"{first}.")
    _remove(ports.tables, store.RECORDS, list(events))
    record: Deployment = replace(stored.record, events=0)
    operation: Operation = Replace(store.deployment_row(record, stored.row.etag))
    with suppress(Changed, Missing):
        store.commit(ports.tables, ports.random, store.RECORDS, [operation])
        return True
    return False
