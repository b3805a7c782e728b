"""What is read thing by thing to be compared: a bounded number of each question, and the others are counted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from shared.reconcile_ports import Entry
from shared.service.reconcile.sides import keeping

MOST_READ = 5_000


@dataclass(slots=True)
class Candidates:
    """What one look reads thing by thing: so much of each question, and no more. `left`: what was too much for it.

    `keep` is called all the time, and keeps up the right to go on.
    """

    keep: Callable[[], None]
    left: int = 0

    def some(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """As many of them as may be read now; the others are counted."""
        yield from islice(keeping(entries, self.keep), MOST_READ)
        self.left += sum(1 for _ in entries)
