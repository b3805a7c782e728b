"""Many seeds on all cores, in processes of their own; each chunk of seeds comes back as counts."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context

from simulator.run import run_seed
from simulator.tally import Tally

_SMALL, _LARGE = 5, 50  # seeds that come back together
_CHUNKS = 40  # of one process: a long life makes it large
Progress = Callable[[Tally], None]


def run_chunk(first: int, count: int) -> Tally:
    """The seeds from `first` on."""
    tally = Tally()
    gc.disable()  # a run is full of cycles until it is over, so looking for garbage in it is in vain
    gc.freeze()
    try:
        for seed in range(first, first + count):
            tally.count(run_seed(seed))
            gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
    return tally


def run_seeds(
    first: int, count: int, *, jobs: int, stops: bool, progress: Progress = lambda _tally: None
) -> Tally:
    """All seeds; where `stops`, no further ones once a promise was broken."""
    tally = Tally()
    chunks = _chunks(first, count, size=_SMALL if stops else _LARGE)
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), max_tasks_per_child=_CHUNKS
    ) as pool:
        running: set[Future[Tally]] = set()
        while True:
            wanted = 0 if stops and tally.broken else 2 * jobs - len(running)
            running |= {pool.submit(run_chunk, *chunk) for chunk in islice(chunks, wanted)}
            if not running:
                return tally
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                tally.add(each.result())
            progress(tally)


def count_cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _chunks(first: int, count: int, *, size: int) -> Iterator[tuple[int, int]]:
    for begin in range(first, first + count, size):
        yield begin, min(size, first + count - begin)
