"""What is plain data in the inert graph: values without a method that the file could have replaced by a function.

Libraries that call methods of what they are given (pandas does) may get nothing else.
"""

from collections.abc import Callable
from typing import TypeAlias

from shared.domain.reading.pickles.graph import Array, Made, Name, Pairs, Skipped, Value

Spend: TypeAlias = Callable[[int], object]
"""Told how many values were looked at; may end the reading of a file that has too many looked at."""

SHORT = 4
"""Of arguments and states so many cost no more than the call itself, which is counted as an object."""
_MOST = 2_000
_MAKERS = (
    "numpy.",
    "pandas.",
    "datetime.",
    "_codecs.encode",
    "decimal.Decimal",
    "fractions.Fraction",
    "pytz._UTC",
)
_CONTAINERS = ("builtins.", "collections.OrderedDict")
_RANGE = "builtins.range"
"""None is plain, since it would be gone through, number by number."""
_OPENS_A_FILE = "dateutil/"
_MISSING = "pandas._libs.missing.NA"


def is_plain(value: Value, spend: Spend) -> bool:
    """Whether a value is made of numbers, texts, arrays, pandas' objects, and containers of them, and not too long to look at.

    A text that names a time zone of dateutil is not: pandas would open the file that it names.
    """
    left = [value]
    looked_at = 0
    plain = True
    while plain and left:
        one = left.pop()
        inside = _inside(one)
        left.extend(inside or ())
        looked_at += 1
        plain = (inside is not None or _is_plain_leaf(one)) and looked_at + len(left) <= _MOST
    spend(looked_at + len(left))
    return plain


def is_special(key: Value) -> bool:
    """Whether an attribute of that name is Python's own, such as `__class__`. A text about an object is harmless."""
    return isinstance(key, str) and key.startswith("__") and key.endswith("__") and key != "__doc__"


def _inside(value: Value) -> list[Value] | None:
    """What a container holds; None for what is none."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Pairs):
        return [part for pair in value.pairs for part in pair]
    if isinstance(value, Made) and value.full == _RANGE:
        return None
    if isinstance(value, Made) and value.instance_of.startswith(_CONTAINERS):
        return [*value.args, value.state, *(part for pair in value.pairs for part in pair)]
    return None


def _is_plain_leaf(value: Value) -> bool:
    if isinstance(value, str):
        return _OPENS_A_FILE not in value
    if isinstance(value, Name):
        return value.full == _MISSING
    if isinstance(value, Made):
        return value.instance_of.startswith(_MAKERS)
    return value is None or isinstance(value, int | float | bytes | Array | Skipped)
