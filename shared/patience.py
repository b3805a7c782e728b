"""How long one request may wait in vain for storage that does not answer, and how long for a look at the cloud.

The HTTP function gives each request so much patience; `shared.adapters.storage_session` spends it,
only on waits that ended without an answer: a big upload takes the time it takes. Turns and sweeps
have no such limit, since the host brings them back; each of their calls has limits of its own.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

HTTP_SECONDS = 8.0
"""What a request has: an answer of 503 then comes within ten seconds."""


@dataclass(slots=True)
class _Patience:
    """Shared by the threads that work for one request, which each have a copy of the context."""

    left: float


_current: ContextVar[_Patience | None] = ContextVar("patience", default=None)
_hurry: ContextVar[float] = ContextVar("hurry", default=math.inf)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Within this block, waits in vain take so many seconds in all."""
    token = _current.set(_Patience(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def left() -> float:
    """Seconds that may still be waited in vain: none or less once they are over, else infinite."""
    patience = _current.get()
    return math.inf if patience is None else patience.left


def spend(seconds: float) -> None:
    """Takes off a wait that was in vain."""
    patience = _current.get()
    if patience is not None:
        patience.left -= seconds


@contextmanager
def hurried(seconds: float) -> Iterator[None]:
    """Within this block, a call of the cloud, or a page of a list, has so many seconds, and is not tried again after a pause."""
    token = _hurry.set(seconds)
    try:
        yield
    finally:
        _hurry.reset(token)


def longest_call() -> float:
    """Seconds that a call of the cloud may take: infinite where nobody is in a hurry."""
    return _hurry.get()
