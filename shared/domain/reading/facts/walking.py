"""A way through the whole inert graph, for facts that may be anywhere in it."""

from collections import deque
from collections.abc import Iterator

from shared.domain.reading.pickles.graph import Made, Pairs, Value

_MOST = 50_000


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
    """What of a value may hold further instances."""
    if isinstance(value, Made):
        parts = [value.state, *value.args, *(item for _, item in value.pairs)]
    elif isinstance(value, Pairs):
        parts = [item for _, item in value.pairs]
    else:
        parts = list(value) if isinstance(value, list | tuple) else []
    return [part for part in parts if isinstance(part, Made | Pairs | list | tuple)]
