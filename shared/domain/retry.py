"""How long to wait: after trouble in the cloud, and between looks at a running operation.

Nothing here sleeps. The waits live in the record, so an attempt is never burnt by a redelivery.
"""

from shared.domain.errors import Trouble

MAX_ATTEMPTS = {
    Trouble.TRANSIENT: 12,
    Trouble.AMBIGUOUS: 12,
    Trouble.PERMANENT: 1,
}
REFUSED_FOR = 600.0
"""Seconds that "not allowed" is waited out: a new role takes up to ten minutes to reach every service."""

LONGEST_WAIT = 900.0
"""Seconds between two looks at the most, however long the trouble lasts or the cloud asks for."""

_FIRST, _LONGEST = 1.0, 120.0
_AUTH_WAIT = 30.0
_OTHERS_TURN = 5.0
_LATER = 1 / 10  # of a told time, added at random: all who were told the same do not come at once
_SLOWING = 1 / 30  # of the time that a step has taken so far
_CLOSE, _GROWTH = 1 / 30, 1 / 4  # of the expected time, and of the time it is overdue
_LONGEST_GAP, _LONGEST_UNSEEN = 30.0, 240.0
_LEAN, _SOONER = 0.97, 0.9


def may_retry(trouble: Trouble, attempts: int, refused_for: float) -> bool:
    """Whether a step is tried again that has met trouble that burns attempts `attempts` times.

    `refused_for` is for how many seconds it has met nothing but AUTH. Throttling and conflicts are
    somebody else's turn: only the deadline ends them.
    """
    if trouble is Trouble.AUTH:
        return refused_for < REFUSED_FOR
    return not burns_attempt(trouble) or attempts < MAX_ATTEMPTS[trouble]


def burns_attempt(trouble: Trouble) -> bool:
    """Whether this trouble counts towards those that a step bears."""
    return trouble in MAX_ATTEMPTS


def retry_delay(trouble: Trouble, attempts: int, retry_after: float | None, jitter: float) -> float:
    """Seconds to the next attempt: what the cloud said, else doubling, at least half of it sure.

    `jitter` is between 0 and 1. A told time is believed as far as `bound_told` says, also with what
    is added.
    """
    if told := bound_told(retry_after):
        return min(told, LONGEST_WAIT / (1 + _LATER)) * (1 + jitter * _LATER)
    if trouble is Trouble.AUTH:
        return _AUTH_WAIT * (1 + jitter)
    if not burns_attempt(trouble):
        return _OTHERS_TURN * (1 + jitter)
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(attempts, 10))
    return max(_FIRST, ceiling * (1 + jitter) / 2)


def bound_told(retry_after: float | None) -> float | None:
    """A time to wait that the cloud told, from a second to `LONGEST_WAIT`; one in the past says nothing."""
    if retry_after is not None and retry_after > 0:
        return min(max(retry_after, _FIRST), LONGEST_WAIT)
    return None


def slow_down(seconds: float, elapsed: float) -> float:
    """A wait that is no longer short where the step has already taken `elapsed` seconds.

    So what never ends, such as a removal that Azure refuses, is looked at less and less often.
    """
    return max(seconds, min(elapsed * _SLOWING, LONGEST_WAIT))


def keep_deadline(seconds: float, left: float) -> float:
    """A wait that ends where the `left` seconds to a deadline do, in a second at the earliest."""
    return min(seconds, max(left, _FIRST))


def poll_delay(elapsed: float, expected: float) -> float:
    """Whole seconds to the next look at an operation that has run for `elapsed` seconds.

    The first look comes when it is `expected` to end, as earlier runs tell; 0 where none does. The
    next ones follow closely, and less so the longer it is overdue, so that few are in vain.
    """
    if elapsed < expected:
        return _whole(min(expected - elapsed, _LONGEST_UNSEEN))
    return _whole(min(max(expected * _CLOSE, (elapsed - expected) * _GROWTH), _LONGEST_GAP))


def learn(expected: float, due: float) -> float:
    """The next estimate of when an operation is worth its first look, in seconds from its beginning.

    `due` is when the look was planned that saw the end; that it came later is our own delay and
    says nothing of the cloud. At the look before, the operation still ran: the estimate is a
    little less than that. Where the first look saw the end, the next first look comes sooner.
    """
    if due <= expected + 1:
        return round(expected * _SOONER, 1)
    seen = _look_before(expected, due) * _LEAN
    return round((expected + seen) / 2 if 0 < expected < seen else seen, 1)


def _look_before(expected: float, due: float) -> float:
    """When the look came whose `poll_delay` led to `due`."""
    overdue = (due + expected * _GROWTH) / (1 + _GROWTH)
    return max(min(due - 1, due - expected * _CLOSE, overdue), due - _LONGEST_GAP)


def _whole(seconds: float) -> float:
    """At least 1; a queue delays by whole seconds, and would round a fraction up."""
    return float(max(1, int(seconds)))
