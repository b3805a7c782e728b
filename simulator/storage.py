"""The storage ports of the simulation: the in-memory twins, behind the door of `effects`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import BinaryIO

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.domain.errors import Changed, Exists, Unavailable
from shared.domain.policy import DEPLOY_JOBS, RECONCILE_JOBS
from shared.ports import Blob, Insert, Link, Listed, Operation, Row
from shared.service.hints import Hint
from simulator.catalogue import EFFECTS
from simulator.effects import Effect, Effects
from simulator.faults import Fault, Kind
from simulator.ledger import Ledger, Write, parse_writes
from simulator.listings import Listings
from simulator.naming import (
    name_blob,
    name_commit,
    name_concerned,
    name_copy,
    name_removal,
)
from simulator.timeline import Actor
from simulator.words import tell_writes

_LATE = 240  # seconds
Watcher = Callable[[str, Sequence[Write]], None]


class SimulatedTables:
    """The `Tables` port; `landed` is told every transaction before the ledger takes it over."""

    def __init__(
        self,
        real: MemoryTables,
        effects: Effects,
        ledger: Ledger,
        listings: Listings,
        landed: Watcher,
    ) -> None:
        self._real, self._effects, self._ledger, self._landed = real, effects, ledger, landed
        self._listings = listings

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See `Tables`."""
        return self._effects.read(
            f"read {table}",
            "tables",
            (partition, key),
            lambda: self._real.get(table, partition, key),
        )

    def scan(
        self,
        table: str,
        partition: str | None,
        *,
        first: str = "",
        last: str = "",
        since: str = "",
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """See `Tables`."""
        name = f"list {table}"

        def scan() -> list[Row]:
            found = self._real.scan(
                table, partition, first=first, last=last, since=since, select=select
            )
            return list(found)

        def read() -> list[Row]:
            return self._effects.read(name, "tables", (partition or "",), scan)

        if partition is not None:
            return iter(read())
        return self._listings.read(name, Unavailable(f"{table}: no answer to a page"), read)

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """See `Tables`."""
        writes = parse_writes(table, operations)
        etags: list[str] = []

        def land() -> None:
            etags.extend(self._real.commit(table, operations))
            self._landed(table, writes)
            self._ledger.apply(table, writes, self._effects.now)

        refused = Exists if isinstance(operations[0], Insert) else Changed
        name = name_commit(self._ledger, table, writes)
        effect = Effect(
            name=name,
            kind=EFFECTS.get(name, Kind.ROWS),
            about=name_concerned(writes),
            do=land,
            unclear=Unavailable(f"{table}: no answer"),
            refused=refused(f"{table}: the client's own retry met its first try"),
            became=lambda: tell_writes(writes),
        )
        self._effects.change(effect, "tables")
        return etags


class SimulatedQueue:
    """The `Queue` port; `sent` is told of every message for a queue."""

    def __init__(
        self, real: MemoryQueue, effects: Effects, sent: Callable[[str, Collection[str]], None]
    ) -> None:
        self._real, self._effects, self._sent = real, effects, sent

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        """See `Queue`."""
        is_hint = queue == DEPLOY_JOBS
        about = [Hint.model_validate_json(text).deployment_id] if is_hint else []

        def put(after: int) -> None:
            self._real.send(queue, text, delay=after)
            self._sent(queue, about)

        def put_oddly(fault: Fault) -> None:
            if fault is Fault.LOST:
                return
            put({Fault.DELAYED: delay + _LATE, Fault.EARLY: 0}.get(fault, delay))
            if fault is Fault.DOUBLED:
                put(delay)

        effect = Effect(
            name=_name_message(queue, self._effects.actor),
            kind=Kind.HINT if queue in (DEPLOY_JOBS, RECONCILE_JOBS) else Kind.MESSAGE,
            about=about,
            do=lambda: put(delay),
            unclear=Unavailable(f"{queue}: no answer"),
            odd=put_oddly,
            became=lambda: f"in {delay} s" if delay else "",
        )
        self._effects.change(effect, "queue")


def _name_message(queue: str, actor: Actor) -> str:
    if queue in (DEPLOY_JOBS, RECONCILE_JOBS):
        return "hint" if queue == DEPLOY_JOBS else "run hint"
    return "send event again" if actor.task.kind == "poison" else "send event"


class SimulatedBlobs:
    """The `Blobs` port; `going` is told what is about to be removed."""

    def __init__(
        self,
        real: MemoryBlobs,
        effects: Effects,
        listings: Listings,
        going: Callable[[str, str], None],
    ) -> None:
        self._real, self._effects, self._listings = real, effects, listings
        self._going = going

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """See `Blobs`."""
        data = content if isinstance(content, bytes) else content.read()
        self._change(name_blob(key), Kind.BLOB, key, lambda: self._real.put(key, data))

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        """See `Blobs`."""
        name = name_copy(source, key)
        self._change(name, Kind.COPY, key, lambda: self._real.copy(source, key, etag=etag))

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        """See `Blobs`."""
        return self._effects.read("open blob", "blobs", (), lambda: self._real.open(key, etag=etag))

    def find(self, key: str) -> Blob | None:
        """See `Blobs`."""
        return self._effects.read("find blob", "blobs", (), lambda: self._real.find(key))

    def size(self, key: str) -> int | None:
        """See `Blobs`."""
        return self._effects.read("size of blob", "blobs", (), lambda: self._real.size(key))

    def list(self, prefix: str) -> Iterator[Listed]:
        """See `Blobs`."""

        def read() -> Sequence[Listed]:
            return self._effects.read(
                "list blobs", "blobs", (), lambda: tuple(self._real.list(prefix))
            )

        return self._listings.read("list blobs", Unavailable("no answer to a page"), read)

    def touch(self, key: str) -> bool:
        """See `Blobs`. It meets what a look meets: nothing follows from it before a collection removes something."""
        return self._effects.read("touch blob", "blobs", (), lambda: self._real.touch(key))

    def remove(self, key: str, *, etag: str = "") -> None:
        """See `Blobs`."""

        def remove() -> None:
            self._going(key, etag)
            self._real.remove(key, etag=etag)

        self._change(name_removal(key), Kind.REMOVAL, key, remove)

    def write_link(self, key: str, *, seconds: int) -> Link:
        """See `Blobs`."""
        return self._real.write_link(key, seconds=seconds)

    def read_link(self, key: str, *, seconds: int) -> Link:
        """See `Blobs`."""
        return self._real.read_link(key, seconds=seconds)

    def _change(self, name: str, kind: Kind, key: str, do: Callable[[], None]) -> None:
        effect = Effect(
            name=name,
            kind=kind,
            about=(key.rpartition("/")[2].removesuffix(".txt"),),
            do=do,
            unclear=Unavailable(f"{key}: no answer"),
            refused=Exists(f"{key}: the client's own retry met its first try"),
            became=lambda: key,
        )
        self._effects.change(effect, "blobs")
