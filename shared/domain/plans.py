"""The plans of the worker as data, and the pure question "which step is next?"."""

from datetime import datetime

from shared.domain.records import Deployment, Plan, Step, Work

STEPS: dict[Plan, tuple[Step, ...]] = {
    Plan.DEPLOY: (
        Step.PREPARE,
        Step.REGISTER,
        Step.ENDPOINT,
        Step.DEPLOYMENT,
        Step.VERIFY,
        Step.TRAFFIC,
        Step.FINISH,
    ),
    Plan.ABANDON: (
        Step.SAVE_LOGS,
        Step.WITHDRAW_TRAFFIC,
        Step.REMOVE_DEPLOYMENT,
        Step.REMOVE_ENDPOINT,
        Step.CLOSE,
    ),
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


def next_step(record: Deployment) -> Step | None:
    """The step a turn has to run; None where the plan is finished."""
    return record.work.step


def following_step(plan: Plan, step: Step) -> Step | None:
    """The step after `step`; None after the last."""
    steps = STEPS[plan]
    after = steps.index(step) + 1
    return steps[after] if after < len(steps) else None


def is_finished(record: Deployment) -> bool:
    """Whether the machine has nothing left to do for the record."""
    return record.work.step is None
