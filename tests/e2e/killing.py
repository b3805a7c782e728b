"""Kills at random moments, drawn from a seed, for as long as a block runs."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local.cloud import LocalCloud


def chance_of(seed: int) -> random.Random:
    """What is drawn is the same for a seed; when it falls into the work is not."""
    return random.Random(seed)  # noqa: S311 - chooses moments, keeps no secret


def pause(seconds: float) -> None:
    """Lets so much time go by: here a random moment is the thing that is waited for."""
    threading.Event().wait(seconds)


@contextmanager
def killing(
    kill: Callable[[random.Random], None], *, seed: int, between: tuple[float, float]
) -> Iterator[None]:
    """Calls `kill` again and again while the block runs, so many seconds apart."""
    chance, over = chance_of(seed), threading.Event()

    def go_on() -> None:
        while not over.wait(chance.uniform(*between)):
            kill(chance)

    killer = threading.Thread(target=go_on, name="killer")
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def a_worker(cloud: LocalCloud) -> Callable[[random.Random], None]:
    """Kills one of the cloud's workers, whichever."""
    return lambda chance: cloud.kill_worker(chance.randrange(len(cloud.worker_pids)))
