"""How long to wait: after trouble in the cloud, and between looks at a running operation.

Nothing here sleeps. The waits live in the record, so an attempt is never burnt by a redelivery.
"""

from shared.domain.errors import Trouble

MAX_ATTEMPTS = {
    Trouble.TRANSIENT: 12,
    Trouble.AMBIGUOUS: 12,
    Trouble.AUTH: 10,  # a new role assignment takes up to ten minutes to reach every service
    Trouble.PERMANENT: 1,
}
_FIRST, _LONGEST = 1.0, 120.0
_AUTH_WAIT = 60.0
_OTHERS_TURN = 5.0
_LONGEST_TOLD = 900.0
_CLOSE, _GROWTH = 1 / 30, 1 / 4  # of the expected time, and of the time it is overdue
_LONGEST_GAP, _LONGEST_UNSEEN = 30.0, 240.0
_LEAN, _SOONER = 0.97, 0.9


def may_retry(trouble: Trouble, attempts: int) -> bool:
    """Whether a step that has met this trouble `attempts` times is tried again.

    Throttling and conflicts are somebody else's turn and burn no attempts; the deadline ends them.
    """
    limit = MAX_ATTEMPTS.get(trouble)
    return limit is None or attempts < limit


def burns_attempt(trouble: Trouble) -> bool:
    """Whether this trouble counts towards those that a step bears."""
    return trouble in MAX_ATTEMPTS


def retry_delay(trouble: Trouble, attempts: int, retry_after: float | None, jitter: float) -> float:
    """Seconds to the next attempt: what the cloud said, else doubling with full jitter.

    `jitter` is between 0 and 1. A told time is believed within 1 s and 15 min.
    """
    if retry_after is not None:
        return min(max(retry_after, 1.0), _LONGEST_TOLD)
    if trouble is Trouble.AUTH:
        return _AUTH_WAIT
    if not burns_attempt(trouble):
        return _OTHERS_TURN * (1 + jitter)
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(attempts, 10))
    return max(_FIRST, jitter * ceiling)


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
