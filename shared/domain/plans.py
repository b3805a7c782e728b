"""The plans of the worker as data, and the pure question "which step is next?"."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.records import Deployment, Plan, Step, Work

_GRACE = timedelta(minutes=15)  # Azure changes traffic in a minute or two
_LONGEST_LINE = timedelta(
    hours=24
)  # an hour for each of the 20 deployments of an endpoint, and more

_DEPLOY = (
    Step.PREPARE,
    Step.REGISTER,
    Step.ENDPOINT,
    Step.DEPLOYMENT,
    Step.VERIFY,
    Step.TRAFFIC,
    Step.FINISH,
)
_CLEAR = (Step.SAVE_LOGS, Step.WITHDRAW_TRAFFIC, Step.REMOVE_DEPLOYMENT)

STEPS: dict[Plan, tuple[Step, ...]] = {
    Plan.DEPLOY: _DEPLOY,
    Plan.ABANDON: (*_CLEAR, Step.REMOVE_ENDPOINT, Step.CLOSE),
    Plan.RETRY: (*_CLEAR, *_DEPLOY),
    Plan.TRAFFIC: (Step.ROUTE,),
    Plan.DELETE: (
        Step.WITHDRAW_TRAFFIC,
        Step.REMOVE_DEPLOYMENT,
        Step.REMOVE_ENDPOINT,
        Step.REMOVE_MODEL,
        Step.CLOSE,
    ),
}


def start_work(plan: Plan, now: datetime, deadline_at: datetime) -> Work:
    """The first step of a plan, due at once."""
    return Work(plan=plan, step=STEPS[plan][0], step_since=now, due_at=now, deadline_at=deadline_at)


def begin_later(work: Work, seconds: float) -> Work:
    """The work of a request whose turn comes so many seconds later than at once."""
    if not seconds:
        return work
    due_at = work.due_at + timedelta(seconds=seconds)
    return replace(work, due_at=due_at, waiting="earlier requests of the same user begin first")


def start_step(work: Work, step: Step | None, now: datetime) -> Work:
    """The work at another step of its plan, due at once; None where the plan is finished."""
    return replace(
        stand_in_line(work, False, now),
        step=step,
        step_since=now,
        due_at=now,
        began_at=None,
        attempts=0,
        refused_since=None,
        waiting="",
        trouble="",
        met=None,
        crashes=0,
        second_chance=None,
    )


def stand_in_line(work: Work, in_line: bool, now: datetime) -> Work:
    """The work in line for its endpoint, or no longer: its deadline goes off by the time spent there.

    The step's own time begins when it leaves the line.
    """
    if work.in_line_since is not None:
        later = work.deadline_at + (now - work.in_line_since)
        work = replace(work, in_line_since=None, deadline_at=later)
        if not in_line:
            return replace(work, step_since=now)
    return replace(work, in_line_since=now) if in_line else work


def is_past_deadline(work: Work, now: datetime) -> bool:
    """Whether a plan that may be given up has had its time; in line it has the time of all before it."""
    if work.in_line_since is not None:
        return can_fail(work.plan) and now > work.step_since + _LONGEST_LINE
    return can_fail(work.plan) and now > work.deadline_at


def is_over(work: Work, now: datetime) -> bool:
    """Whether a plan is to be given up now.

    A change of traffic is looked at for a while after its deadline, since what Azure routes is what
    the endpoint's row has to say.
    """
    in_grace = work.plan is Plan.TRAFFIC and now <= work.deadline_at + _GRACE
    return is_past_deadline(work, now) and not in_grace


def next_step(record: Deployment) -> Step | None:
    """The step a turn has to run; None where the plan is finished."""
    return record.work.step


def following_step(plan: Plan, step: Step) -> Step | None:
    """The step after `step`; None after the last."""
    steps = STEPS[plan]
    after = steps.index(step) + 1
    return steps[after] if after < len(steps) else None


def can_fail(plan: Plan) -> bool:
    """Whether a plan may be given up: what removes a paid thing goes on until it is gone."""
    return plan in (Plan.DEPLOY, Plan.RETRY, Plan.TRAFFIC)


def is_finished(record: Deployment) -> bool:
    """Whether the machine has nothing left to do for the record."""
    return record.work.step is None


def is_finished_row(values: Mapping[str, object]) -> bool:
    """The same of a row that is only listed: its work is JSON without spaces, and most of a record's bytes."""
    return '"step":null' in str(values.get("work_json", ""))
