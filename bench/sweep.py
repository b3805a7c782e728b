"""What a sweep costs beside few and beside many finished records: it reads the index of the unfinished.

The same unfinished deployments, which all wait for the cloud, stand in two stores; the sweeps of both
are measured in turns. In memory there are a million finished records, in Azurite as many as can be written in a minute.
"""

import gc
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench import memory, parts
from bench.report import Figure, at_most, spread
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.domain.policy import Policy
from shared.ports import Insert, Row, Tables
from shared.service import store, sweep

UNFINISHED = 100
FEW, MANY, MANY_IN_AZURITE = 1_000, 1_000_000, 100_000
MOST = 1.25  # what differs by less is noise on a machine whose cores are shared
ROUNDS = 15
_AT_ONCE = 100  # rows of one transaction
_EACH = 500  # records of one user
_WAITING = Policy(rehint_after=86_400)  # nothing is late


def measure() -> list[Figure]:
    """The time of a sweep in memory and in Azurite."""
    return [_in_memory(), _in_azurite()]


def _in_memory() -> Figure:
    few, many = _Swept(MemoryTables(), FEW), _Swept(MemoryTables(), MANY)
    gc.collect()
    gc.freeze()  # a million rows are not to be looked through again and again meanwhile
    try:
        return _figure("sweep: a million finished, memory", few, many)
    finally:
        gc.unfreeze()


def _in_azurite() -> Figure:
    with (
        parts.folder() as folder,
        parts.storage(folder / "few") as few,
        parts.storage(folder / "many") as many,
    ):
        first, second = (
            AzureTables(storage_account.from_connection_string(each.connection_string))
            for each in (few, many)
        )
        name = f"sweep: {MANY_IN_AZURITE:,} finished, Azurite"
        return _figure(name, _Swept(first, FEW), _Swept(second, MANY_IN_AZURITE))


class _Swept:
    """A store with unfinished deployments and so many finished records, and its sweep."""

    def __init__(self, tables: Tables, finished: int) -> None:
        clock = VirtualClock()
        held = memory.ports(clock, MemoryCloud(clock.now), tables, MemoryQueue(clock))
        model = memory.upload(held)
        for _ in range(UNFINISHED):
            clock.advance(1)
            memory.accept(held, model)
        clock.advance(Policy().rehint_after)  # from now on the sweep reads them all
        _fill(tables, finished)
        self._ports = held

    def run(self) -> float:
        """Seconds of one sweep."""
        begin = time.perf_counter()
        swept = sweep.sweep(self._ports, _WAITING)
        taken = time.perf_counter() - begin
        if (swept.seen, swept.rehinted) != (UNFINISHED, 0):
            raise RuntimeError(f"not the sweep that was to be measured: {swept}")
        return taken


def _fill(tables: Tables, count: int) -> None:
    """Writes finished records; of each no more than its keys and its status, which no sweep reads."""
    numbers = iter(range(count))

    def write(batch: list[int]) -> None:
        user = f"{batch[0] // _EACH:032x}"
        keys = (f"{store.LIVE}{number:020d}" for number in batch)
        rows = [Row(partition=user, key=key, values={"status": "active"}) for key in keys]
        tables.commit(store.RECORDS, [Insert(row) for row in rows])

    batches = iter(lambda: list(itertools.islice(numbers, _AT_ONCE)), [])
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, batches):
            pass


def _figure(name: str, few: _Swept, many: _Swept) -> Figure:
    runs: dict[Callable[[], float], list[float]] = {few.run: [], many.run: []}
    for _ in range(ROUNDS):
        for run, taken in runs.items():
            taken.append(run() * 1000)
    short, long = runs.values()
    ratios = [one / other for one, other in zip(long, short, strict=True)]
    return at_most(
        name,
        median(long),
        "ms",
        floor=median(short),
        goal=MOST,
        note=f"{UNFINISHED} unfinished; the floor is beside {FEW:,} finished; "
        f"ratio of {ROUNDS} rounds: {spread(ratios)}",
    )
