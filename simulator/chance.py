"""Chance that a seed repeats, asked by name and not in a row.

Each number follows from the seed and from what it is for: "the latency of the third `checkpoint` of
worker 1". A stream of random numbers would shift with every call that a change of the service adds;
these stay what they were, so that a seed that found something goes on finding it.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_FRACTION, _NAME = 8, 16  # bytes
_WHOLE = float(2**64)


class Chance:
    """The chance of one seed; equal questions have equal answers."""

    def __init__(self, seed: int | str) -> None:
        key = str(seed).encode()
        self._keyed = {size: blake2b(digest_size=size, key=key) for size in (_FRACTION, _NAME)}

    def fraction(self, *about: object) -> float:
        """A number from 0 to below 1."""
        return int.from_bytes(self._digest(about, _FRACTION)) / _WHOLE

    def between(self, low: float, high: float, *about: object) -> float:
        """A number from `low` to below `high`."""
        return low + (high - low) * self.fraction(*about)

    def whole(self, low: int, high: int, *about: object) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * self.fraction(*about))

    def happens(self, probability: float, *about: object) -> bool:
        """Whether something of this probability is so."""
        return self.fraction(*about) < probability

    def pick(self, choices: Sequence[T], *about: object) -> T:
        """One of the choices."""
        return choices[int(len(choices) * self.fraction(*about))]

    def name(self, *about: object) -> str:
        """32 hexadecimal digits."""
        return self._digest(about, _NAME).hex()

    def _digest(self, about: tuple[object, ...], size: int) -> bytes:
        digest = self._keyed[size].copy()
        digest.update("|".join(map(str, about)).encode())
        return digest.digest()


class Counted:
    """Chance for what happens again and again: each answer is of the next occurrence."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._counts: Counter[tuple[str, ...]] = Counter()

    def fraction(self, *about: str) -> float:
        """A number from 0 to below 1."""
        return self._chance.fraction(*about, self._next(about))

    def name(self, *about: str) -> str:
        """32 hexadecimal digits."""
        return self._chance.name(*about, self._next(about))

    def _next(self, about: tuple[str, ...]) -> int:
        self._counts[about] += 1
        return self._counts[about]
