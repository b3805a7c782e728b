"""Messages that fail: what a deployment bears, what ends it, and what an outage must never do.

The letters of each test are those of the fault matrix (docs/faults.md).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import Unavailable
from shared.domain.plans import STEPS
from shared.domain.poisoning import FIRST_PAUSE, LONGEST_PAUSE
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_JOBS_POISON
from shared.domain.records import Deployment, Plan, Status, Step
from shared.service import hints, run
from shared.service.hints import Hint
from shared.service.queues import inbox
from tests.service.faults import Died, once_before
from tests.service.promises import check_failed_clean, check_gone, check_one_active
from tests.service.queue_host import MAX_DEQUEUE, QueueHost
from tests.service.world import HOST_LEASE, SWEEP_EVERY, World


class Bug(Exception):
    """An error of our own that nobody expected."""


@pytest.fixture
def world() -> World:
    return World(operation_seconds=4)


@pytest.fixture
def host(world: World) -> QueueHost:
    return QueueHost(world)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`broken(step, times)`: the step raises so often, then works again."""

    def break_step(step: Step, times: float = float("inf")) -> None:
        works, left = run.STEPS[step], [times]

        def ensure(turn: object) -> object:
            if left[0] > 0:
                left[0] -= 1
                raise Bug("AccountKey=s3cret")
            return works(turn)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setitem(run.STEPS, step, ensure)

    return break_step


def poison(host: QueueHost, record: Deployment) -> None:
    """A poison message of the deployment arrives."""
    hint = Hint(user_key=record.user_key, deployment_id=record.id)
    inbox.take_poisoned_hint(host.world.ports, hint.model_dump_json().encode())


def events(world: World, record: Deployment, name: str) -> int:
    return sum(each.name == name for each in world.events(record))


# ------------------------------------------------------------------ F02: crashes in a row


@pytest.mark.parametrize("step", STEPS[Plan.DEPLOY])
def test_a_step_that_crashes_four_times_and_then_works_meets_no_poison(
    host: QueueHost, world: World, broken: Callable[..., None], step: Step
) -> None:
    broken(step, MAX_DEQUEUE - 1)
    record = world.deploy(world.upload())
    host.run(180)
    assert [type(each) for each in host.errors] == [Bug] * 4
    assert events(world, record, "poisoned") == 0
    assert events(world, record, "turn_crashed") == 1  # a row of the same crash is told once
    check_one_active(world, record)


def test_a_turn_that_crashed_is_tried_again_in_seconds_and_not_after_its_lease(
    host: QueueHost, world: World, broken: Callable[..., None]
) -> None:
    broken(Step.PREPARE, 1)
    record = world.deploy(world.upload())
    host.run(8)
    assert world.read(record).work.step is not Step.PREPARE
    assert world.read(record).work.crashes == 0


def test_a_worker_killed_four_times_in_a_row_goes_on_without_poison(
    host: QueueHost, world: World
) -> None:
    record = world.deploy(world.upload())
    kills = iter(range(4))

    def die(name: str) -> None:
        if name == "put_endpoint" and next(kills, None) is not None:
            raise Died

    world.effects.before = die
    host.run(900)
    assert next(kills, None) is None
    assert host.waiting(DEPLOY_JOBS_POISON) == 0
    assert events(world, record, "poisoned") == 0
    check_one_active(world, record)


def test_a_second_chance_that_works_leads_to_a_live_deployment(
    host: QueueHost, world: World, broken: Callable[..., None]
) -> None:
    broken(Step.REGISTER, 7)
    record = world.deploy(world.upload())
    host.run(900)
    assert events(world, record, "poisoned") == 1
    check_one_active(world, record)


# ------------------------------------------------------------------ F03-F08: too many hints, or none


@pytest.mark.parametrize("at", range(6))
def test_a_hint_that_comes_twice_at_any_time_does_nothing(world: World, at: int) -> None:
    record = world.deploy(world.upload())
    QueueHost(world).run(at * 5)
    before = world.read(record)
    if before.work.due_at > world.clock.now() or before.work.step is None:
        world.effects.names.clear()
        poison(QueueHost(world), record)
        world.turn(record)
        assert world.effects.names == []
        assert world.read(record) == before


def test_hints_from_before_a_deletion_bring_nothing_back(host: QueueHost, world: World) -> None:
    record = world.live()
    for _ in range(3):
        hints.send_hint(world.ports.queue, record.user_key, record.id, delay=600)
    world.delete(record)
    host.run(300)
    check_rest_but_hints(world, record)
    host.run(400)
    poison(host, record)
    check_gone(world, record)


def check_rest_but_hints(world: World, record: Deployment) -> None:
    assert world.unfinished() == []
    assert world.read(record).torn_down_at is not None


# ------------------------------------------------------------------ F09, F10: messages that are gone


@pytest.mark.parametrize("at", range(1, 8))
def test_a_message_acknowledged_before_the_next_one_was_sent_is_replaced(
    host: QueueHost, world: World, at: int
) -> None:
    record = world.deploy(world.upload())
    sent: list[str] = []

    def die(name: str) -> None:
        if name == f"send:{DEPLOY_JOBS}":
            sent.append(name)
            if len(sent) == at:
                world.lose_messages()  # the one being worked on was acknowledged all the same
                raise Died

    world.effects.before = die
    host.run(400)
    check_one_active(world, record)


@pytest.mark.parametrize("after", range(0, 30, 5))
def test_a_queue_that_was_emptied_at_any_time_is_filled_again(
    host: QueueHost, world: World, after: int
) -> None:
    record = world.deploy(world.upload())
    host.run(after)
    world.queue._queues.clear()
    host.run(300)
    check_one_active(world, record)


# ------------------------------------------------------------------ F31: poison


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("step", STEPS[Plan.DEPLOY])
def test_a_step_that_always_crashes_ends_in_one_failure_that_says_so(
    host: QueueHost, world: World, broken: Callable[..., None], step: Step, copies: int
) -> None:
    broken(step)
    host.copies = copies
    record = world.deploy(world.upload())
    host.run(FIRST_PAUSE + 300)
    check_failed_clean(world, record, "turn_crashed")
    assert events(world, record, "failed") == 1
    assert events(world, record, "poisoned") == 1
    assert "s3cret" not in str(world.events(record))
    assert MAX_DEQUEUE < len(host.errors) <= 3 * MAX_DEQUEUE


def test_a_poison_message_of_a_finished_deployment_is_ignored(world: World) -> None:
    record = world.live()
    before = world.read(record)
    world.effects.names.clear()
    poison(QueueHost(world), record)
    assert world.effects.names == []
    assert world.read(record) == before


def test_a_poison_message_takes_a_finished_deployment_off_the_index(
    host: QueueHost, world: World
) -> None:
    record = world.deploy(world.upload())

    def die() -> None:
        raise Died

    once_before(world.effects, "inflight:Delete", die)
    world.run_until(lambda: world.read(record).status is Status.ACTIVE)
    assert world.unfinished() != []
    poison(host, record)
    assert world.unfinished() == []


def test_a_poison_message_of_nobodys_deployment_is_taken(world: World) -> None:
    hint = Hint(user_key="0" * 32, deployment_id="2" * 20)
    inbox.take_poisoned_hint(world.ports, hint.model_dump_json().encode())
    assert world.effects.names == []


def test_who_loses_the_record_while_noting_poison_does_nothing_more(
    host: QueueHost, world: World
) -> None:
    record = world.deploy(world.upload())
    world.effects.names.clear()
    once_before(world.effects, "records:Replace+Insert", lambda: world.turn(record))
    poison(host, record)
    assert events(world, record, "poisoned") == 0
    assert host.waiting(DEPLOY_JOBS) == 2  # the first hint, and the turn's: none of the poison's
    host.run(120)
    check_one_active(world, record)


@pytest.mark.parametrize("step", [Step.WITHDRAW_TRAFFIC, Step.REMOVE_DEPLOYMENT, Step.CLOSE])
def test_a_deletion_whose_turns_crash_is_tried_ever_more_slowly_and_never_fails(
    host: QueueHost, world: World, broken: Callable[..., None], step: Step
) -> None:
    record = world.live()
    broken(step, 200)
    world.delete(record)
    host.run(6 * 3600)
    tries = len(host.errors)
    assert world.read(record).status is Status.DELETED
    assert world.read(record).work.trouble
    host.run(6 * 3600)
    assert len(host.errors) - tries <= 6 * MAX_DEQUEUE + MAX_DEQUEUE  # about five an hour
    host.errors.clear()
    host.run(30 * LONGEST_PAUSE)
    check_gone(world, record)


# ------------------------------------------------------------------ F33, F32: outages


def outage(world: World, seconds: float, call: str) -> None:
    """Storage does not answer (whole tables, or blobs, or queues) for a while from now on."""
    end = world.clock.now() + timedelta(seconds=seconds)

    def fail(name: str) -> None:
        if name.startswith(call) and world.clock.now() < end:
            raise Unavailable(f"{name}: no answer")

    world.effects.before = fail


@pytest.mark.parametrize("call", ["records:", "blob:", f"send:{DEPLOY_JOBS}", ""])
@pytest.mark.parametrize("seconds", [40, 600])
def test_an_outage_longer_than_five_tries_fails_nothing(
    host: QueueHost, world: World, call: str, seconds: float
) -> None:
    record = world.deploy(world.upload())
    outage(world, seconds, call)
    host.run(seconds + 300)
    check_one_active(world, record)


def test_an_outage_that_comes_and_goes_fails_nothing(host: QueueHost, world: World) -> None:
    record = world.deploy(world.upload())
    end = world.clock.now() + timedelta(seconds=1500)

    def flap(name: str) -> None:
        now = world.clock.now()
        if now < end and int(now.timestamp()) % 50 < 40 and ":" in name:
            raise Unavailable(f"{name}: no answer")

    world.effects.before = flap
    host.run(2400)
    assert events(world, record, "failed") == 0
    check_one_active(world, record)


def test_poison_of_an_outage_is_noted_once_and_taken_up_at_once(
    host: QueueHost, world: World
) -> None:
    record = world.deploy(world.upload())
    world.lose_messages()
    for _ in range(3):
        poison(host, record)
    assert events(world, record, "poisoned") == 1
    assert host.waiting(DEPLOY_JOBS) == 1
    host.run(120)
    check_one_active(world, record)


# ------------------------------------------------------------------ F50: turns cut off


@pytest.mark.parametrize("step", STEPS[Plan.DEPLOY])
def test_a_turn_cut_off_in_any_step_leaves_a_lease_that_ends_and_the_work_goes_on(
    host: QueueHost, world: World, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    works = run.STEPS[step]
    cut: list[datetime] = []

    def ensure(turn: object) -> object:
        if not cut:
            cut.append(world.clock.now())
            raise Died  # SIGTERM, or the host's functionTimeout: the process ends without a word
        return works(turn)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setitem(run.STEPS, step, ensure)
    record = world.deploy(world.upload())
    world.run_until(lambda: bool(cut))
    epoch = world.read(record).epoch
    world.run_until(lambda: world.read(record).epoch > epoch)
    passed = (world.clock.now() - cut[0]).total_seconds()
    assert passed <= world.policy.lease + world.policy.rehint_after + SWEEP_EVERY
    host.run(HOST_LEASE)  # by then the message of the turn that was cut off is back, too
    check_one_active(world, record)
