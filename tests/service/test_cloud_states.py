"""Operations that do not succeed, and states nobody has heard of. Fault rows F19-F21, F28 and F52."""

from datetime import timedelta

import pytest

from shared.cloud_ports import Keys
from shared.domain.errors import CloudError, Trouble
from shared.domain.explanations import REFUSED
from shared.domain.policy import Policy
from shared.domain.reasons import Reason
from shared.domain.records import Deployment, Status, Turn
from tests.service.promises import check_failed_clean, check_gone, check_one_active, check_rest
from tests.service.troubles import failure_of, for_a_while, told
from tests.service.world import World


@pytest.mark.parametrize(
    ("code", "state", "meant", "turn"),
    [
        ("ResourceNotReady", "Failed", "container_failed", Turn.YOU),
        ("Oops", "Failed", "container_failed", Turn.YOU),
        ("OutOfCapacity", "Failed", "no_capacity", Turn.YOU),
        ("OutOfQuota", "Failed", "quota", Turn.YOU),
        ("SkuNotAvailable", "Failed", "size_unavailable", Turn.YOU),
        ("ImageBuildFailure", "Failed", "image_failed", Turn.YOU),
        ("InternalServerError", "Failed", "cloud_failed", Turn.YOU),
        ("OperationCanceled", "Failed", "cancelled", Turn.YOU),
        ("Whatever", "Canceled", "cancelled", Turn.YOU),
        ("RequestDisallowedByPolicy", "Failed", "policy", Turn.OPERATOR),
    ],
)
def test_a_deployment_that_did_not_come_up_says_why_and_what_to_do(
    code: str, state: str, meant: str, turn: Turn
) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: "put_endpoint" in world.effects.names)
    world.cloud.fail_next(code, "the cloud's words", state=state)
    world.settle()
    check_failed_clean(world, record, meant)
    failure = failure_of(world, record)
    assert failure.whose_turn is turn
    assert failure.cloud == f"{code}: the cloud's words"
    assert "{" not in failure.cause + failure.next


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_an_endpoint_that_azure_did_not_create_is_removed(state: str) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.cloud.fail_next("InternalServerError", "sorry", state=state)
    world.settle()
    check_failed_clean(world, record, "endpoint_failed")


@pytest.mark.parametrize("step", ["endpoint", "deployment"])
@pytest.mark.parametrize("state", ["Weird", "", "Unknown", "NotStarted"])
def test_a_state_nobody_has_heard_of_is_waited_out_until_the_deadline(
    step: str, state: str
) -> None:
    world = World(operation_seconds=5, policy=Policy(deploy_deadline=1800))
    record = world.deploy(world.upload())
    if step == "deployment":
        world.run_until(lambda: "put_endpoint" in world.effects.names)
    world.cloud.fail_next("Oops", "?", state=state)
    began = world.clock.now()
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    assert world.clock.now() - began <= timedelta(seconds=1810)
    assert world.read(record).epoch < 150
    world.settle()
    check_failed_clean(world, record, "deadline")
    assert f"is {state}" in failure_of(world, record).cloud


@pytest.mark.parametrize("step", ["endpoint", "deployment"])
def test_an_operation_that_is_stuck_meets_the_deadline_and_is_removed_when_it_ends(
    step: str,
) -> None:
    world = World(operation_seconds=5, policy=Policy(deploy_deadline=900))
    record = world.deploy(world.upload())
    if step == "deployment":
        world.run_until(lambda: "put_endpoint" in world.effects.names)
    world.cloud.fail_next("Stuck", "for three hours", seconds=3 * 3600)
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    world.settle()
    check_failed_clean(world, record, "deadline")


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_that_is_understood_names_its_cause_and_the_way_out(reason: Reason) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    error = CloudError(Trouble.PERMANENT, reason, "the cloud's words")
    for_a_while(world, "put_endpoint", error, 1e9)
    world.settle()
    check_failed_clean(world, record, REFUSED[reason].code)
    failure = failure_of(world, record)
    assert failure.cause
    assert failure.next.endswith((".", "list-sizes"))
    assert "the cloud's words" in failure.cloud


def test_a_size_that_the_region_does_not_have_is_named() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload(), instance_type="NC6s_v3")
    world.settle()
    check_failed_clean(world, record, "size_unavailable")
    assert "Standard_NC6s_v3" in failure_of(world, record).cause


def test_a_name_that_somebody_else_has_in_the_region_is_told_as_such() -> None:
    world = World(operation_seconds=5)
    world.cloud.taken_names.add("shop")
    record = world.deploy(world.upload(), endpoint_name="shop")
    world.settle()
    check_failed_clean(world, record, "endpoint_taken")
    assert "endpoint_name" in failure_of(world, record).next


# ------------------------------------------------------------------ changes of a serving endpoint


def pair(world: World) -> tuple[Deployment, Deployment]:
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    return blue, world.live(endpoint_name="shop", deployment_name="green")


def fail_changes(world: World, times: int) -> None:
    """The next changes of an endpoint begin and then fail."""
    left = [times]

    def before(name: str) -> None:
        if name == "put_endpoint" and left[0]:
            left[0] -= 1
            world.cloud.fail_next("InternalServerError", "sorry")

    world.effects.before = before


def test_a_traffic_change_that_fails_leaves_the_old_traffic_is_told_and_made_again() -> None:
    world = World(operation_seconds=5)
    _, green = pair(world)
    fail_changes(world, 3)
    world.route("shop", green=100)
    world.run_until(lambda: bool(told(world, green)))
    assert world.in_cloud().traffic["shop"] == {"blue": 100}
    assert "has ended as Failed" in told(world, green)[0]
    world.settle()
    check_rest(world)
    assert world.in_cloud().traffic["shop"] == {"green": 100}
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.trouble is None


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_traffic_change_that_fails_again_and_again_is_given_up_with_the_old_traffic(
    seconds: float,
) -> None:
    world = World(operation_seconds=seconds)
    _, green = pair(world)
    before = len(world.effects.names)
    fail_changes(world, 10_000)
    world.route("shop", green=100)
    world.settle()
    check_rest(world)
    assert world.effects.names[before:].count("put_endpoint") < 100
    assert world.in_cloud().traffic["shop"] == {"blue": 100}
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert endpoint.traffic == {"blue": 100}
    assert endpoint.trouble is not None
    assert endpoint.trouble.code == "change_failed"
    assert endpoint.trouble.next.endswith("set the traffic again.")
    assert [each.status for each in world.deployments()] == [Status.ACTIVE] * 2
    assert world.read(green).failure is None


def test_an_endpoint_whose_change_failed_is_mended_by_the_next_deployment() -> None:
    world = World(operation_seconds=5)
    pair(world)
    world.cloud.fail_next("InternalServerError", "sorry")
    world.cloud.put_endpoint("shop", tags=world.cloud._endpoints["shop"].tags, traffic={})
    world.run_for(10)
    found = world.cloud.find_endpoint("shop")
    assert found is not None
    assert (found.state, found.traffic) == ("Failed", {"blue": 100})
    fail_changes(world, 2)
    red = world.live(endpoint_name="shop", deployment_name="red")
    assert world.in_cloud().traffic["shop"] == {"blue": 100}
    assert "has ended as Failed" in " ".join(told(world, red))


def test_a_first_deployment_whose_traffic_cannot_be_set_fails_and_leaves_nothing() -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    world.run_until(lambda: "put_deployment" in world.effects.names)
    fail_changes(world, 10_000)
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    world.effects.before = lambda _name: None
    world.settle()
    assert failure_of(world, record).code in ("change_failed", "deadline")
    assert world.in_cloud().paid == []


def test_a_listing_that_lags_does_not_keep_an_endpoint_that_is_empty() -> None:
    world = World(operation_seconds=5)
    record = world.live()
    world.run_for(1200)
    world.cloud.lag_seconds = 600
    world.delete(record)
    world.settle()
    check_gone(world, record)


def test_a_key_that_is_rotated_while_the_model_is_verified_changes_nothing() -> None:
    world = World(operation_seconds=5)
    real = world.cloud.read_keys
    rotated: list[Keys] = []

    def read_then_rotate(endpoint_name: str) -> Keys:
        keys = real(endpoint_name)
        if not rotated:
            rotated.append(keys)
            world.cloud.operation_seconds = 0
            world.cloud.rotate_key(endpoint_name, "primary")
            world.cloud.operation_seconds = 5
        return keys

    world.cloud.read_keys = read_then_rotate  # type: ignore[method-assign]
    check_one_active(world, world.live())
    assert rotated
