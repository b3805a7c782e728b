"""The things of ours in the stores, in their places and in the trash, as their listings have them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from shared.domain.reconcile.kept_things import Sort, Thing, parse_key
from shared.domain.reconcile.observed import SeenFiles
from shared.ports import Blobs, Listed, Ports
from shared.service.catalogue.trash import TRASH

Files = tuple[Thing, list[Listed]]


def store_of(ports: Ports, sort: Sort) -> Blobs:
    """The store that a sort of things is kept in."""
    return ports.artifacts if sort in (Sort.CONTENT, Sort.DESCRIPTION) else ports.blobs


def list_things(ports: Ports, sort: Sort, *, trashed: bool = False) -> Iterator[Files]:
    """All things of a sort with their files, in the order of their names. Raises StoreError."""
    before = TRASH if trashed else ""
    return _group(store_of(ports, sort).list(f"{before}{sort}/"), before)


def find_files(ports: Ports, thing: Thing, *, trashed: bool = False) -> list[Listed]:
    """The files of one thing, as they are now. Raises StoreError."""
    before = TRASH if trashed else ""
    found = _group(store_of(ports, thing.sort).list(f"{before}{thing.name}"), before)
    return next((files for each, files in found if each == thing), [])


def parse_name(name: str) -> Thing:
    """The thing of a name that `Thing` gave. Raises ValueError."""
    thing = parse_key(name) or parse_key(f"{name}/any")
    if thing is None:
        raise ValueError(f"{name[:80]!r} names nothing of ours")
    return thing


def measure(name: str, files: list[Listed]) -> SeenFiles:
    """How much a thing is, and since when it is as it is."""
    return SeenFiles(
        name=name,
        count=len(files),
        size=sum(each.size for each in files),
        modified_at=max(each.modified_at for each in files),
    )


def render_seen(seen: SeenFiles) -> str:
    """As the note of a join's entry."""
    return f"{seen.name} {seen.count} {seen.size} {seen.modified_at.isoformat()}"


def parse_seen(note: str) -> SeenFiles:
    """What a note says."""
    name, count, size, at = note.split(" ")
    return SeenFiles(
        name=name, count=int(count), size=int(size), modified_at=datetime.fromisoformat(at)
    )


def _group(listed: Iterable[Listed], before: str) -> Iterator[Files]:
    """A thing's files come one after the other, as its name is the beginning of their keys."""
    named = ((parse_key(each.key.removeprefix(before)), each) for each in listed)
    for thing, group in groupby(named, key=lambda pair: pair[0]):
        if thing is not None:
            yield thing, [each for _, each in group]
