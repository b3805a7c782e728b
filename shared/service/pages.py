"""Pages of lists: each begins after the last one of the page before, by its id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from shared.domain.catalogue.artifacts import Artifact
from shared.domain.catalogue.intakes import Intake
from shared.domain.reconcile.marks import Mark
from shared.domain.records import Deployment, Model

R = TypeVar("R", Deployment, Model, Artifact, Intake)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list: `total` counts all of it; `last` is the id a next page begins after.

    `marks` are what is known to be wrong with the user's things.
    """

    items: Sequence[T]
    total: int
    last: str = ""
    marks: Sequence[Mark] = ()


def cut_page(found: Iterator[R], limit: int, total: int) -> Page[R]:
    """The first `limit` of what is found; one more tells whether there is a next page."""
    items = list(islice(found, limit + 1))
    last = items[limit - 1].id if len(items) > limit else ""
    return Page(items=items[:limit], total=total, last=last)
