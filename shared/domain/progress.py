"""How a record changes from one checkpoint to the next: pure, given what a step returned."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain import plans, retry
from shared.domain.errors import Trouble
from shared.domain.outcomes import Done, Failed, Wait
from shared.domain.records import Deployment, Event, Plan, Status, Step


def after_done(record: Deployment, step: Step, outcome: Done, now: datetime) -> Deployment:
    """The record with the step's changes, standing at the next step of its plan."""
    work = plans.start_step(record.work, plans.following_step(record.work.plan, step), now)
    reached = {name: now for name in outcome.phases if name not in record.phases}
    return replace(
        record,
        **dict(outcome.changes),
        work=work,
        phases={**record.phases, **reached},
    )


def after_wait(
    record: Deployment, outcome: Wait, seconds: float, now: datetime, trouble: str = ""
) -> Deployment:
    """The record to be looked at again in `seconds`; a look without trouble ends a row of attempts.

    To have asked the cloud for something is not yet such a look.
    """
    began = now if outcome.began else record.work.began_at
    burnt = outcome.met is not None and retry.burns_attempt(outcome.met)
    attempts = record.work.attempts + burnt if outcome.met or outcome.began else 0
    refused = outcome.met is Trouble.AUTH
    work = plans.stand_in_line(record.work, outcome.in_line, now)
    work = replace(
        work,
        due_at=now + timedelta(seconds=seconds),
        began_at=began,
        attempts=attempts,
        refused_since=(record.work.refused_since or now) if refused else None,
        waiting=outcome.why,
        trouble=trouble,
        met=outcome.met,
        crashes=0,
        second_chance=None,
    )
    return replace(record, work=work)


def after_failed(record: Deployment, outcome: Failed, now: datetime) -> Deployment:
    """The record failed for good, with the plan that removes what costs money.

    A deployment that is live stays so where only a change of its endpoint's traffic has failed.
    """
    if record.work.plan is Plan.TRAFFIC:
        return replace(record, work=plans.start_step(record.work, None, now))
    return replace(
        record,
        **dict(outcome.changes),
        status=Status.FAILED,
        failure=outcome.failure,
        work=plans.start_work(Plan.ABANDON, now, record.work.deadline_at),
    )


def event_after(
    record: Deployment, name: str, text: str, now: datetime, step: Step | None
) -> tuple[Deployment, Event]:
    """The record with one event more, and that event."""
    number = record.events + 1
    event = Event(deployment_id=record.id, number=number, at=now, name=name, text=text, step=step)
    return replace(record, events=number), event


def is_news(record: Deployment, text: str) -> bool:
    """Whether this is another trouble, or another reason to wait, than the record has."""
    return _gist(text) != _gist(record.work.trouble or record.work.waiting)


def _gist(text: str) -> str:
    """The code of a trouble, without words that may differ each time; else the whole text."""
    return text.partition(": ")[0]
