"""Hands everything that happens to the promises, and to those who act upon it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.bookkeeping import Inflight
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import Deployment
from shared.service import store
from simulator.files import Files
from simulator.host import Host
from simulator.ledger import Ledger, Write
from simulator.old_rows import OldRows
from simulator.promises.clearing import ClearingPromises
from simulator.promises.clouds import CloudPromises
from simulator.promises.files import FilePromises
from simulator.promises.index import check_hint
from simulator.promises.old import OldPromises
from simulator.promises.ownership import Ownership
from simulator.promises.repairs import RepairPromises
from simulator.promises.usage import UsagePromises
from simulator.promises.withdrawals import WithdrawalPromises
from simulator.promises.writes import WritePromises
from simulator.strangers import Strangers
from simulator.timeline import SECOND, Timeline, TrueClock
from simulator.unrest import Unrest
from simulator.workspace import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is asked at each effect."""

    timeline: Timeline
    ledger: Ledger
    host: Host
    strangers: Strangers
    writes: WritePromises
    clouds: CloudPromises
    repairs: RepairPromises
    clearing: ClearingPromises
    withdrawals: WithdrawalPromises
    files: FilePromises
    usage: UsagePromises
    old: OldPromises

    def landed(self, table: str, writes: Sequence[Write]) -> None:
        """A transaction lands; the ledger is as before it. Raises Broken."""
        task = self.timeline.current.task
        self.writes.before(table, writes, task)
        self.repairs.wrote(table, writes, task)
        self.old.wrote(table, writes, task)
        self.usage.wrote(table, writes, task, self.timeline.now)
        for write in writes:
            record = write.record
            if write.is_removal and write.row.key.startswith(store.MODEL):
                self.withdrawals.left(str(write.row.values["id"]))
            if isinstance(record, Deployment) and record.id not in self.ledger.deployments:
                is_first = record.endpoint_name.lower() not in self.ledger.endpoints
                self.strangers.notice(record, is_first=is_first)
            if isinstance(record, Inflight):
                self._notice_indexed(record)

    def _notice_indexed(self, entry: Inflight) -> None:
        """It is on the index again; a late entry of an earlier generation is no more than a reminder."""
        known = self.ledger.deployments.get(entry.deployment_id)
        if known is None or entry.generation >= known.generation:
            self.ledger.unindexed.discard(entry.deployment_id)

    def sent(self, queue: str, about: Collection[str]) -> None:
        """A message is in a queue. Raises Broken."""
        if queue == DEPLOY_JOBS:
            check_hint(self.ledger, about)
        self.host.notice(queue)

    def going(self, key: str, etag: str) -> None:
        """A file is about to be removed. Raises Broken."""
        self.files.going(key, etag, self.timeline.current.task)

    def begun(self, call: Call) -> None:
        """A change of the cloud is about to take effect. Raises Broken."""
        task = self.timeline.current.task
        if task.kind == "reconcile":
            self.clearing.before(call, task)
        elif task.kind == "request":
            self.withdrawals.before(call, task)
        else:
            self.clouds.before(call, task)

    def changed(self, call: Call) -> None:
        """A change of the cloud has taken effect. Raises Broken."""
        late = any(each is call for each in (*self.clouds.late, *self.clearing.late))
        self.strangers.lose(call, late=late)
        self.clouds.after(self.timeline.current.task)


def watch_over(  # noqa: PLR0913 - all that there is to watch
    *,
    timeline: Timeline,
    host: Host,
    strangers: Strangers,
    files: Files,
    old: OldRows,
    unrest: Unrest,
    apart: float,
) -> Watch:
    """All promises of a run; clocks may be so many seconds `apart`."""
    workspace, ledger, skew = strangers.workspace, files.ledger, round(apart * SECOND)

    def now() -> int:
        return timeline.now

    repairs = RepairPromises(ledger=ledger, workspace=workspace, unrest=unrest, apart=skew, now=now)
    return Watch(
        timeline=timeline,
        ledger=ledger,
        host=host,
        strangers=strangers,
        writes=WritePromises(ledger, TrueClock(timeline).now, timedelta(seconds=apart)),
        clouds=CloudPromises(ledger, workspace, strangers),
        repairs=repairs,
        clearing=ClearingPromises(
            ledger=ledger, ownership=Ownership(ledger, workspace), repairs=repairs, unrest=unrest
        ),
        withdrawals=WithdrawalPromises(ledger, workspace),
        files=FilePromises(files=files, workspace=workspace, unrest=unrest, apart=skew, now=now),
        usage=UsagePromises(ledger, workspace, apart),
        old=OldPromises(ledger, old, unrest),
    )
