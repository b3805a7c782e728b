"""A history: every effect of one way through the machine, in order, as some version of it did them.

A file (`zcat` shows it) has one JSON value a line: what the world was like, then `[seconds, effect,
...]`. Doing the first N effects on empty memory ports gives the state in which that version would
have stopped after its Nth. Of a row only what changed is kept (null: a property that went); blobs are
in `contents.json` by digest. `scene` changes the world; after `promised` a deployment may only end so.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_clock import START, SeededRandom
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue, Received
from shared.adapters.memory_tables import MemoryTables
from shared.cloud_ports import NewDeployment, NewModel
from shared.ports import Delete, Insert, Operation, Replace, Row, Tables
from shared.service.claims import Mint
from tests.service.world import World

CONTENTS = "contents.json"
_GIVEN: dict[str, type[Any]] = {"register_model": NewModel, "put_deployment": NewDeployment}
_KINDS: dict[str, type[Insert | Replace | Delete]] = {
    each.__name__.lower(): each for each in (Insert, Replace, Delete)
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the world is like: seconds an operation takes, the quota, whether containers crash."""

    operation_seconds: float = 4
    cores: int = 100
    crashing: bool = False


@dataclass
class History:
    """A scene, the effects in it, and the blobs they name."""

    scene: Scene
    effects: list[list[Any]] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)

    def promised(self, count: int) -> dict[str, list[str]]:
        """How each deployment may end whose caller was answered within `count` effects."""
        return {what[0]: what[1] for _, name, *what in self.effects[:count] if name == "promised"}

    def stops(self) -> list[int]:
        """After how many effects it is worth stopping: those of the version itself."""
        ours = ("commit", "send", "put", "copy", "cloud")
        return [count for count, each in enumerate(self.effects, start=1) if each[1] in ours]

    def queues(self) -> set[str]:
        """The queues that were used."""
        return {what[0] for _, name, *what in self.effects if name == "send"}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Every version of every row, and its table, in the order they were written."""
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for _, name, *what in self.effects:
            for kind, partition, key, changed in what[1] if name == "commit" else ():
                place = (what[0], partition, key)
                rows[place] = _changed({} if kind == "insert" else rows[place], changed)
                if kind != "delete":
                    yield what[0], Row(partition=partition, key=key, values=rows[place])


def load_history(path: Path) -> History:
    """A history as it was recorded."""
    first, *rest = gzip.decompress(path.read_bytes()).decode().splitlines()
    contents = json.loads(path.with_name(CONTENTS).read_text())
    return History(Scene(**json.loads(first)), [json.loads(each) for each in rest], contents)


def save_history(history: History, path: Path) -> None:
    """Writes a history, and adds its blobs to those of its folder."""
    path.parent.mkdir(exist_ok=True)
    lines = [_json(asdict(history.scene)), *(_json(each) for each in history.effects)]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    contents = path.with_name(CONTENTS)
    known = json.loads(contents.read_text()) if contents.exists() else {}
    contents.write_text(json.dumps(known | history.contents, indent=0, sort_keys=True) + "\n")


def _changed(values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changed}.items() if value is not None}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ------------------------------------------------------------------ doing it again


def rebuild(history: History, count: int) -> World:
    """A world of today in which the first `count` effects have happened."""
    world = World(operation_seconds=history.scene.operation_seconds)
    _set(world.cloud, history.scene)
    again = _Again(world, history.contents)
    for at, name, *what in history.effects[:count]:
        now = (world.clock.now() - START).total_seconds()
        world.clock.advance(at - now)
        getattr(again, name)(*what)
    # its nonces are not those of the recorded run: another process, another chance
    world.ports = replace(world.ports, random=SeededRandom(count + 1000))
    world.mint = Mint(world.ports.tables, world.clock, world.ports.random)
    return world


class _Again:
    """Does recorded effects to a world; each method is named as the effect is."""

    def __init__(self, world: World, contents: dict[str, str]) -> None:
        self._world, self._contents = world, contents
        self._taken: dict[int, Received] = {}

    def commit(self, table: str, changes: list[list[Any]]) -> None:
        operations = [self._operation(table, *change) for change in changes]
        self._world.tables.commit(table, operations)

    def _operation(
        self, table: str, kind: str, partition: str, key: str, changed: dict[str, Any]
    ) -> Operation:
        found = self._world.tables.get(table, partition, key)
        values = _changed(found.values if found else {}, changed)
        etag = found.etag if found else ""
        return _KINDS[kind](Row(partition=partition, key=key, values=values, etag=etag))

    def send(self, queue: str, text: str, delay: int) -> None:
        self._world.queue.send(queue, text, delay=delay)

    def receive(self, queue: str, lease: float) -> None:
        if received := self._world.queue.receive(queue, lease=lease):
            self._taken[received.number] = received

    def delete(self, queue: str, number: int) -> None:
        self._world.queue.delete(queue, self._taken[number])

    def put(self, key: str, digest: str) -> None:
        self._world.blobs.put(key, base64.b64decode(self._contents[digest]))

    def copy(self, source: str, key: str) -> None:
        self._world.blobs.copy(source, key)

    def cloud(self, name: str, given: list[Any], named: dict[str, Any]) -> None:
        kind = _GIVEN.get(name)
        arguments = [kind(**each) for each in given] if kind else given
        getattr(self._world.cloud, name)(*arguments, **named)

    def scene(self, scene: dict[str, Any]) -> None:
        _set(self._world.cloud, Scene(**scene))

    def promised(self, deployment_id: str, statuses: list[str]) -> None:
        """Nothing happens."""


# ------------------------------------------------------------------ recording


class Recording:
    """A world whose every effect is written down."""

    def __init__(self, scene: Scene) -> None:
        self.history = History(scene)
        self.world = world = World(operation_seconds=scene.operation_seconds)
        self._tables = _Tables(self.note)
        world.tables = self._tables
        world.queue = _Queue(self.note, world)
        world.blobs = _Blobs(self.note, self.history.contents)
        world.cloud = _Cloud(self.note, world)
        _set(world.cloud, scene)
        world.ports = replace(
            world.ports,
            tables=world.tables,
            queue=world.queue,
            blobs=world.blobs,
            artifacts=world.blobs,
            view=world.cloud,
            control=world.cloud,
            scorer=world.cloud,
        )
        world.mint = Mint(world.tables, world.clock, world.ports.random)

    def note(self, name: str, *what: Any) -> None:
        """Something happened."""
        seconds = (self.world.clock.now() - START).total_seconds()
        self.history.effects.append([seconds, name, *what])

    def change(self, **scene: Any) -> None:
        """From now on the world is different."""
        changed = replace(self.history.scene, **scene)
        _set(self.world.cloud, changed)
        self.note("scene", asdict(changed))

    def promise(self, deployment_id: str, *statuses: str) -> None:
        """From now on the deployment has to end in one of these."""
        self.note("promised", deployment_id, list(statuses))


Note = Callable[..., None]


class AllPaths(set[str]):
    """Every path there is."""

    def __contains__(self, _path: object) -> bool:
        return True


def _set(cloud: MemoryCloud, scene: Scene) -> None:
    cloud.cores, cloud.operation_seconds = scene.cores, scene.operation_seconds
    cloud.broken_paths = AllPaths() if scene.crashing else set()


class _Tables(MemoryTables):
    def __init__(self, note: Note) -> None:
        super().__init__()
        self._note = note

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        changes = [_change(self, table, each) for each in operations]
        etags = super().commit(table, operations)
        self._note("commit", table, changes)
        return etags


def _change(tables: Tables, table: str, operation: Operation) -> list[Any]:
    row, kind = operation.row, type(operation).__name__.lower()
    found = tables.get(table, row.partition, row.key)
    before = found.values if found else {}
    after = {} if isinstance(operation, Delete) else dict(row.values)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    gone = {} if isinstance(operation, Delete) else dict.fromkeys(before.keys() - after.keys())
    return [kind, row.partition, row.key, {**changed, **gone}]


class _Queue(MemoryQueue):
    def __init__(self, note: Note, world: World) -> None:
        super().__init__(world.clock)
        self._note = note

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        super().send(queue, text, delay=delay)
        self._note("send", queue, text, delay)

    def receive(self, queue: str, *, lease: float) -> Received | None:
        received = super().receive(queue, lease=lease)
        if received:
            self._note("receive", queue, lease)
        return received

    def delete(self, queue: str, received: Received) -> None:
        super().delete(queue, received)
        self._note("delete", queue, received.number)


class _Blobs(MemoryBlobs):
    def __init__(self, note: Note, contents: dict[str, str]) -> None:
        super().__init__()
        self._note, self._known = note, contents

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        data = content if isinstance(content, bytes) else content.read()
        super().put(key, data)
        digest = hashlib.sha256(data).hexdigest()[:16]
        self._known[digest] = base64.b64encode(data).decode()
        self._note("put", key, digest)

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        super().copy(source, key, etag=etag)
        self._note("copy", source, key)


class _Cloud(MemoryCloud):
    """Notes each change that was begun; what it only shows, and what it refuses, is no effect."""

    def __init__(self, note: Note, world: World) -> None:
        seconds = world.cloud.operation_seconds
        has_path = world.cloud._has_path
        super().__init__(world.clock.now, operation_seconds=seconds, has_path=has_path)
        self._note = note

    def register_model(self, model: NewModel) -> None:
        super().register_model(model)
        self._note("cloud", "register_model", [asdict(model)], {})

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        super().put_endpoint(name, tags=tags, traffic=traffic)
        self._note("cloud", "put_endpoint", [name], {"tags": dict(tags), "traffic": dict(traffic)})

    def put_deployment(self, deployment: NewDeployment) -> None:
        super().put_deployment(deployment)
        self._note("cloud", "put_deployment", [asdict(deployment)], {})

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        super().remove_deployment(endpoint_name, name)
        self._note("cloud", "remove_deployment", [endpoint_name, name], {})

    def remove_endpoint(self, name: str) -> None:
        super().remove_endpoint(name)
        self._note("cloud", "remove_endpoint", [name], {})

    def remove_model(self, name: str, version: str) -> None:
        super().remove_model(name, version)
        self._note("cloud", "remove_model", [name, version], {})
