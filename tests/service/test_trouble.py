"""Azure in every mood: each kind of trouble leads to the end it should, and to a message that helps."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.cloud_ports import Answer
from shared.domain.errors import CloudError, Trouble
from shared.domain.failures import MODEL_GONE
from shared.domain.policy import Policy
from shared.domain.records import Status, Turn
from shared.service.catalogue import content
from tests.service.promises import check_failed_clean, check_gone, check_one_active, check_rest
from tests.service.troubles import error_of, failure_of, for_a_while
from tests.service.world import World

CALLS = [
    "find_model",
    "register_model",
    "find_endpoint",
    "put_endpoint",
    "find_deployment",
    "put_deployment",
    "read_keys",
    "score",
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        (Trouble.TRANSIENT, 20),
        (Trouble.AMBIGUOUS, 20),
        (Trouble.THROTTLED, 900),
        (Trouble.CONFLICT, 900),
        (Trouble.AUTH, 400),
    ],
)
def test_trouble_that_passes_is_waited_out(call: str, trouble: Trouble, seconds: float) -> None:
    world = World(operation_seconds=5)
    for_a_while(world, call, error_of(trouble), seconds)
    check_one_active(world, world.live())


@pytest.mark.parametrize("call", ["put_endpoint", "put_deployment", "register_model", "score"])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.TRANSIENT, "cloud_unavailable"),
        (Trouble.AMBIGUOUS, "cloud_unavailable"),
        (Trouble.AUTH, "not_allowed"),
        (Trouble.PERMANENT, "cloud_refused"),
    ],
)
def test_trouble_that_stays_fails_and_leaves_nothing_paid(
    call: str, trouble: Trouble, code: str
) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    for_a_while(world, call, error_of(trouble, "the reason"), 1e9)
    world.settle()
    check_failed_clean(world, record, code)
    assert "the reason" in failure_of(world, record).cloud


def test_an_error_text_of_any_length_is_kept_short() -> None:
    world = World(operation_seconds=5)
    for_a_while(world, "put_endpoint", error_of(Trouble.TRANSIENT, "<html>" * 50_000), 5)
    check_one_active(world, world.live())


def test_a_crashed_container_fails_with_its_log_saved_and_nothing_left_to_pay() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: bool(world.read(record).package_digest))
    world.cloud.broken_paths.add(content.package_folder(world.read(record).package_digest))
    world.settle()
    check_failed_clean(world, record, "container_failed")
    with world.blobs.open(content.log_key(record.id, record.generation)) as log:
        assert b"Traceback" in log.read()
    assert world.in_cloud().models == [record.azure_model_name]


def test_a_full_quota_tells_need_against_limit_and_the_ways_out() -> None:
    world = World(operation_seconds=5)
    live = world.live(instance_type="DS3_v2")
    world.cloud.cores = 11
    record = world.deploy(world.upload(), instance_type="DS2_v2", instance_count=2)
    world.settle()
    failure = failure_of(world, record)
    assert "needs 6 cores" in failure.cause
    assert "8 of the 11" in failure.cause
    for way in ("DS1_v2", "Quotas", live.deployment_name, "another region"):
        assert way in failure.next
    assert "Not enough quota" in failure.cloud
    assert world.in_cloud().deployments == [live.deployment_name]
    assert world.read(record).status is Status.FAILED


def test_an_operation_that_never_ends_meets_the_deadline_and_is_cleaned_up_when_it_can_be() -> None:
    world = World(operation_seconds=5, policy=Policy(deploy_deadline=1800))
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).work.step == "deployment")
    world.cloud.operation_seconds = 7200
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    world.cloud.operation_seconds = 5
    world.settle()
    check_failed_clean(world, record, "deadline")


def test_an_endpoint_whose_traffic_change_failed_can_still_be_deleted() -> None:
    world = World(operation_seconds=5)
    record = world.live()
    world.cloud.fail_next("InternalServerError", "sorry")
    world.delete(record)
    world.settle()
    check_gone(world, record)


def answering(status: int) -> Callable[..., Answer]:
    def score(*_: object, deployment_name: str, **__: object) -> Answer:
        return Answer(status=status, deployment_name=deployment_name, text="the answer")

    return score


@pytest.mark.parametrize("status", [404, 503, 400, 500])
def test_a_model_that_cannot_score_a_row_never_gets_traffic(status: int) -> None:
    world = World(operation_seconds=5)
    world.cloud.score = answering(status)  # type: ignore[method-assign]
    record = world.deploy(world.upload())
    began = world.clock.now()
    world.settle()
    check_failed_clean(world, record, "scoring_failed")
    assert world.clock.now() - began < timedelta(minutes=15)
    assert "traffic" not in {each.step for each in world.events(record)}


def test_a_registered_model_that_vanished_is_not_uploaded_again_in_silence() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: world.read(record).azure_model_version == "1")
    world.cloud.remove_model(record.azure_model_name, "1")
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.in_cloud().models == []
    assert MODEL_GONE in failure_of(world, record).cause
    assert world.in_cloud().paid == []


def test_every_failure_says_whose_turn_it_is_and_what_to_do() -> None:
    world = World(operation_seconds=5)
    for_a_while(world, "put_endpoint", error_of(Trouble.AUTH), 1e9)
    record = world.deploy(world.upload())
    world.settle()
    failure = world.read(record).failure
    assert failure is not None
    assert failure.whose_turn is Turn.OPERATOR
    assert "role" in failure.next
    check_rest(world)


def test_a_model_that_somebody_else_serves_too_stays_in_the_registry() -> None:
    world = World(operation_seconds=5)
    record = world.live()

    def trouble(name: str) -> None:
        if name == "remove_model":
            raise CloudError(Trouble.CONFLICT, "ModelVersionInUse", "it is deployed elsewhere")

    world.effects.trouble = trouble
    world.delete(record)
    world.settle()
    check_rest(world)
    assert world.read(record).torn_down_at is not None
    assert world.in_cloud().paid == []
    assert world.in_cloud().models == [record.azure_model_name]
