"""Writes down every night how each deployment was used on the days before, and shows it.

The table has one row for a deployment and UTC day, in the user's partition; row keys sort by deployment, newest day
first. What is written is not asked for again, so a run that ends early, comes twice or stays away is made up for.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta

from shared import telemetry
from shared.cloud_ports import Metrics
from shared.domain import codec, ids, ownership, usage
from shared.domain.errors import CloudError, Exists, StoreError, Trouble, UnreadableRow
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Status
from shared.domain.usage import DayOfUse, Life, Totals
from shared.ports import Ports, Row, Tables
from shared.service import rounds, store
from shared.service.owned import require_deployment
from shared.telemetry import Happened

USAGE = "usage"
LONGEST = timedelta(minutes=15)
"""Of the 30 that the host gives a function (`host.json`); one look may take some, and so may the removal."""
_REMOVING = timedelta(minutes=5)
_LAST_DAY = 99_999_999
_METRICS = tuple(field.name for field in fields(Metrics))


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What one run did: deployments looked at, days written, days of which nothing was told, and old rows removed.

    `absent` are deployments that the cloud has none of ours for, `troubled` those that failed, `left` those for the next run.
    """

    seen: int = 0
    written: int = 0
    untold: int = 0
    absent: int = 0
    troubled: int = 0
    left: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """The days from `first` to `last` of which something is known, newest first, and their sum."""

    record: Deployment
    first: date
    last: date
    days: Sequence[DayOfUse]
    totals: Totals


def record_usage(ports: Ports, policy: Policy) -> Recorded:
    """Measures what is missing of all active deployments, and removes what is older than it is kept.

    Raises StoreError or CloudError where storage or the cloud does not answer.
    """
    recorded = Recorded()
    try:
        rows = _active_rows(ports.tables)
        done = rounds.go_round(
            ports,
            rows,
            lambda row: _look(ports, row, recorded),
            longest=LONGEST,
            is_outage=_is_outage,
        )
        recorded.seen, recorded.troubled, recorded.left = done.seen, done.troubled, done.left
    finally:  # an outage of the cloud is no reason to keep what is old
        recorded.removed = _remove_old(ports, policy)
        telemetry.tell(Happened.USAGE_RECORDED, **asdict(recorded))
    return recorded


def list_usage(
    tables: Tables, user_key: str, deployment_id: str, *, first: date, last: date
) -> Iterator[DayOfUse]:
    """What is known of the days from `first` to `last`, newest first; a row that cannot be read is told and left out."""
    for row in _rows(tables, user_key, deployment_id, first, last):
        try:
            yield store.read_row(DayOfUse, row).record
        except UnreadableRow as error:
            store.tell_unreadable(error)


def require_usage(
    ports: Ports, principal: Principal, deployment_id: str, *, days: int
) -> UsageView:
    """What is known of the last days of one of the user's deployments, live or deleted. Raises NotFound."""
    record, now = require_deployment(ports, principal, deployment_id).record, ports.clock.now()
    first, last = usage.first_day(days, now), usage.first_day(1, now)
    found = list(list_usage(ports.tables, record.user_key, record.id, first=first, last=last))
    return UsageView(record=record, first=first, last=last, days=found, totals=usage.sum_up(found))


def find_idle(
    tables: Tables, records: Iterable[Deployment], days: int, now: datetime
) -> datetime | None:
    """Since when an endpoint has had no request, given all deployments that it has and had; None where that is not known.

    So many days are looked at. Raises StoreError.
    """
    first, last = usage.first_day(days, now), usage.first_day(1, now)
    lives: list[Life] = []
    rows: list[DayOfUse] = []
    for record in records:
        rows += list_usage(tables, record.user_key, record.id, first=first, last=last)
        if life := usage.life_of(record):
            lives.append(life)
    return usage.idle_since(rows, lives, now)


def _active_rows(tables: Tables) -> list[Row]:
    """Narrow rows of all users' active deployments, of which a subscription has some hundreds."""
    last = store.LIVE[:-1] + chr(ord(store.LIVE[-1]) + 1)
    rows = tables.scan(store.RECORDS, None, first=store.LIVE, last=last, select=("id", "status"))
    return [row for row in rows if row.values.get("status") == Status.ACTIVE]


def _look(ports: Ports, row: Row, recorded: Recorded) -> bool:
    """Measures the days that are missing of one deployment; False where the cloud need not be asked."""
    stored = store.load_deployment(ports.tables, row.partition, str(row.values.get("id")))
    life = usage.life_of(stored.record) if stored else None
    if stored is None or life is None or stored.record.status is not Status.ACTIVE:
        return False
    record, now = stored.record, ports.clock.now()
    first, last = usage.first_day(usage.ASKED_DAYS, now), usage.first_day(1, now)
    rows = _rows(ports.tables, record.user_key, record.id, first, last, select=("day",))
    missing = usage.days_to_measure(life, {_day_of(row) for row in rows}, now)
    if missing and not _is_there(ports, record):
        recorded.absent += 1
        telemetry.tell(Happened.USAGE_ABSENT, record.id, endpoint=record.endpoint_name)
        return True
    for day in missing:
        _measure(ports, record, life, day, recorded)
    return bool(missing)


def _is_there(ports: Ports, record: Deployment) -> bool:
    """Whether the cloud has the deployment, and it is ours: another's numbers are none of its owner's business."""
    found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
    return found is not None and ownership.is_ours(found.tags, ownership.deployment_tags(record))


def _measure(ports: Ports, record: Deployment, life: Life, day: date, recorded: Recorded) -> None:
    since, until = usage.span_of(day, life)
    metrics = ports.view.read_metrics(
        record.endpoint_name, record.deployment_name, since=since, until=until
    )
    measured = DayOfUse(
        user_key=record.user_key,
        deployment_id=record.id,
        deployment_name=record.deployment_name,
        endpoint_name=record.endpoint_name,
        day=day,
        measured_at=ports.clock.now(),
        **{name: getattr(metrics, name) for name in _METRICS},
    )
    if metrics == Metrics() or not usage.is_kept(measured, ports.clock.now()):
        recorded.untold += 1
        return
    with suppress(Exists):  # another run was quicker
        store.insert(ports.tables, ports.random, USAGE, usage_row(measured))
        recorded.written += 1


def _remove_old(ports: Ports, policy: Policy) -> int:
    """Removes the rows of days that are not kept any more; how many those were."""
    now, removed = ports.clock.now(), 0
    oldest = usage.first_day(policy.usage_days, now)
    for row in ports.tables.scan(USAGE, None, select=("day",)):
        if ports.clock.now() - now > _REMOVING:
            break
        if _day_of(row) < oldest:
            removed += store.remove(ports.tables, USAGE, row)
    return removed


def _is_outage(error: Exception) -> bool:
    """Whether the next deployment would fare no better."""
    if isinstance(error, CloudError):
        return error.trouble in (Trouble.AUTH, Trouble.THROTTLED, Trouble.TRANSIENT)
    return isinstance(error, StoreError)


# ------------------------------------------------------------------ rows


def usage_row(record: DayOfUse) -> Row:
    """The row of a deployment's day."""
    key = _key(record.deployment_id, record.day)
    return Row(partition=record.user_key, key=key, values=codec.render_record(record))


def _key(deployment_id: str, day: date) -> str:
    """Sorts by deployment as everywhere, and then the newest day first."""
    return f"{ids.newest_first(deployment_id)}-{_LAST_DAY - int(f'{day:%Y%m%d}'):08d}"


def _day_of(row: Row) -> date:
    return date.fromisoformat(str(_LAST_DAY - int(row.key[-8:])))


def _rows(
    tables: Tables,
    user_key: str,
    deployment_id: str,
    first: date,
    last: date,
    select: Sequence[str] = (),
) -> Iterator[Row]:
    after = _key(deployment_id, first) + "0"  # the first day's own key comes before that
    return tables.scan(USAGE, user_key, first=_key(deployment_id, last), last=after, select=select)
