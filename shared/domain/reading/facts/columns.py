"""The type of each input column and a plausible value for it, read from what the model learned about its inputs.

A scaler tells the mean, an encoder the categories, an imputer the usual value. The values make the sample row with which
a new deployment is scored before it gets traffic.
"""

from dataclasses import dataclass
from math import isfinite

from shared.domain.inspection import Column, Json
from shared.domain.reading.facts.estimators import (
    attribute,
    class_name,
    column_groups,
    find_inputs,
    has_column_groups,
    inner_estimators,
    short_name,
    steps_of,
    united,
    visit,
)
from shared.domain.reading.facts.walking import Budget
from shared.domain.reading.limits import Limits
from shared.domain.reading.pickles.graph import Made, Value

_DEEPEST = 20
_MOST_CATEGORIES = 20_000
_LOOKED_AT = 20
"""Categories of one column that tell its type: they are sorted, and what is no value like the others is the last."""
_TYPICAL = ("statistics_", "mean_", "center_", "data_min_")
_EMPTY: dict[str, Json] = {"double": 0.0, "long": 0, "string": "", "boolean": False}
_OF_TEXTS = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
_DATES = "ExtractDateTimeFeatures"
_SOME_DAY = "2020-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of one column. `dropped` ones never reach the model."""

    type: str = "double"
    sample: Json = None
    dropped: bool = False


_NOTHING = Hint()


def describe_columns(
    root: Value, limits: Limits
) -> tuple[tuple[Column, ...], tuple[Json, ...] | None, bool]:
    """Columns, sample row, and whether the columns have names; empty and None where the model does not tell."""
    budget = Budget(limits)
    count, names = find_inputs(root, limits.columns, budget)
    if not count:
        return (), None, False
    hints = _hints(root, names, count, budget, 0)
    columns, sample = [], []
    for at, hint in enumerate(hints):
        if hint.dropped and names:
            continue
        columns.append(Column(name=names[at] if names else None, type=hint.type))
        sample.append(_EMPTY[hint.type] if hint.sample is None else hint.sample)
    return tuple(columns), tuple(sample), names is not None


def takes_texts(root: Value) -> bool:
    """Whether a model is called with a list of texts: a vectorizer of scikit-learn's own comes first in it."""
    node = root
    for _ in range(_DEEPEST):
        first = (*steps_of(node)[:1], attribute(node, "best_estimator_"), *united(node)[:1])
        inner = next((one for one in first if isinstance(one, Made)), None)
        if inner is None:
            break
        node = inner
    known = class_name(node).startswith("sklearn.feature_extraction.text.")
    return known and short_name(node) in _OF_TEXTS and attribute(node, "input") in ("content", None)


def _hints(
    node: Value, names: list[str] | None, count: int, budget: Budget, depth: int
) -> list[Hint]:
    """A hint for each of `count` inputs of a node, from itself or else from the first part of it that knows."""
    nothing = [_NOTHING] * count
    if not isinstance(node, Made):
        return nothing
    visit(node, budget, depth)
    budget.spend(count)
    if has_column_groups(node):
        return _by_group(node, names, count, budget, depth)
    if short_name(node) == _DATES:
        return [Hint("datetime", _SOME_DAY)] * count
    own = _encoded(node, names, budget) or _learned(node, count, budget)
    if own is not None:
        return own
    for part in (*steps_of(node)[:2], *united(node), *inner_estimators(node)):
        found = _hints(part, names, count, budget, depth + 1)
        if found != nothing:
            return found
    return nothing


def _by_group(
    node: Value, names: list[str] | None, count: int, budget: Budget, depth: int
) -> list[Hint]:
    hints = [_NOTHING] * count
    used: set[int] = set()
    dropped: set[int] = set()
    for transformer, positions in column_groups(node, names, count, budget):
        if transformer == "drop":
            dropped.update(positions)
            continue
        used.update(positions)
        group_names = [names[at] for at in positions] if names else None
        found = _hints(transformer, group_names, len(positions), budget, depth + 1)
        for at, hint in zip(positions, found, strict=True):
            hints[at] = hints[at] if hints[at] != _NOTHING else hint
    for at in dropped - used:
        hints[at] = Hint(dropped=True)
    return hints


def _encoded(node: Value, names: list[str] | None, budget: Budget) -> list[Hint] | None:
    """The columns that an encoder of category_encoders takes for categories: it keeps no plain list of those."""
    categories = budget.decode(attribute(node, "cols"), len(names or ()))
    if not names or not categories or not class_name(node).startswith("category_encoders."):
        return None
    encoded = set(categories)
    return [Hint("string", "") if name in encoded else _NOTHING for name in names]


def _learned(node: Value, count: int, budget: Budget) -> list[Hint] | None:
    categories = attribute(node, "categories_")
    if isinstance(categories, list) and len(categories) == count:
        return [_category(one, budget) for one in categories]
    for name in _TYPICAL:
        values = budget.decode(attribute(node, name), count)
        if values is not None and len(values) == count:
            return [_typical(value) for value in values]
    return None


def _category(values: Value, budget: Budget) -> Hint:
    decoded = budget.decode(values, _MOST_CATEGORIES, _LOOKED_AT)
    known = [value for value in decoded or [] if _usable(value)]
    if not known:
        return Hint()
    kinds = {type(value) for value in known}
    return _typed(known[0]) if len(kinds) == 1 else Hint()


def _typical(value: Json) -> Hint:
    if isinstance(value, str):
        return Hint("string", value)
    return Hint("double", float(value)) if _usable(value) and value is not None else Hint()


def _typed(value: Json) -> Hint:
    match value:
        case bool():
            return Hint("boolean", value)
        case int():
            return Hint("long", value)
        case str():
            return Hint("string", value)
    return Hint("double", value)


def _usable(value: Json) -> bool:
    return value is not None and not (isinstance(value, float) and not isfinite(value))
