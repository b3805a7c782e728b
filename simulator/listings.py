"""Listings as the reconciliation meets them: some fail, some break off in the middle, some show what was a while ago."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from shared.domain.errors import CloudError, StoreError
from shared.domain.reconcile.findings import Area
from simulator.chance import Counted
from simulator.timeline import Task, Timeline
from simulator.unrest import Unrest

T = TypeVar("T")
_TELLS = {
    "list endpoints": (Area.ENDPOINTS,),
    "list deployments": (Area.ENDPOINTS,),
    "list models": (Area.REGISTRY,),
    "list versions": (Area.REGISTRY,),
    "list records": tuple(Area),
    "list claims": (Area.RECORDS,),
    "list inflight": (Area.RECORDS,),
    "list deadletters": (Area.RECORDS,),
    "list marks": (),
    "list usage": (),
    "list blobs": (Area.ARTIFACTS,),
    "list intakes": (Area.ARTIFACTS,),
}
"""What each of them tells of; once a turn looks at files, all that it lists is for these."""


def _areas_of(name: str, task: Task) -> tuple[Area, ...]:
    if task.files:
        return (Area.ARTIFACTS,)
    is_for_names = task.names and name == "list endpoints"  # without an answer no name is old
    return () if is_for_names else _TELLS[name]


class Listings:
    """Spoils some of the listings that a run reads, until `stop`; those of everybody else are as they are."""

    def __init__(self, timeline: Timeline, chance: Counted, unrest: Unrest) -> None:
        self._timeline, self._chance, self._unrest = timeline, chance, unrest
        self._stopped = False

    def stop(self) -> None:
        """Every listing is whole and of now from here on."""
        self._stopped = True

    def lag(self) -> float:
        """How many seconds old the next listing is."""
        if not self._unrest.lag or not self._is_spoilt():
            return 0.0
        return self._unrest.lag * self._chance.fraction("lag")

    def read(self, name: str, error: Exception, do: Callable[[], Sequence[T]]) -> Iterator[T]:
        """What a listing gives, piece by piece; a run that it fails knows nothing of what it tells of."""
        task = self._timeline.current.task
        task.names = task.names or name == "list claims"
        task.files = task.files or name == "list blobs"
        try:
            things = do()
            cut = self._cut(things)
            yield from things[:cut]
            if cut is not None:
                raise error
        except (StoreError, CloudError):
            task.unknown.update(_areas_of(name, task))
            raise

    def _cut(self, things: Sequence[object]) -> int | None:
        """After how many it breaks off; None where it does not."""
        if not self._unrest.breaks or not self._is_spoilt():
            return None
        if self._chance.fraction("breaks") >= self._unrest.breaks:
            return None
        return int((len(things) + 1) * self._chance.fraction("cut"))

    def _is_spoilt(self) -> bool:
        return not self._stopped and self._timeline.current.task.kind == "reconcile"
