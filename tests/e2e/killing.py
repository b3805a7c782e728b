"""Kills at random moments, drawn from a seed, for as long as a block runs."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.cloud import LocalCloud
from local.processes import wait_until

Kill = Callable[[random.Random, threading.Event], None]
_NICENESS = 10


def chance_of(seed: int) -> random.Random:
    """What is drawn is the same for a seed; when it falls into the work is not."""
    return random.Random(seed)  # noqa: S311 - chooses moments, keeps no secret


def pause(seconds: float) -> None:
    """Lets so much time go by: here a random moment is the thing that is waited for."""
    threading.Event().wait(seconds)


def slow_down(pid: int) -> None:
    """From now on a process gets on slowly while the machine is busy: who looks at it now and then comes in time."""
    with suppress(OSError):  # where the kernel weighs sessions; it refuses to do so too often
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICENESS))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, int(thread.name), _NICENESS)


@contextmanager
def killing(kill: Kill, *, seed: int, between: tuple[float, float]) -> Iterator[None]:
    """Calls `kill` again and again while the block runs, so many seconds apart."""
    chance, over = chance_of(seed), threading.Event()

    def go_on() -> None:
        while not over.wait(chance.uniform(*between)):
            kill(chance, over)

    killer = threading.Thread(target=go_on, name="killer")
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def any_worker(cloud: LocalCloud) -> Kill:
    """Kills one of the cloud's workers, whichever, whatever it is at."""

    def kill(chance: random.Random, _over: threading.Event) -> None:
        cloud.kill_worker(chance.randrange(len(cloud.worker_pids)))

    return kill


def a_worker(cloud: LocalCloud) -> Kill:
    """Kills one of the cloud's workers, whichever, once it has done a turn: there is progress.

    On a crowded machine a new worker needs many seconds for its first.
    """

    def kill(chance: random.Random, over: threading.Event) -> None:
        number = chance.randrange(len(cloud.worker_pids))
        log = cloud.worker_log(number)
        offset = log.stat().st_size

        def has_done_a_turn() -> bool:
            return over.is_set() or b"deploy_jobs succeeded" in log.read_bytes()[offset:]

        with suppress(TimeoutError):  # it has nothing to do
            wait_until(has_done_a_turn, seconds=60, what="a turn", every=0.1)
            cloud.kill_worker(number)

    return kill
