"""Marks on users' things, in a table of their own: a partition for each user, so that a list reads all of it at once.

They come and go with what a look finds, and are no part of the records: whoever works on those is not disturbed.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from shared.domain import codec
from shared.domain.errors import Exists, UnreadableRow
from shared.domain.reconcile.findings import RULES, Area, Case
from shared.domain.reconcile.marks import MARKED, UNREGISTERED, Mark
from shared.ports import Ports, Row, Tables
from shared.service import store

MARKS = "marks"


def list_marks(tables: Tables, user_key: str, thing_id: str = "") -> list[Mark]:
    """The marks on all of a user's things, or on one of them; few have any. Raises StoreError."""
    first, last = (f"{thing_id}-", f"{thing_id}.") if thing_id else ("", "")
    found = []
    for row in tables.scan(MARKS, user_key, first=first, last=last):
        try:
            found.append(store.read_row(Mark, row).record)
        except UnreadableRow as error:
            store.tell_unreadable(error)
    return found


def find_unregistered(tables: Tables, user_key: str) -> set[str]:
    """The ids of a user's things whose version is known to be gone from the registry. Raises StoreError."""
    found = list_marks(tables, user_key)
    return {each.thing_id for each in found if each.case in UNREGISTERED}


def put(ports: Ports, mark: Mark) -> None:
    """Marks a thing, unless it is marked so. Raises StoreError."""
    row = Row(partition=mark.user_key, key=mark.key, values=codec.render_record(mark))
    with suppress(Exists):
        store.insert(ports.tables, ports.random, MARKS, row)


def take_away(ports: Ports, user_key: str, thing_id: str, case: Case) -> None:
    """Takes a mark away, where there is one. Raises StoreError."""
    row = ports.tables.get(MARKS, user_key, f"{thing_id}-{case}")
    if row is not None:
        store.remove(ports.tables, MARKS, row)


def renew(
    ports: Ports, found: Mapping[str, Mark], areas: Collection[Area], keep: Callable[[], None]
) -> None:
    """Makes the marks of some areas, which were all looked at, those that were found. Raises StoreError."""
    over = {case for case in MARKED if RULES[case].area in areas}
    present: set[str] = set()
    for row in ports.tables.scan(MARKS, None, select=("case",)):
        keep()
        present.add(row.key)
        if row.key not in found and row.values.get("case") in over:
            store.remove(ports.tables, MARKS, row)
    for key in found.keys() - present:
        keep()
        put(ports, found[key])
