"""How fast one user's requests are begun: a burst at once, the rest one after another, a minute's worth.

So a user who sends hundreds at once takes the workers a share at a time, and another's single request
is not behind all of them. Decided from one moment per user: when the next request has its turn.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

BURST = 10
"""So many requests begin at once."""
LONGEST_PAUSE = timedelta(minutes=1)
"""A request that would begin later than this is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What a request gets: `pause` seconds until its work begins, or `refused_for` so many."""

    next_turn: datetime
    pause: float = 0.0
    refused_for: float = 0.0


def next_slot(next_turn: datetime, now: datetime, per_minute: int) -> Slot:
    """The slot of a request that comes now, where the user's next turn would be at `next_turn`."""
    interval = timedelta(minutes=1) / per_minute
    if next_turn > now + LONGEST_PAUSE + (BURST + 1) * interval:
        next_turn = now  # none is given so late: the clock was set back
    turn = max(next_turn, now)
    ahead = turn - now - (BURST - 1) * interval
    if ahead > LONGEST_PAUSE:
        return Slot(next_turn=next_turn, refused_for=(ahead - LONGEST_PAUSE).total_seconds())
    pause = max(ahead.total_seconds(), 0.0)
    return Slot(next_turn=turn + interval, pause=pause)
