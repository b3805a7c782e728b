"""What the tables hold, as records: kept beside them, write by write, for names and promises.

`Ledger.read` tells what a transaction is about to change, `Ledger.apply` takes it over once it has
landed. Nothing of the service reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain import codec
from shared.domain.bookkeeping import TOMBSTONE, Claim, Inflight, Pace, Request
from shared.domain.reconcile.runs import Item, Run
from shared.domain.records import Deployment, Endpoint, Event, Model
from shared.ports import Delete, Operation, Row
from shared.service import store
from shared.service.reconcile import rows as run_rows
from simulator.timeline import Task

Record = Deployment | Endpoint | Event | Model | Request | Pace | Claim | Inflight | Run | Item
_KINDS: dict[str, type[Record]] = {
    store.LIVE: Deployment,
    store.DELETED: Deployment,
    store.MODEL: Model,
    "e-": Endpoint,
    "r-": Request,
    "pa": Pace,
}
_KEPT = (store.RECORDS, store.CLAIMS, store.INFLIGHT, run_rows.RUNS, run_rows.FINDINGS)


@dataclass(frozen=True, slots=True)
class Write:
    """One row of a transaction, as a record; None where it is removed, or is a tombstone."""

    operation: Operation
    record: Record | None

    @property
    def row(self) -> Row:
        """The row that is written or removed."""
        return self.operation.row

    @property
    def is_removal(self) -> bool:
        """Whether the row goes."""
        return isinstance(self.operation, Delete)

    @property
    def is_tombstone(self) -> bool:
        """Whether the row only bars a late admission."""
        return TOMBSTONE in self.row.values


@dataclass(slots=True)
class Ledger:
    """Every record there is, by its name; `turns` tells whose turn leased a deployment last.

    `silenced` are endpoints whose owner has once asked for no traffic at all, `by_hand` those that somebody has changed
    in Azure ML, `unindexed` deployments whose index entry somebody has removed.
    `changed_at` is when the record of a deployment or an endpoint was last written.
    """

    deployments: dict[str, Deployment] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    inflight: dict[str, Inflight] = field(default_factory=dict)
    requests: dict[tuple[str, str], Request] = field(default_factory=dict)
    turns: dict[str, Task] = field(default_factory=dict)
    silenced: set[str] = field(default_factory=set)
    unindexed: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    runs: dict[str, Run] = field(default_factory=dict)
    items: dict[tuple[str, int], Item] = field(default_factory=dict)
    changed_at: dict[str, int] = field(default_factory=dict)

    def apply(self, table: str, writes: Sequence[Write], now: int = 0) -> None:
        """Takes over what has landed, at this time."""
        for write in writes:
            match write.record:
                case Deployment() as record:
                    self.deployments[record.id] = record
                    self.changed_at[record.id] = now
                case Endpoint() as record:
                    self.endpoints[record.name.lower()] = record
                    self.changed_at[record.name.lower()] = now
                case Model() as record:
                    self.models[record.id] = record
                    self.changed_at[record.id] = now
                case Run() | Item() as record:
                    self._keep(record)
                case Claim() as record:
                    self.claims[record.name] = record
                    self.changed_at[record.name] = now
                case Inflight() as record:
                    self.inflight[record.deployment_id] = record
                case Request() as record:
                    self.requests[(write.row.partition, record.key)] = record
                case None if write.is_removal:
                    self._remove(table, write.row)

    def _keep(self, record: Run | Item) -> None:
        if isinstance(record, Run):
            self.runs[record.id] = record
        else:
            self.items[record.run_id, record.number] = record

    def _remove(self, table: str, row: Row) -> None:
        if table == store.CLAIMS:
            del self.claims[row.partition]
        elif table == store.INFLIGHT:
            del self.inflight[row.key]
        elif table == run_rows.RUNS:
            self.runs.pop(str(row.values.get("id")), None)
        elif table == run_rows.FINDINGS:
            self.items.pop((row.partition, int(row.key)), None)
        elif row.key.startswith(store.MODEL):
            del self.models[str(row.values["id"])]
        elif row.key.startswith("e-"):
            del self.endpoints[row.key.removeprefix("e-")]
        elif row.key.startswith("r-"):
            del self.requests[(row.partition, row.key.removeprefix("r-"))]


def parse_writes(table: str, operations: Sequence[Operation]) -> list[Write]:
    """The operations of a transaction as records."""
    return [Write(each, _parse(table, each)) for each in operations]


def _parse(table: str, operation: Operation) -> Record | None:
    row = operation.row
    if table not in _KEPT or isinstance(operation, Delete) or TOMBSTONE in row.values:
        return None
    if table == store.CLAIMS:
        return codec.parse_record(Claim, row.values)
    if table == store.INFLIGHT:
        return codec.parse_record(Inflight, row.values)
    if table == run_rows.FINDINGS:
        return codec.parse_record(Item, row.values)
    if table == run_rows.RUNS:
        return codec.parse_record(Run, row.values) if "id" in row.values else None
    if row.key.startswith(store.EVENT):
        return _read_event(row)
    return codec.parse_record(_KINDS[row.key[:2]], row.values)


def _read_event(row: Row) -> Event:
    """As `codec` would: there are many, and all of it is plain."""
    values = row.values
    return Event(
        deployment_id=str(values["deployment_id"]),
        number=int(values["number"]),
        at=datetime.fromisoformat(str(values["at"])),
        name=str(values["name"]),
        text=str(values["text"]),
    )
