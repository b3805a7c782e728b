"""What exists in the emulated subscription: resources and operations, kept in SQLite.

Everything is in memory and every change is written through at once, so reads cost nothing and
a killed emulator finds its state again. Used from the event loop's thread only.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

Kind = Literal["model", "version", "endpoint", "deployment"]

_KEPT = timedelta(days=1)
_FORGET = """
DELETE FROM operation
WHERE json_extract(record, '$.ended') IS NOT NULL AND json_extract(record, '$.started') < ?
"""

_SCHEMA = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS resource (
    key TEXT PRIMARY KEY, sequence INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS operation (key TEXT PRIMARY KEY, record TEXT NOT NULL);
"""


@dataclass(slots=True)
class Resource:
    """One ARM resource: `body` is what a GET shows, `private` what it never shows.

    `sequence` is its place in the order of creation. Ids differ by more than case.
    """

    id: str
    kind: Kind
    parent: str
    name: str
    body: dict[str, Any]
    private: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` of the body."""
        properties: dict[str, Any] = self.body["properties"]
        return properties


@dataclass(slots=True)
class Operation:
    """A long-running operation: what it does to which resource, and how it stands.

    `due` is the earliest end (epoch seconds); `endpoint` the id under which only one operation
    may run; `fingerprint` tells a repeated request from another one; `effect` is a fault. `status` is
    InProgress, Succeeded, Failed, Canceled, or what a fault makes of it.
    """

    id: str
    kind: str
    target: str
    endpoint: str
    due: float
    started: str
    fingerprint: str = ""
    status: str = "InProgress"
    ended: str | None = None
    error: dict[str, Any] | None = None
    effect: dict[str, Any] = field(default_factory=dict)


class Store:
    """All resources and operations of one state directory."""

    def __init__(self, folder: Path) -> None:
        """Opens or creates the state; raises sqlite3.OperationalError if another emulator has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "state.sqlite3", isolation_level=None, timeout=1)
        self._database.executescript(_SCHEMA)
        self._resources: dict[str, Resource] = {}
        self._children: dict[tuple[str, Kind], dict[str, Resource]] = {}
        self._kinds: dict[Kind, dict[str, Resource]] = {}
        self._operations: dict[str, Operation] = {}
        self._sequence = 0
        self._load()

    def find(self, resource_id: str) -> Resource | None:
        """The resource of this id, whatever its case."""
        return self._resources.get(resource_id.lower())

    def children(self, parent: str, kind: Kind) -> list[Resource]:
        """Resources of a kind below a parent, oldest first."""
        return list(self._children.get((parent.lower(), kind), {}).values())

    def of_kind(self, kind: Kind, subscription: str) -> list[Resource]:
        """Resources of a kind in a whole subscription ("" for all), oldest first."""
        scope = f"/subscriptions/{subscription}/".lower() if subscription else ""
        found = self._kinds.get(kind, {}).items()
        return [held for key, held in found if key.startswith(scope)]

    def save(self, resource: Resource) -> None:
        """Writes a new or changed resource."""
        if not resource.sequence:
            self._sequence += 1
            resource.sequence = self._sequence
        self._keep(resource)
        self._database.execute(
            "INSERT OR REPLACE INTO resource VALUES (?, ?, ?)",
            (resource.id.lower(), resource.sequence, json.dumps(asdict(resource))),
        )

    def remove(self, resource: Resource) -> None:
        """Forgets a resource; its children are the caller's to remove."""
        key = resource.id.lower()
        self._resources.pop(key, None)
        self._kinds.get(resource.kind, {}).pop(key, None)
        self._children.get((resource.parent.lower(), resource.kind), {}).pop(key, None)
        self._database.execute("DELETE FROM resource WHERE key = ?", (key,))

    def operation(self, operation_id: str) -> Operation | None:
        """The operation of this id, finished ones included."""
        return self._operations.get(operation_id.lower())

    def unfinished(self) -> list[Operation]:
        """Operations that were in progress when the state was last written."""
        return [held for held in self._operations.values() if held.status == "InProgress"]

    def save_operation(self, operation: Operation) -> None:
        """Writes a new or changed operation."""
        self._operations[operation.id.lower()] = operation
        self._database.execute(
            "INSERT OR REPLACE INTO operation VALUES (?, ?)",
            (operation.id.lower(), json.dumps(asdict(operation))),
        )

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def _load(self) -> None:
        for (record,) in self._database.execute("SELECT record FROM resource ORDER BY sequence"):
            resource = Resource(**json.loads(record))
            self._sequence = resource.sequence
            self._keep(resource)
        oldest = (datetime.now(UTC) - _KEPT).isoformat()
        self._database.execute(_FORGET, (oldest,))
        for (record,) in self._database.execute("SELECT record FROM operation ORDER BY rowid"):
            operation = Operation(**json.loads(record))
            self._operations[operation.id.lower()] = operation

    def _keep(self, resource: Resource) -> None:
        key = resource.id.lower()
        self._resources[key] = resource
        self._kinds.setdefault(resource.kind, {})[key] = resource
        self._children.setdefault((resource.parent.lower(), resource.kind), {})[key] = resource
