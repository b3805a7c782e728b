"""Rows that were kept for their time, which is over: of each sort one, as years of service leave them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.adapters.memory_tables import MemoryTables
from shared.domain import codec, ids
from shared.domain.bookkeeping import Claim, ClaimKind, Request
from shared.domain.policy import DEPLOY_REQUESTS
from shared.domain.reconcile.runs import SCHEDULE, Run, RunState
from shared.domain.records import Deployment
from shared.domain.usage import DayOfUse
from shared.ports import Insert, Row
from shared.service import store
from shared.service.queues.dead_letters import DEAD_LETTERS, DeadLetter
from shared.service.reconcile import rows as run_rows
from shared.service.usage import USAGE, usage_row
from simulator.ledger import Ledger, parse_writes
from simulator.promises import tags as tags_of
from simulator.sights import pick
from simulator.timeline import BEGINNING
from simulator.workspace import Workspace

_LONG_AGO = BEGINNING - timedelta(days=400)
_HAS_ENDPOINT, _NAME = 0.6, "relic"
_LISTED = timedelta(minutes=3)  # listings here are two behind
Place = tuple[str, str, str]


@dataclass(slots=True)
class OldRows:
    """`planted` are those there were: table, partition and key. `now` tells the true time."""

    tables: MemoryTables
    ledger: Ledger
    workspace: Workspace
    now: Callable[[], datetime]
    planted: set[Place] = field(default_factory=set)
    _records: dict[int, Deployment] = field(default_factory=dict)

    def plant(self, number: int, which: float) -> bool:
        """All sorts, of one user. Now and then the endpoint is there whose name was given up: then the name is still of use."""
        record = self._records.get(number) or pick(list(self.ledger.deployments.values()), which)
        if record is None:
            return False
        self._records[number], tag = record, f"01d{number:029x}"
        if which > _HAS_ENDPOINT and not self._has_endpoint(record, tag):
            return False
        for table, row in _rows(record, _LONG_AGO + timedelta(days=number), tag, number):
            self._insert(table, row)
        return True

    def left(self) -> list[Place]:
        """Those that are still there."""
        return sorted(each for each in self.planted if self.tables.get(*each) is not None)

    def _has_endpoint(self, record: Deployment, tag: str) -> bool:
        """Whether the endpoint is there, and in every listing; it is made where it is not."""
        found = self.workspace.find_endpoint(_NAME)
        if found is None:
            tags = {tags_of.ENDPOINT: tag, "longshore-owner": record.user_key}
            self.workspace.put_endpoint(_NAME, tags=tags, traffic={})
            return False
        return found.created_at is not None and self.now() - found.created_at > _LISTED

    def _insert(self, table: str, row: Row) -> None:
        self.tables.commit(table, [Insert(row)])
        self.ledger.apply(table, parse_writes(table, [Insert(row)]))
        self.planted.add((table, row.partition, row.key))


def _rows(record: Deployment, at: datetime, tag: str, number: int) -> Iterator[tuple[str, Row]]:
    user_key, long_gone = record.user_key, ids.render_id(ids.to_moment(at))
    request = Request(key=tag, fingerprint=tag, at=at, deployment_id=long_gone)
    yield store.RECORDS, store.request_row(user_key, request)
    yield store.RECORDS, store.tombstone_row(user_key, long_gone)
    yield store.CLAIMS, store.claim_row(_released(user_key, tag, at))
    letter = _letter(tag, at)
    values = codec.render_record(letter)
    yield DEAD_LETTERS, Row(partition=letter.queue, key=letter.digest, values=values)
    yield run_rows.RUNS, run_rows.run_row(_run(long_gone, at, number))
    yield USAGE, usage_row(_day(record, at))


def _released(user_key: str, tag: str, at: datetime) -> Claim:
    return Claim(
        name=f"~{tag}",
        kind=ClaimKind.RELEASED,
        user_key=user_key,
        claimed_for=_NAME,
        tag=tag,
        released_at=at,
    )


def _letter(tag: str, at: datetime) -> DeadLetter:
    return DeadLetter(
        queue=DEPLOY_REQUESTS,
        digest=tag,
        size=1,
        reason="not_json",
        detail="",
        excerpt="",
        at=at,
        last_at=at,
    )


def _run(run_id: str, at: datetime, number: int) -> Run:
    """One that is done, or one that nobody has approved."""
    return Run(
        id=run_id,
        asked_by=SCHEDULE,
        created_at=at,
        dry_run=False,
        days=7,
        areas=(),
        state=RunState.NEEDS_APPROVAL if number % 2 else RunState.DONE,
    )


def _day(record: Deployment, at: datetime) -> DayOfUse:
    return DayOfUse(
        user_key=record.user_key,
        deployment_id=record.id,
        deployment_name=record.deployment_name,
        endpoint_name=record.endpoint_name,
        day=at.date(),
        measured_at=at,
        requests=1,
    )
