"""How a record goes on: plans, checkpoints, leases, attempts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain import leases, plans, progress
from shared.domain.errors import Trouble
from shared.domain.failures import failure
from shared.domain.outcomes import Done, Failed, Wait
from shared.domain.records import Deployment, Plan, Status, Step, Turn
from tests.domain.examples import NOW, deployment

LATER = NOW + timedelta(minutes=1)


@pytest.mark.parametrize("plan", Plan)
def test_done_after_done_walks_through_the_plan_to_its_end(plan: Plan) -> None:
    record = replace(deployment(), work=plans.start_work(plan, NOW, LATER))
    walked = []
    while (step := plans.next_step(record)) is not None:
        walked.append(step)
        record = progress.after_done(record, step, Done(text=""), LATER)
    assert tuple(walked) == plans.STEPS[plan]
    assert plans.is_finished(record)


def test_every_plan_ends_in_a_step_of_its_own_kind() -> None:
    for plan in (Plan.DEPLOY, Plan.RETRY):
        assert plans.STEPS[plan][-1] is Step.FINISH
    for plan in (Plan.ABANDON, Plan.DELETE):
        assert plans.STEPS[plan][-1] is Step.CLOSE
    assert Step.SAVE_LOGS is plans.STEPS[Plan.ABANDON][0]  # before the container goes


def test_a_phase_keeps_the_time_it_was_reached_first() -> None:
    first = progress.after_done(deployment(), Step.PREPARE, Done(text="", phases=("p",)), NOW)
    again = progress.after_done(first, Step.REGISTER, Done(text="", phases=("p", "q")), LATER)
    assert again.phases == {"p": NOW, "q": LATER}


def waited(record: Deployment, met: Trouble | None = None) -> Deployment:
    return progress.after_wait(record, Wait(why="", met=met), 5, NOW, met or "")


def test_only_trouble_that_counts_burns_attempts_and_a_clean_look_ends_the_row() -> None:
    record = waited(waited(deployment(), Trouble.TRANSIENT), Trouble.AMBIGUOUS)
    assert record.work.attempts == 2
    for others in (Trouble.CONFLICT, Trouble.THROTTLED, Trouble.AUTH):
        assert waited(record, others).work.attempts == 2
    assert waited(record).work.attempts == 0
    assert progress.after_done(record, Step.PREPARE, Done(text=""), NOW).work.attempts == 0


def test_to_have_asked_the_cloud_is_not_yet_a_clean_look() -> None:
    record = waited(deployment(), Trouble.TRANSIENT)
    asked = progress.after_wait(record, Wait(why="", began=True), 5, NOW)
    assert asked.work.attempts == 1
    assert waited(asked).work.attempts == 0


def test_refusals_are_timed_from_the_first_of_a_row_of_nothing_else() -> None:
    first = waited(deployment(), Trouble.AUTH)
    later = progress.after_wait(first, Wait(why="", met=Trouble.AUTH), 5, LATER, "again")
    assert first.work.refused_since == later.work.refused_since == NOW
    assert waited(later, Trouble.TRANSIENT).work.refused_since is None
    assert waited(later).work.refused_since is None
    assert progress.after_done(later, Step.PREPARE, Done(text=""), NOW).work.refused_since is None


def test_a_failure_begins_the_plan_that_cleans_up() -> None:
    why = failure("code", "cause", Turn.YOU, "next", "x" * 100_000)
    failed = progress.after_failed(deployment(), Failed(failure=why), NOW)
    assert failed.status is Status.FAILED
    assert failed.work.plan is Plan.ABANDON
    assert len(why.cloud) <= 4000


def test_events_are_numbered_one_after_the_other() -> None:
    record, first = progress.event_after(deployment(), "a", "", NOW, None)
    record, second = progress.event_after(record, "b", "", NOW, None)
    assert (first.number, second.number, record.events) == (1, 2, 2)


def test_each_lease_has_an_epoch_of_its_own_and_a_renewal_has_not() -> None:
    taken = leases.take_lease(deployment(), "one", LATER)
    assert taken.epoch == 1
    assert leases.renew_lease(taken, "one", LATER).epoch == 1
    assert leases.take_lease(taken, "two", LATER).epoch == 2


def test_a_lease_runs_until_its_time_and_no_longer() -> None:
    taken = leases.take_lease(deployment(), "one", LATER)
    assert leases.is_leased(taken, NOW)
    assert not leases.is_leased(taken, LATER)
    assert not leases.is_leased(leases.drop_lease(taken), NOW)
    assert leases.seconds_left(taken, NOW) == 60


def test_the_deadline_does_not_run_in_line_for_the_endpoint() -> None:
    record = replace(deployment(), work=plans.start_work(Plan.DEPLOY, NOW, LATER))
    in_line = Wait(why="another is being changed", in_line=True)
    record = progress.after_wait(record, in_line, 30, NOW)
    late = LATER + timedelta(hours=1)
    assert not plans.is_past_deadline(record.work, late)
    record = progress.after_wait(record, in_line, 30, late)  # still in line: since it came there
    for goes_on in (
        progress.after_wait(record, Wait(why=""), 5, late),
        progress.after_done(record, Step.ENDPOINT, Done(text=""), late),
    ):
        assert goes_on.work.in_line_since is None
        assert not plans.is_past_deadline(goes_on.work, late + timedelta(seconds=59))
        assert plans.is_past_deadline(goes_on.work, late + timedelta(seconds=61))


def test_a_line_that_never_moves_ends_after_a_day() -> None:
    record = replace(deployment(), work=plans.start_work(Plan.DEPLOY, NOW, LATER))
    record = progress.after_wait(record, Wait(why="", in_line=True), 30, NOW)
    assert not plans.is_past_deadline(record.work, NOW + timedelta(hours=23))
    assert plans.is_past_deadline(record.work, NOW + timedelta(hours=25))


def test_what_removes_paid_things_is_never_past_its_deadline() -> None:
    for plan in (Plan.ABANDON, Plan.DELETE):
        work = plans.start_work(plan, NOW, LATER)
        assert not plans.is_past_deadline(work, LATER + timedelta(days=30))


def test_a_live_deployment_stays_live_where_a_change_of_traffic_fails() -> None:
    record = replace(deployment(), status=Status.ACTIVE)
    record = replace(record, work=plans.start_work(Plan.TRAFFIC, NOW, LATER))
    why = failure("code", "cause", Turn.YOU, "next")
    failed = progress.after_failed(record, Failed(failure=why), NOW)
    assert failed.status is Status.ACTIVE
    assert failed.failure is None
    assert plans.is_finished(failed)
