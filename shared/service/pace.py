"""How long the cloud took before, and so when to look next. Advisory: a lost update costs nothing.

One row for the whole workspace: how fast Azure is depends on its region, not on who asks, so a
user's first deployment profits from everybody's.
"""

from contextlib import suppress
from dataclasses import replace

from shared.domain import codec, retry
from shared.domain.bookkeeping import Pace
from shared.domain.errors import Changed, Exists, Missing, UnreadableRow
from shared.domain.records import Step
from shared.ports import Row, Tables
from shared.service import store
from shared.service.store import Stored
from shared.service.turn import Turn

_PARTITION, _KEY = "everybody", "pace"  # a partition of its own: a user's is 32 hexadecimal digits


def next_look(turn: Turn, step: Step) -> float:
    """Seconds until the operation that `step` waits for is worth looking at again."""
    work = turn.record.work
    began = work.began_at or work.step_since  # not begun by us, or we died before we could note it
    elapsed = (turn.ports.clock.now() - began).total_seconds()
    stored = _load(turn.ports.tables)
    return retry.poll_delay(elapsed, stored.record.seconds.get(step, 0.0) if stored else 0.0)


def learn(turn: Turn, step: Step) -> None:
    """Notes when the operation was due to be looked at that this turn saw finished."""
    work = turn.record.work
    if work.began_at is None or work.trouble:  # an outage says nothing of how long the cloud takes
        return
    due = (work.due_at - work.began_at).total_seconds()
    tables, random = turn.ports.tables, turn.ports.random
    stored = _load(tables)
    known = dict(stored.record.seconds) if stored else {}
    known[step] = retry.learn(known.get(step, 0.0), due)
    with suppress(Exists, Changed, Missing):  # another turn noted its own: either will do
        if stored is None:
            store.insert(tables, random, store.RECORDS, _row(Pace(seconds=known)))
        else:
            pace = replace(stored.record, seconds=known)
            store.save(tables, random, store.RECORDS, _row(pace, stored.row.etag))


def _load(tables: Tables) -> Stored[Pace] | None:
    """What is known; a row that cannot be read counts as none, and stays as it is."""
    row = tables.get(store.RECORDS, _PARTITION, _KEY)
    try:
        return store.read_row(Pace, row) if row else None
    except UnreadableRow as error:
        store.tell_unreadable(error)
        return None


def _row(record: Pace, etag: str = "") -> Row:
    values = codec.render_record(record)
    return Row(partition=_PARTITION, key=_KEY, values=values, etag=etag)
