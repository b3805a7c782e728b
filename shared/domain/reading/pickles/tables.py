"""pandas tables inside pickles: the names and types of their columns, and their first row.

A table is kept in blocks of one type, `_unpickle_block(values, places, 2)`: values by column, then row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from shared.domain.inspection import Json
from shared.domain.reading.limits import Limits
from shared.domain.reading.pickles.arrays import decode_first, decode_list
from shared.domain.reading.pickles.graph import Made, Pairs, Value

_BLOCK = "pandas._libs.internals._unpickle_block"
_MANAGER = "pandas.core.internals.managers.BlockManager"
_SLICE = "builtins.slice"
_TYPES: dict[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}


@dataclass(frozen=True, slots=True)
class Frame:
    """`columns` are name, type in MLflow's words, and the value in the first row."""

    columns: tuple[tuple[str, str, Json], ...] = ()


def read_frame(table: Value, limits: Limits) -> Frame:
    """The columns of a DataFrame that have names; none where it is none, or too wide, or its blocks have more than it."""
    manager = _manager(table)
    names = find_labels(table, limits.columns)
    if manager is None or not names or not isinstance(manager.args[0], tuple):
        return Frame()
    first: dict[int, Json] = {}
    left = len(names)
    for block in manager.args[0]:
        places = _places(block, len(names))
        left -= len(places) or len(names)
        if left < 0:
            return Frame()
        first |= zip(places, decode_first(block.args[0], len(places)), strict=False)
    columns = [
        (name, *_typed(first.get(at))) for at, name in enumerate(names) if isinstance(name, str)
    ]
    return Frame(tuple(columns) if len(columns) == len(names) else ())


def find_labels(table: Value, most: int) -> list[Json] | None:
    """What the columns of a DataFrame are called; None for what is none, or has more than `most`."""
    manager = _manager(table)
    axes = manager.args[1] if manager else None
    index = axes[0] if isinstance(axes, list) and axes else None
    if not isinstance(index, Made) or len(index.args) != 2:
        return None
    told = index.args[1]
    return decode_list(told.get("data"), most) if isinstance(told, Pairs) else None


def _manager(table: Value) -> Made | None:
    """The part of a table that holds its blocks and labels."""
    state = table.state if isinstance(table, Made) else None
    manager = state.get("_mgr") if isinstance(state, Pairs) else None
    if isinstance(manager, Made) and manager.full == _MANAGER and len(manager.args) > 1:
        return manager
    return None


def _places(block: Value, count: int) -> Sequence[int]:
    """Where in the table the columns of a block are; none of what is no block."""
    if not isinstance(block, Made) or block.full != _BLOCK or len(block.args) != 3:
        return ()
    told = block.args[1]
    if isinstance(told, Made) and told.full == _SLICE and len(told.args) == 3:
        start, stop, step = told.args
        plain = all(part is None or type(part) is int for part in told.args) and step != 0
        return range(count)[slice(start, stop, step)] if plain else ()
    places = decode_list(told, count) or []
    return [place for place in places if type(place) is int]


def _typed(value: Json) -> tuple[str, Json]:
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "double", 0.0
    return _TYPES[type(value)], value
