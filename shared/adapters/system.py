"""The machine's own clock and chance, for `shared.wiring`."""

import random
import secrets
from datetime import UTC, datetime

_CHANCE = random.SystemRandom()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present time in UTC."""
        return datetime.now(UTC)


class SystemRandom:
    """The operating system's chance, which no two processes share."""

    def nonce(self) -> str:
        """A name no other write has: 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def jump(self) -> int:
        """How far to go ahead of a taken id: 1 to 1000 microseconds."""
        return 1 + secrets.randbelow(1000)

    def jitter(self) -> float:
        """A number between 0 and 1."""
        return _CHANCE.random()
