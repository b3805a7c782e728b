"""A clock that moves only when told, and chance that a seed repeats: for tests and the simulator."""

import random
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Time as a value; nothing waits for it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """The present virtual time in UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Moves the time on; a negative number moves it back, as a corrected clock does."""
        self._now += timedelta(seconds=seconds)


class SeededRandom:
    """Chance that is the same again for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose, guards nothing

    def nonce(self) -> str:
        """32 hexadecimal digits that this seed gives once."""
        return f"{self._chance.getrandbits(128):032x}"

    def jump(self) -> int:
        """How far to go ahead of a taken id: 1 to 1000 microseconds."""
        return self._chance.randint(1, 1000)

    def jitter(self) -> float:
        """A number between 0 and 1."""
        return self._chance.random()
