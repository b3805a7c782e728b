"""Everything outside, as small protocols, and one frozen bundle of them.

The service decides with these; `shared.adapters` implements each twice: for the real thing and in
memory. One contract suite (`tests/contracts`) holds both to the words below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from shared.domain.codec import Value
from shared.domain.inspection import Inspection, Package


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
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """Rows in key order with `first` <= key < `last`; of all partitions where it is None.

        `select` names the properties wanted; empty means all.
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


class Blobs(Protocol):
    """Bytes under a key, written once. Every method raises `Unavailable` without a clear answer."""

    def put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes only if absent. Raises Exists."""
        ...

    def copy(self, source: str, key: str) -> None:
        """Copies within the store, without the bytes passing through here. Raises Missing."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A seekable file over the bytes; reads what is asked for. Raises Missing."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there is no such key."""
        ...


class ModelReader(Protocol):
    """Reads what a model file is, without running it."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        """The inspection of a seekable file. Raises UnreadableModel where it is no model."""
        ...


class Packager(Protocol):
    """Writes the MLflow folder of a model as data."""

    def package(self, inspection: Inspection, content: BinaryIO) -> Package:
        """The folder's files; the same content always gives the same digest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryModel:
    """A model version in the registry."""

    name: str
    version: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEndpoint:
    """An endpoint in the cloud. `state` is its provisioning state in Azure's words."""

    name: str
    state: str
    tags: Mapping[str, str]
    traffic: Mapping[str, int]
    scoring_uri: str = ""
    swagger_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudDeployment:
    """A deployment in the cloud; `error` is the cloud's own account of a failure."""

    name: str
    endpoint_name: str
    state: str
    tags: Mapping[str, str]
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a quota is used, in cores."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of an endpoint; read on request, never stored."""

    primary: str
    secondary: str = field(repr=False)


class CloudView(Protocol):
    """What can be seen of Azure ML, and the removal of a model, which its SDK does not offer.

    Light enough for the HTTP path. Every method raises `CloudError`.
    """

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """A model version; None where there is none."""
        ...

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        ...

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment; None where there is none."""
        ...

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint; none where there is no endpoint."""
        ...

    def list_usages(self) -> Sequence[Usage]:
        """Used cores and limits of the region, by SKU family."""
        ...

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """The last lines of a deployment's serving container."""
        ...

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys."""
        ...

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; done where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """What to register."""

    name: str
    version: str
    path: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployment:
    """What to create on an endpoint."""

    name: str
    endpoint_name: str
    model_name: str
    model_version: str
    instance_type: str
    instance_count: int
    environment_variables: Mapping[str, str]
    tags: Mapping[str, str]


class CloudControl(Protocol):
    """Changes to Azure ML. Each begins and returns; what came of it is seen by `CloudView`.

    Every method raises `CloudError`.
    """

    def register_model(self, model: NewModel) -> None:
        """Registers a folder of the datastore as an MLflow model."""
        ...

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """Creates an endpoint, or gives it these tags and this traffic."""
        ...

    def put_deployment(self, deployment: NewDeployment) -> None:
        """Creates a deployment on an endpoint."""
        ...

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """Removes a deployment; done where there is none."""
        ...

    def remove_endpoint(self, name: str) -> None:
        """Removes an endpoint; done where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a scoring call gave: HTTP status, the deployment that answered, and the text."""

    status: int
    deployment_name: str
    text: str


class Scorer(Protocol):
    """Calls a live endpoint as its users do."""

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """One scoring call to a named deployment. Raises CloudError without an answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the HTTP function and the sweep work with."""

    clock: Clock
    random: Random
    tables: Tables
    queue: Queue
    blobs: Blobs
    reader: ModelReader
    view: CloudView


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPorts(Ports):
    """What a turn of the worker works with besides."""

    packager: Packager
    control: CloudControl
    scorer: Scorer
