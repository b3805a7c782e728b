"""What a message that failed too often means for a deployment: pure, from the record alone.

The record knows whether its turns crash, since each crash is noted on it. A poison message only
says "look": a copy of it, or an outage in which no turn could begin, fails nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import leases, plans
from shared.domain.failures import failure
from shared.domain.records import Deployment, Failure, Turn, Work

CRASHES_TO_GIVE_UP = 3
"""In a row, after the second chance. The host tries a message five times, so one comes to this."""
FIRST_PAUSE, LONGEST_PAUSE = 300.0, 3600.0  # seconds; a bad release is often rolled back in it
_PAUSE_PER_CRASH = 60.0
_UNEXPLAINED = "A message for this deployment failed several times before a turn could begin."


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to do: the work is finished, under way, or waits for its time."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The record noted as poisoned, and in how many seconds a new message is to come."""

    record: Deployment
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The second chance has failed too: the next turn gives the deployment up."""


Decision = Ignore | TryAgain | GiveUp


def decide_poison(record: Deployment, now: datetime) -> Decision:
    """What to do for a deployment whose message has become poison."""
    if plans.is_finished(record):
        return Ignore()
    if leases.is_leased(record, now) or not leases.is_due(record, now):
        return Ignore()
    work = record.work
    if must_give_up(work):
        return GiveUp()
    if not work.crashes:
        if work.trouble == _UNEXPLAINED:
            return Ignore()  # a copy of the message: nothing has happened since
        noted = replace(record, work=replace(work, trouble=_UNEXPLAINED, met=None))
        return TryAgain(noted, _UNEXPLAINED, 0.0)
    if work.crashes == work.second_chance:
        return Ignore()  # a copy, too
    seconds = min(max(FIRST_PAUSE, work.crashes * _PAUSE_PER_CRASH), LONGEST_PAUSE)
    text = f"{work.crashes} turns in a row crashed; the next one begins in {seconds / 60:.0f} min."
    due_at = now + timedelta(seconds=seconds)
    noted = replace(record, work=replace(work, due_at=due_at, second_chance=work.crashes))
    return TryAgain(noted, text, seconds)


def must_give_up(work: Work) -> bool:
    """Whether turns go on to crash after the second chance, in a plan that may be given up."""
    if work.second_chance is None or not plans.can_fail(work.plan):
        return False
    return work.crashes >= work.second_chance + CRASHES_TO_GIVE_UP


def after_crash(record: Deployment, error: Exception) -> tuple[Deployment, str]:
    """The record after a turn that ended in an error nobody expected, and what happened in words."""
    text = f"A turn ended in an error that nobody expected ({type(error).__name__})."
    crashes = record.work.crashes + 1
    work = replace(record.work, crashes=crashes, trouble=text, met=None)
    return replace(record, work=work), text


def turns_crash(record: Deployment) -> Failure:
    """Why a deployment was given up whose turns crash."""
    step = record.work.step
    return failure(
        "turn_crashed",
        f"Longshore itself failed at the step {step} {record.work.crashes} times in a row.",
        Turn.OPERATOR,
        "An operator finds the error in the worker's log by the deployment's id, and mends it; "
        "then retry the deployment.",
        record.work.trouble,
    )
