"""Who may work on a record: one turn at a time, for a time, with an epoch that only grows."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.records import Deployment, Lease

# Clocks differ. It is less than any wait: with more, a duplicate hint would run a turn of its own.
EARLY = timedelta(seconds=0.5)
LONGEST_LOOK_AWAY = timedelta(minutes=5)


def is_leased(record: Deployment, now: datetime) -> bool:
    """Whether another turn's lease on the record still runs."""
    return record.lease is not None and record.lease.until > now


def is_due(record: Deployment, now: datetime) -> bool:
    """Whether the step's waiting time is over."""
    return record.work.due_at <= now + EARLY


def next_look(record: Deployment, now: datetime) -> datetime:
    """When it is worth another hint, where one is sent now.

    The work may only stand in a long line, so each hint has twice the time of the one before. Where
    a lease has run out, a turn had begun: the line is short, and the time counts from there.
    """
    since = record.lease.until if record.lease else record.work.due_at
    return now + min(now - since, LONGEST_LOOK_AWAY)


def take_lease(record: Deployment, owner: str, until: datetime) -> Deployment:
    """The record leased to `owner`; the epoch tells its writes from those of earlier turns."""
    return replace(record, lease=Lease(owner=owner, until=until), epoch=record.epoch + 1)


def renew_lease(record: Deployment, owner: str, until: datetime) -> Deployment:
    """The record leased to the same turn for longer."""
    return replace(record, lease=Lease(owner=owner, until=until))


def drop_lease(record: Deployment) -> Deployment:
    """The record free for the next turn."""
    return replace(record, lease=None)


def seconds_left(record: Deployment, now: datetime) -> float:
    """How long the lease still runs; negative once it is over."""
    return (record.lease.until - now).total_seconds() if record.lease else 0.0
