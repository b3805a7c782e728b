"""One turn of the worker: load, lease, run steps until one waits, checkpoint each.

A message is only a hint; what is done follows from the record. Nothing here waits for the cloud.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from shared import telemetry
from shared.domain import endpoints, leases, plans, poisoning, retry
from shared.domain.errors import CloudError, LeaseLost, StoreError, UnreadableRow
from shared.domain.failures import failure_of, name_users, past_deadline, shorten
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.policy import Policy
from shared.domain.reasons import Reason
from shared.domain.records import Deployment, Step
from shared.ports import WorkerPorts
from shared.service import hints, listing, pace, settle, store
from shared.service.hints import Hint
from shared.service.steps import (
    deployment,
    endpoint,
    finish,
    prepare,
    register,
    teardown,
    traffic,
    verify,
)
from shared.service.store import Stored
from shared.service.turn import Turn
from shared.telemetry import Happened

STEPS: dict[Step, Callable[[Turn], Outcome]] = {
    Step.PREPARE: prepare.ensure_package,
    Step.REGISTER: register.ensure_registered,
    Step.ENDPOINT: endpoint.ensure_endpoint,
    Step.DEPLOYMENT: deployment.ensure_deployment,
    Step.VERIFY: verify.ensure_scoring,
    Step.TRAFFIC: traffic.ensure_traffic,
    Step.FINISH: finish.ensure_active,
    Step.ROUTE: traffic.ensure_routed,
    Step.SAVE_LOGS: teardown.ensure_logs_saved,
    Step.WITHDRAW_TRAFFIC: traffic.ensure_no_traffic,
    Step.REMOVE_DEPLOYMENT: teardown.ensure_no_deployment,
    Step.REMOVE_ENDPOINT: teardown.ensure_no_endpoint,
    Step.REMOVE_MODEL: teardown.ensure_no_model,
    Step.CLOSE: teardown.ensure_closed,
}


def run_turn(ports: WorkerPorts, policy: Policy, hint: Hint) -> None:
    """Goes on with the deployment a hint points to, as far as it goes without waiting.

    A record that this version cannot read is left alone; the sweep keeps pointing to it. Raises
    StoreError where storage does not answer, and whatever error nobody expected, which is noted on
    the record: the host then brings the message back.
    """
    try:
        stored = store.load_deployment(ports.tables, hint.user_key, hint.deployment_id)
        if stored is not None:  # else not admitted (yet); the sweep knows what to do about it
            _take_turn(ports, policy, stored)
    except UnreadableRow as error:
        store.tell_unreadable(error)


def _take_turn(ports: WorkerPorts, policy: Policy, stored: Stored[Deployment]) -> None:
    record = stored.record
    now = ports.clock.now()
    if plans.is_finished(record):
        settle.settle_inflight(ports, record.user_key, record.id)
        return
    if leases.is_leased(record, now) or not _is_due(ports, record, now):
        telemetry.tell(Happened.TURN_SKIPPED, record.id, step=record.work.step)
        return
    turn = Turn(ports, policy, ports.random.nonce(), stored)
    try:
        turn.take_lease()
        _go_on(turn, now + timedelta(seconds=policy.turn))
    except LeaseLost as error:
        telemetry.tell(Happened.LEASE_LOST, record.id, reason=str(error))
        if turn.give_back():
            hints.send_hint(ports.queue, record.user_key, record.id)
    except StoreError:
        raise
    except UnreadableRow:
        turn.give_back()
        raise
    except Exception as error:
        telemetry.tell(Happened.TURN_CRASHED, record.id, step=turn.record.work.step, error=error)
        turn.crashed(error)
        raise


def _is_due(ports: WorkerPorts, record: Deployment, now: datetime) -> bool:
    """Whether the step's waiting time is over, or its turn on the endpoint has come before."""
    if leases.is_due(record, now) or record.work.in_line_since is None:
        return leases.is_due(record, now)
    stored = store.load_endpoint(ports.tables, record.user_key, record.endpoint_name)
    return stored is not None and endpoints.holds(stored.record, record)


def _go_on(turn: Turn, end: datetime) -> None:
    while (step := plans.next_step(turn.record)) is not None:
        if turn.ports.clock.now() > end:
            _wait(turn, step, Wait(why="a new turn goes on", seconds=0), "")
            return
        outcome, trouble = _attempt(turn, step)
        match outcome:
            case Done():
                if turn.done(step, outcome):
                    telemetry.tell(Happened.STEP_DONE, turn.record.id, step=step, text=outcome.text)
            case Wait():
                _wait(turn, step, outcome, trouble)
                return
            case Failed(failure=failure):
                if turn.failed(step, outcome):
                    is_route = step is Step.ROUTE
                    telemetry.tell(
                        Happened.TRAFFIC_FAILED if is_route else Happened.DEPLOYMENT_FAILED,
                        turn.record.id,
                        step=step,
                        code=failure.code,
                        cause=failure.cause,
                    )
            case _:
                assert_never(outcome)
    settle.settle_inflight(turn.ports, turn.record.user_key, turn.record.id)


def _attempt(turn: Turn, step: Step) -> tuple[Outcome, str]:
    """Runs a step; trouble in the cloud becomes a wait with its text, or a failure."""
    work = turn.record.work
    if plans.is_over(work, turn.ports.clock.now()):
        return Failed(failure=past_deadline(turn.record)), ""
    if poisoning.must_give_up(work):
        return Failed(failure=poisoning.turns_crash(turn.record)), ""
    try:
        turn.before_change()
        return STEPS[step](turn), ""
    except UnreadableRow as error:
        store.tell_unreadable(error)
        why = "a record beside this one can be read by another version of Longshore only, or is damaged"
        return Wait(why=why, seconds=60), shorten(str(error), 1000)
    except CloudError as error:
        telemetry.tell(
            Happened.STEP_TROUBLE,
            turn.record.id,
            step=step,
            trouble=error.trouble,
            code=error.code,
            message=error.message,
        )
        refused_for = _since(turn, work.refused_since)
        going_on = retry.may_retry(error.trouble, work.attempts + 1, refused_for)
        if plans.can_fail(work.plan) and not going_on:
            return Failed(failure=failure_of(turn.record, step, error, _usages(turn, error))), ""
        delay = retry.retry_delay(
            error.trouble, work.attempts, error.retry_after, turn.ports.random.jitter()
        )
        wait = Wait(why=work.waiting, seconds=delay, met=error.trouble)
        return wait, f"{shorten(error.code, 100)}: {shorten(error.message, 1000)}"


def _usages(turn: Turn, error: CloudError) -> str:
    if error.code != Reason.QUOTA:
        return ""
    own = listing.list_deployments(turn.ports.tables, turn.record.user_key)
    return name_users(turn.record, own)


def _wait(turn: Turn, step: Step, outcome: Wait, trouble: str) -> None:
    seconds = outcome.seconds
    if seconds is None:
        seconds = pace.next_look(turn, step)
    if not outcome.in_line:
        seconds = _bound(turn, seconds)
    turn.wait(step, outcome, seconds, trouble)
    telemetry.tell(Happened.STEP_WAITS, turn.record.id, step=step, seconds=seconds, why=outcome.why)
    hints.send_hint(turn.ports.queue, turn.record.user_key, turn.record.id, delay=seconds)


def _bound(turn: Turn, seconds: float) -> float:
    """A wait that grows with the time the step has taken, and ends with the time it may take."""
    now = turn.ports.clock.now()
    work = plans.stand_in_line(turn.record.work, False, now)
    seconds = retry.slow_down(seconds, (now - work.step_since).total_seconds())
    if not plans.can_fail(work.plan) or now > work.deadline_at:
        return seconds
    return retry.keep_deadline(seconds, (work.deadline_at - now).total_seconds())


def _since(turn: Turn, moment: datetime | None) -> float:
    """Seconds since a moment; 0 where there was none yet."""
    return (turn.ports.clock.now() - moment).total_seconds() if moment else 0.0
