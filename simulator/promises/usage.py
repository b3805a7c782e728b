"""Promises about how it is kept that deployments were used: each day once, for its owner, of what is theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.adapters.memory_tables import MemoryTables
from shared.domain import codec, usage as days
from shared.domain.records import Deployment, Status
from shared.domain.usage import DayOfUse
from shared.service import usage
from simulator.ledger import Ledger, Write
from simulator.promises import tags as tags_of
from simulator.promises.ownership import moment_of
from simulator.timeline import BEGINNING, SECOND, Broken, Task
from simulator.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UsagePromises:
    """Watches what is kept; clocks may be so many seconds `apart`."""

    ledger: Ledger
    workspace: Workspace
    apart: float

    def wrote(self, table: str, writes: Sequence[Write], task: Task, now: int) -> None:
        """Raises Broken where a day is kept that is not over, or was another's."""
        for write in writes:
            if table == usage.USAGE and not write.is_removal:
                measured = codec.parse_record(DayOfUse, write.row.values)
                self._check(measured, write.row.partition, task, now)

    def check_rest(self, tables: MemoryTables, now: int) -> None:
        """Raises Broken where a day is missing on which a deployment lived that is there."""
        ended = _time(now) - timedelta(seconds=self.apart)
        for record in self.ledger.deployments.values():
            if record.status is Status.ACTIVE:
                self._check_known(tables, record, ended)

    def _check(self, measured: DayOfUse, partition: str, task: Task, now: int) -> None:
        record = self.ledger.deployments.get(measured.deployment_id)
        life = days.life_of(record) if record else None
        if record is None or life is None or record.user_key != partition:
            raise Broken(f"the use of {measured.deployment_id} is kept for {partition}")
        latest = _time(now) + timedelta(seconds=self.apart)
        if not life.is_on(measured.day) or measured.day >= latest.date():
            raise Broken(f"the use of {record.id} is kept of {measured.day}", record.id)
        found = self.workspace.find_deployment(record.endpoint_name, record.deployment_name)
        is_its = found is not None and dict(found.tags) == tags_of.of_deployment(record)
        if found is not None and not is_its and moment_of(found.created_at) < task.looked_at:
            raise Broken(f"the use of what is not {record.id} is kept for its owner", record.id)

    def _check_known(self, tables: MemoryTables, record: Deployment, now: datetime) -> None:
        life = days.life_of(record)
        found = self.workspace.find_deployment(record.endpoint_name, record.deployment_name)
        if life is None or found is None or found.created_at is None:
            return
        known = {
            each.day
            for each in usage.list_usage(
                tables,
                record.user_key,
                record.id,
                first=days.first_day(days.ASKED_DAYS, now),
                last=days.first_day(1, now),
            )
        }
        told = [
            day
            for day in days.days_to_measure(life, known, now)
            if found.created_at < days.midnight(day + timedelta(days=1))
        ]
        if told:
            raise Broken(f"nobody has kept how {record.id} was used on {told[0]}", record.id)


def _time(now: int) -> datetime:
    return BEGINNING + timedelta(microseconds=now * 1_000_000 // SECOND)
