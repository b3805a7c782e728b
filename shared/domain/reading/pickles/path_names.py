"""Finds, in what a pickle has built, names whose call would open a file: kept anywhere, a library may call them one day.

`numpy.memmap` opens what its argument names, and so do the constructors of classes that are only restored. numpy and joblib
name them as the class of an array; everywhere else they are functions of the sender's choice.
"""

from shared.domain.reading.pickles.attribute_rules import opens_files
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Value
from shared.domain.reading.pickles.plain_data import Spend

_TAKE_CLASSES = ("_reconstruct", "_mareconstruct", "_reconstructor")


def find_opener(root: Value, spend: Spend) -> str | None:
    """The full name of one that is kept; None where there is none."""
    left, seen = [root], set[int]()
    while left:
        value = left.pop()
        if isinstance(value, Name):
            if opens_files("", value):
                return value.full
        elif isinstance(value, list | tuple | Pairs | Made) and id(value) not in seen:
            seen.add(id(value))
            inside = _inside(value)
            spend(len(inside))
            left.extend(inside)
    return None


def _inside(value: Value) -> list[Value]:
    if isinstance(value, Pairs):
        return [part for pair in value.pairs for part in pair]
    if not isinstance(value, Made):
        return list(value)
    args = value.args
    if value.full.endswith(_TAKE_CLASSES):
        args = tuple(arg for arg in args if not isinstance(arg, Name))
    return [*args, value.state, *(part for pair in value.pairs for part in pair)]
