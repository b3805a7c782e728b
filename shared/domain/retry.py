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
_LONGEST_TOLD = 900.0


def may_retry(trouble: Trouble, attempts: int) -> bool:
    """Whether a step that has met this trouble `attempts` times is tried again.

    Throttling and conflicts are somebody else's turn and burn no attempts; the deadline ends them.
    """
    limit = MAX_ATTEMPTS.get(trouble)
    return limit is None or attempts < limit


def retry_delay(trouble: Trouble, attempts: int, retry_after: float | None, jitter: float) -> float:
    """Seconds to the next attempt: what the cloud said, else doubling with full jitter.

    `jitter` is between 0 and 1. A told time is believed within 1 s and 15 min.
    """
    if retry_after is not None:
        return min(max(retry_after, 1.0), _LONGEST_TOLD)
    if trouble is Trouble.AUTH:
        return _AUTH_WAIT
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(attempts, 10))
    return max(_FIRST, jitter * ceiling)


def poll_delay(elapsed: float, expected: float | None) -> float:
    """Seconds to the next look at an operation that has run for `elapsed` seconds.

    Where an earlier run tells how long it takes, the first look comes just before that time and
    the next ones each 5 % of it later; else each look comes a quarter of the elapsed time later.
    """
    if expected is None:
        return min(max(elapsed / 4, 1.0), 30.0)
    if elapsed < expected:
        return min(max(expected - elapsed, 1.0), 120.0)
    return min(max(elapsed / 20, 1.0), 30.0)


def learn(expected: float | None, took: float) -> float:
    """The next estimate of an operation seen to take `took` seconds.

    A look always comes after the end, so the estimate leans to the shorter side.
    """
    return round(0.9 * took if expected is None else min(0.9 * took, (expected + took) / 2), 1)
