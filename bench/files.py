"""What a world keeps in files, and a store of which nothing is asked but what lies in it.

Each model has a content and a description, each deployment that is active or failed a package of two files, and each failed
one a log. So there are about as many files as records, and none that nobody needs or misses.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from bench.reconciled import ETAG, NOW, World, digest_of, id_of, words_of
from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.reconcile.kept_things import Sort
from shared.ports import Listed

SIZE = 1024  # bytes
Listing = Callable[[str], Iterator[Listed]]


class ListedBlobs(MemoryBlobs):
    """Lists by a function, and remembers what was listed: the floor of a run is to list the same once."""

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self._listing = listing
        self._listed: dict[str, None] = {}

    def list(self, prefix: str) -> Iterator[Listed]:
        """What is under a prefix."""
        self._listed[prefix] = None
        return self._listing(prefix)

    def again(self) -> Iterator[Listed]:
        """All that was listed."""
        for prefix in self._listed:
            yield from self._listing(prefix)


def made(world: World, prefix: str) -> Iterator[Listed]:
    """The files under a folder of the store, made as they are asked for."""
    for key in names_under(world, prefix):
        yield Listed(key=key, etag=ETAG, size=SIZE, modified_at=NOW)


def names_under(world: World, prefix: str) -> Iterator[str]:
    """The keys of all files under a folder of the store, each thing's one after the other; none in the trash."""
    active, failed = world.registered
    match prefix.rstrip("/"):
        case Sort.CONTENT:
            yield from (f"content/{digest_of(number)}" for number in world.models)
        case Sort.DESCRIPTION:
            for number in world.models:
                yield f"artifacts/{words_of(number, number, 0)[2]}/metadata.json"
        case Sort.PACKAGE:
            for number in chain(active, _models_of(world, failed)):
                yield from (f"packages/{digest_of(number)}/{name}" for name in ("MLmodel", "model"))
        case Sort.LOG:
            yield from (f"logs/{id_of(number)}.txt" for number in failed)


def count_things(world: World) -> int:
    """How many things lie in the store: a package is one, with all its files."""
    active, failed = world.registered
    packages = len(active) + len(failed)
    return 2 * len(world.models) + packages + len(failed)


def _models_of(world: World, deployments: range) -> Iterator[int]:
    """One for each: there are more models than that."""
    return (world.models[number % len(world.models)] for number in deployments)
