"""How long the cloud took before, and so when to look next. Advisory: a lost update costs nothing.

One row for the whole workspace: how fast Azure is depends on its region, not on who asks, so a
user's first deployment profits from everybody's.
"""

from contextlib import suppress
from dataclasses import replace

from shared.domain import retry
from shared.domain.errors import Changed, Exists, Missing
from shared.domain.records import Pace, Step
from shared.ports import Replace
from shared.service import store
from shared.service.turn import Turn

_EVERYBODY = "everybody"  # a partition of its own: a user's is 32 hexadecimal digits


def next_look(turn: Turn, step: Step) -> float:
    """Seconds until the operation that `step` waits for is worth looking at again."""
    work = turn.record.work
    began = work.began_at or work.step_since  # not begun by us, or we died before we could note it
    elapsed = (turn.ports.clock.now() - began).total_seconds()
    stored = store.load_pace(turn.ports.tables, _EVERYBODY)
    return retry.poll_delay(elapsed, stored.record.seconds.get(step, 0.0) if stored else 0.0)


def learn(turn: Turn, step: Step) -> None:
    """Notes when the operation was due to be looked at that this turn saw finished."""
    work = turn.record.work
    if work.began_at is None:
        return
    due = (work.due_at - work.began_at).total_seconds()
    tables, random = turn.ports.tables, turn.ports.random
    stored = store.load_pace(tables, _EVERYBODY)
    known = dict(stored.record.seconds) if stored else {}
    known[step] = retry.learn(known.get(step, 0.0), due)
    with suppress(Exists, Changed, Missing):  # another turn noted its own: either will do
        if stored is None:
            row = store.pace_row(_EVERYBODY, Pace(seconds=known))
            store.insert(tables, random, store.RECORDS, row)
        else:
            pace = replace(stored.record, seconds=known)
            row = store.pace_row(_EVERYBODY, pace, stored.row.etag)
            store.commit(tables, random, store.RECORDS, [Replace(row)])
