"""Days of use, written as the nightly runs of some weeks would have."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.adapters.system import SystemRandom
from shared.domain.records import Deployment
from shared.domain.usage import DayOfUse, first_day
from shared.ports import Tables
from shared.service import store, usage

DAYS = 30


def write_days(
    tables: Tables,
    record: Deployment,
    requests: Mapping[int, int | None],
    *,
    now: datetime,
    days: int = DAYS,
) -> None:
    """Makes a deployment so many days old, without requests but on those days ago; None is a day that is not known."""
    random = SystemRandom()
    stored = store.load_deployment(tables, record.user_key, record.id)
    assert stored is not None
    old = replace(stored.record, deployed_at=now - timedelta(days=days))
    store.save(tables, random, store.RECORDS, store.deployment_row(old, stored.row.etag))
    for ago in range(1, days + 1):
        number = requests.get(ago, 0)
        if number is None:
            continue
        day = DayOfUse(
            user_key=record.user_key,
            deployment_id=record.id,
            deployment_name=record.deployment_name,
            endpoint_name=record.endpoint_name,
            day=first_day(ago, now),
            measured_at=now,
            requests=number,
        )
        store.insert(tables, random, usage.USAGE, usage.usage_row(day))
