"""Everything outside, as small protocols, and one frozen bundle of them.

The service decides with these; `shared.adapters` implements each twice: for the real thing and in
memory. One contract suite (`tests/contracts`) holds both to the words below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from shared.cloud_ports import CloudControl, CloudView, Scorer
from shared.domain.codec import Value
from shared.domain.inspection import Inspection
from shared.domain.packaging.package import Package


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present time in UTC."""
        ...


class Random(Protocol):
    """Chance."""

    def nonce(self) -> str:
        """A name no other write has: 32 hexadecimal digits."""
        ...

    def jump(self) -> int:
        """How far to go ahead of a taken id: 1 to 1000 microseconds."""
        ...

    def jitter(self) -> float:
        """A number between 0 and 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table. `etag` names its version; empty for one not read or written yet."""

    partition: str
    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Insert:
    """Write a row that is not there yet."""

    row: Row


@dataclass(frozen=True, slots=True)
class Replace:
    """Write a row in the place of the version its etag names."""

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the version of a row that its etag names."""

    row: Row


Operation = Insert | Replace | Delete


class Tables(Protocol):
    """Rows with versions, and transactions within one partition.

    Every method raises `Unavailable` where the service gives no clear answer.
    """

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        ...

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
        """Rows in key order with `first` <= key < `last`; of all partitions where it is None.

        Then `since` leaves out the partitions before it. `select` names the properties wanted; empty means all.
        """
        ...

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """Does all or nothing, within one partition, at most 100; the new etags in that order.

        Raises Exists (insert of a present row), Changed (etag of an older version),
        Missing (replace or delete of no row).
        """
        ...


class Queue(Protocol):
    """Messages to come back to work; a message is a hint, never the truth."""

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        """Puts a message that becomes visible after `delay` seconds. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One version of the bytes under a key, named by its `etag`; `size` in bytes."""

    etag: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Blob):
    """The same, as a listing tells it: under which key, and since when (UTC)."""

    key: str
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A request that may be made to one blob without our credential, for a time: a secret."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class Blobs(Protocol):
    """Bytes under a key, written once. Every method raises `Unavailable` without a clear answer.

    Only who holds a link can write a key again; where an `etag` is given, any other version is Changed.
    """

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes only if absent. Raises Exists."""
        ...

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        """Copies within the store, without the bytes passing through here. Raises Missing, Changed."""
        ...

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        """A seekable file over one version; reads what is asked for. Raises Missing, Changed, as do its reads."""
        ...

    def find(self, key: str) -> Blob | None:
        """What is there under a key now; None where nothing is."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        ...

    def write_link(self, key: str, *, seconds: int) -> Link:
        """A request that writes this key, and can do nothing else."""
        ...

    def read_link(self, key: str, *, seconds: int) -> Link:
        """A request that reads this key, and can do nothing else."""
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """What `find` would find under the keys that begin with `prefix`, in their order, a page at a time."""
        ...

    def touch(self, key: str) -> bool:
        """Makes a new version of what is there, without its bytes passing through here; False where nothing is.

        It is modified now. Its etag is another one too, but in S3, where etags name bytes.
        """
        ...

    def remove(self, key: str, *, etag: str = "") -> None:
        """Removes the bytes of a key; done where there are none. Raises Changed."""
        ...


class ModelReader(Protocol):
    """Reads what a model file is, without running it."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        """The inspection of a seekable file. Raises UnreadableModel where it is no model."""
        ...


class Packager(Protocol):
    """Writes the MLflow folder of a model as data."""

    def package(
        self, inspection: Inspection, content: BinaryIO, requirements: Sequence[str] = ()
    ) -> Package:
        """The folder's files; the same content always gives the same digest.

        `requirements` are lines for pip that an exception adds to those of the model.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the HTTP function and the sweep work with.

    `artifacts` keeps contents and their descriptions; `blobs`, the workspace's own container, packages,
    logs, and what is uploaded straight to storage. They may be one and the same.
    """

    clock: Clock
    random: Random
    tables: Tables
    queue: Queue
    blobs: Blobs
    artifacts: Blobs
    reader: ModelReader
    view: CloudView


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPorts(Ports):
    """What a turn of the worker works with besides."""

    packager: Packager
    control: CloudControl
    scorer: Scorer
