"""How long the cloud took before, and so when to look next. Advisory: a lost update costs nothing."""

from contextlib import suppress
from dataclasses import replace

from shared.domain import retry
from shared.domain.errors import Changed, Exists, Missing
from shared.domain.records import Pace, Step
from shared.ports import Replace
from shared.service import store
from shared.service.turn import Turn


def next_look(turn: Turn, step: Step) -> float:
    """Seconds until the operation that `step` waits for is worth looking at again."""
    began = turn.record.work.began_at or turn.ports.clock.now()
    elapsed = (turn.ports.clock.now() - began).total_seconds()
    stored = store.load_pace(turn.ports.tables, turn.record.user_key)
    expected = stored.record.seconds.get(step) if stored else None
    return retry.poll_delay(elapsed, expected)


def learn(turn: Turn, step: Step) -> None:
    """Notes how long the operation took that this turn saw finished."""
    began = turn.record.work.began_at
    if began is None:
        return
    took = (turn.ports.clock.now() - began).total_seconds()
    tables, random = turn.ports.tables, turn.ports.random
    stored = store.load_pace(tables, turn.record.user_key)
    known = dict(stored.record.seconds) if stored else {}
    known[step] = retry.learn(known.get(step), took)
    with suppress(Exists, Changed, Missing):  # another turn noted its own: either will do
        if stored is None:
            row = store.pace_row(turn.record.user_key, Pace(seconds=known))
            store.insert(tables, random, store.RECORDS, row)
        else:
            pace = replace(stored.record, seconds=known)
            row = store.pace_row(turn.record.user_key, pace, stored.row.etag)
            store.commit(tables, random, store.RECORDS, [Replace(row)])
