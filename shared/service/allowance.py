"""How much one user may have unfinished, and how fast new deployments of one user are begun.

Whoever has too much is refused with the seconds after which it is worth another try; deletions never
are. What is unfinished is counted from the index, so it holds for all instances together, give or
take what they accept within a few seconds. The pace is each instance's own.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared import telemetry
from shared.domain import pacing
from shared.domain.errors import TooMany
from shared.domain.policy import Policy
from shared.ports import Clock, Tables
from shared.service import store
from shared.telemetry import Happened

RECOUNT = timedelta(seconds=5)
RECOUNT_AT_LIMIT = timedelta(seconds=1)
OLDEST = timedelta(seconds=10)
"""A count that is older serves nobody, also where another request is about to renew it."""
_LATER = 30.0  # seconds: a deployment takes minutes
_MOST_USERS = 10_000  # beyond, those are forgotten who have long asked for nothing
_FORGET = timedelta(minutes=2)


@dataclass(slots=True)
class _Use:
    """What is known of a user: how much is unfinished, when that was counted and last to be, the next turn."""

    unfinished: int
    counted_at: datetime
    asked_at: datetime
    next_turn: datetime


class Allowance:
    """What each user has taken of it, as far as this process knows; safe to share."""

    def __init__(self, tables: Tables, clock: Clock, policy: Policy) -> None:
        self._tables, self._clock, self._policy = tables, clock, policy
        self._uses: dict[str, _Use] = {}
        self._lock = threading.Lock()

    def take(self, user_key: str) -> float:
        """Takes one new deployment's share; seconds until its work should begin. Raises TooMany."""
        now = self._clock.now()
        use = self._uses.get(user_key)
        if use is None or self._begins_to_count(use, now):
            counted = count_unfinished(self._tables, user_key, self._policy.max_unfinished)
            use = self._remember(user_key, counted, now)
        now = self._clock.now()
        with self._lock:
            if use.unfinished >= self._policy.max_unfinished:
                raise too_many_unfinished(self._policy.max_unfinished)
            slot = pacing.next_slot(use.next_turn, now, self._policy.deploys_per_minute)
            if slot.refused_for:
                raise _too_fast(self._policy.deploys_per_minute, slot.refused_for)
            use.unfinished += 1
            use.next_turn = slot.next_turn
        return slot.pause

    def _begins_to_count(self, use: _Use, now: datetime) -> bool:
        """Whether it is for the caller to count: one does after a while, others go on with what is known."""
        with self._lock:
            is_full = use.unfinished >= self._policy.max_unfinished
            every = RECOUNT_AT_LIMIT if is_full else RECOUNT
            if use.counted_at <= now < use.counted_at + OLDEST and now < use.asked_at + every:
                return False
            use.asked_at = now
            return True

    def _remember(self, user_key: str, unfinished: int, now: datetime) -> _Use:
        with self._lock:
            if len(self._uses) > _MOST_USERS:
                self._uses = {
                    key: use for key, use in self._uses.items() if now - use.counted_at < _FORGET
                }
            use = self._uses.setdefault(user_key, _Use(unfinished, now, now, now))
            use.unfinished, use.counted_at, use.asked_at = unfinished, now, now
            return use


def require_room(tables: Tables, policy: Policy, user_key: str) -> None:
    """Counts now. Raises TooMany where the user has no room for one more."""
    if count_unfinished(tables, user_key, policy.max_unfinished) >= policy.max_unfinished:
        raise too_many_unfinished(policy.max_unfinished)


def count_unfinished(tables: Tables, user_key: str, most: int) -> int:
    """How many of the user's deployments are unfinished, deletions with them; at most `most`."""
    rows = tables.scan(store.INFLIGHT, user_key, select=("generation",))
    return sum(1 for _ in islice(rows, most))


def too_many_unfinished(most: int) -> TooMany:
    """The refusal where a user has too much unfinished."""
    telemetry.tell(Happened.REFUSED, code="too_many_unfinished")
    return TooMany(
        "too_many_unfinished",
        f"You have {most} unfinished deployments, which is the limit.",
        "Send the request again when some are active, failed or torn down (GET /deployments/list?status=deploying).",
        retry_after=_LATER,
    )


def _too_fast(per_minute: int, seconds: float) -> TooMany:
    telemetry.tell(Happened.REFUSED, code="too_many_requests")
    return TooMany(
        "too_many_requests",
        f"You have asked for more than {per_minute} deployments a minute, and they are begun one after another.",
        "Send the request again after the seconds in Retry-After.",
        retry_after=seconds,
    )
