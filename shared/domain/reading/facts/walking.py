"""Ways through the inert graph: through all of it, for facts that may be anywhere in it, and into one part after the other.

Parts can be shared, or hold themselves: what is met again and again costs nothing to write, so all that is looked at is counted.
"""

from collections import deque
from collections.abc import Iterator

from shared.domain.inspection import Json
from shared.domain.reading.limits import Limits, over_limits
from shared.domain.reading.pickles.arrays import count_values, decode_list
from shared.domain.reading.pickles.graph import Made, Pairs, Value

_MOST = 50_000
_DEEPEST = 20
_VISIT = 50
"""What it costs to ask an instance for all attributes that tell something, in looks at a value."""


class Budget:
    """What may be looked at for facts, however often it is met. Raises UnreadableModel for more than any model needs."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.described

    def spend(self, values: int) -> None:
        """Account for values that are looked at."""
        self._left -= values
        if self._left < 0:
            raise over_limits("it takes more steps to describe than any model does")

    def visit(self, depth: int, lists: int = 0) -> None:
        """Account for one instance so deep inside of others, and for the lists of its parts."""
        if depth > _DEEPEST:
            raise over_limits("its parts are nested deeper than any model's")
        self.spend(_VISIT + lists)

    def decode(self, value: Value, most: int, first: int | None = None) -> list[Json] | None:
        """See `decode_list`."""
        count = count_values(value)
        self.spend(1 + min(count, most if first is None else first))
        return decode_list(value, most, first)


def walk_instances(root: Value) -> Iterator[Made]:
    """Every instance and call in the graph once, outer ones first; of a very large graph only the first."""
    left = deque([root])
    seen: set[int] = set()
    for _ in range(_MOST):
        if not left:
            return
        one = left.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Made):
            yield one
        left.extend(_inside(one))


def _inside(value: Value) -> list[Value]:
    """What of a value may hold further instances. Arguments may be shared by many calls: they count as a value of their own."""
    if isinstance(value, Made):
        parts = [value.state, value.args, *(item for _, item in value.pairs)]
    elif isinstance(value, Pairs):
        parts = [item for _, item in value.pairs]
    else:
        parts = list(value) if isinstance(value, list | tuple) else []
    return [part for part in parts if isinstance(part, Made | Pairs | list | tuple)]
