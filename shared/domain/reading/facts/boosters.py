"""What a model of one of the gradient boosting libraries tells of itself, whichever way it was saved."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from shared.domain.inspection import Column, Json
from shared.domain.reading.facts.signatures import parse_json
from shared.domain.reading.limits import MIB

LABELS = "class labels"
PROBABILITY = "the probability of the second class"
PROBABILITIES = "one probability per class"
NUMBERS = "one number per row"
NUMBERS_BY_TARGET = "one number per target"
SCORES = "raw scores: the file names no objective that would turn them into anything else"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterFacts:
    """Facts a file does not tell are None or empty.

    `library` is its name on PyPI, `version` the release that wrote the file. `model_class` is the class that loads it, as
    one would import it. `columns` and `sample` are of one length; `named` says whether the columns have names.
    `predicts` says in words what its `predict` gives. `details` are further facts to show, in order.
    """

    library: str
    version: str | None = None
    model_class: str | None = None
    objective: str | None = None
    columns: tuple[Column, ...] = ()
    named: bool = False
    sample: tuple[Json, ...] = ()
    classes: tuple[Json, ...] = ()
    trees: int | None = None
    predicts: str | None = None
    details: tuple[tuple[str, str], ...] = ()


def numbered(count: int, most: int) -> tuple[Json, ...]:
    """The labels of classes that have no names: 0, 1, 2 and so on; none where there are more than `most`."""
    return tuple(range(count)) if 1 < count <= most else ()


def told_labels(labels: Any, most: int) -> tuple[Json, ...]:
    """The labels of classes as a file lists them; none where they are no plain values, or more than `most`."""
    if not isinstance(labels, list) or not 1 < len(labels) <= most:
        return ()
    return tuple(labels) if all(is_plain(label) for label in labels) else ()


def is_plain(value: object) -> bool:
    """Whether it is a text, a truth value or a finite number."""
    return isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def parse_note(text: Any) -> Any:
    """The value of a JSON text that a library keeps inside its model; None for what is none, or longer than any."""
    return parse_json(text) if isinstance(text, str) and len(text) <= MIB else None


def unnamed(count: int, most: int) -> tuple[Column, ...]:
    """Columns of numbers without names; none where there are more than `most`."""
    return (Column(name=None, type="double"),) * count if 0 < count <= most else ()
