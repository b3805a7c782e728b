"""Every effect of every way through the machine goes wrong once, in each of five ways; all must converge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from shared.domain.errors import Refusal, StoreError
from shared.domain.records import Deployment, Status
from tests.service.faults import Died, Fault
from tests.service.promises import check_failed_clean, check_gone, check_one_active, check_rest
from tests.service.world import World

OPERATION = 4  # seconds; a turn begins, the next ones look


@dataclass(frozen=True)
class Path:
    """A way through the machine: what is there before, what goes wrong on the way, what must be."""

    before: Callable[[World], Deployment]
    way: Callable[[World, Deployment], None]
    check: Callable[[World, Deployment], None]


def _accepted(world: World) -> Deployment:
    return world.deploy(world.upload())


def _accepted_broken(world: World) -> Deployment:
    record = _accepted(world)
    world.cloud.broken_paths = AllPaths()
    return record


def _accepted_too_large(world: World) -> Deployment:
    world.cloud.cores = 1
    return _accepted(world)


def _delete_and_settle(world: World, record: Deployment) -> None:
    with suppress(Died, StoreError):
        world.delete(record)
    world.delete(record)  # its caller asks again; by then the process is a new one
    world.settle()


def _deleted_early(world: World) -> Deployment:
    record = _accepted(world)
    world.deliver()
    return record


class AllPaths(set[str]):
    def __contains__(self, _path: object) -> bool:
        return True


def _second_on_an_endpoint(world: World) -> Deployment:
    world.live(endpoint_name="shop")
    return world.deploy(world.upload(), endpoint_name="shop")


def _carrier_of_two(world: World) -> Deployment:
    first = world.live(endpoint_name="shop")
    world.live(endpoint_name="shop", deployment_name="heir")
    return first


def _hand_over_and_settle(world: World, record: Deployment) -> None:
    with suppress(Died, StoreError):
        world.delete(record, traffic_to="heir")
    world.delete(record, traffic_to="heir")
    world.settle()


def _failed(world: World) -> Deployment:
    record = _accepted_broken(world)
    world.settle()
    world.cloud.broken_paths = set()
    return record


def _failing(world: World) -> Deployment:
    record = _accepted_broken(world)
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    world.cloud.broken_paths = set()
    return record


def _ask(request: Callable[[], object]) -> None:
    """Asks until there is an answer, as a caller does; one fault is planned, so the second tells."""
    try:
        request()
    except (Died, StoreError):
        request()


def _retry_and_settle(world: World, record: Deployment) -> None:
    _ask(lambda: world.retry(record, key="again"))
    world.settle()


def _two(world: World) -> Deployment:
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    world.live(endpoint_name="shop", deployment_name="green")
    return blue


def _route_and_settle(world: World, _record: Deployment) -> None:
    _ask(lambda: world.route("shop", green=100))
    world.settle()


def _check_routed(world: World, record: Deployment) -> None:
    _check_two(world, record)
    assert world.in_cloud().traffic == {"shop": {"green": 100}}


def _check_two(world: World, record: Deployment) -> None:
    check_rest(world)
    assert world.read(record).status is Status.ACTIVE
    assert len(world.in_cloud().deployments) == len(world.in_cloud().models) == 2
    assert world.in_cloud().traffic["shop"].get(record.deployment_name) is None
    assert sum(world.in_cloud().traffic["shop"].values()) == 100


def _check_handed_over(world: World, record: Deployment) -> None:
    check_rest(world)
    assert world.read(record).torn_down_at
    assert world.in_cloud().traffic == {"shop": {"heir": 100}}
    assert world.in_cloud().deployments == ["heir"]
    assert len(world.in_cloud().models) == 1


PATHS = {
    "second on an endpoint": Path(
        _second_on_an_endpoint, lambda world, _: world.settle(), _check_two
    ),
    "handing over": Path(_carrier_of_two, _hand_over_and_settle, _check_handed_over),
    "deploy": Path(_accepted, lambda world, _: world.settle(), check_one_active),
    "delete": Path(lambda world: world.live(), _delete_and_settle, check_gone),
    "delete while deploying": Path(_deleted_early, _delete_and_settle, check_gone),
    "retry": Path(_failed, _retry_and_settle, check_one_active),
    "retry while clearing": Path(_failing, _retry_and_settle, check_one_active),
    "traffic": Path(_two, _route_and_settle, _check_routed),
    "container crash": Path(
        _accepted_broken,
        lambda world, _: world.settle(),
        lambda world, record: check_failed_clean(world, record, "container_failed"),
    ),
    "no quota": Path(
        _accepted_too_large,
        lambda world, _: world.settle(),
        lambda world, record: check_failed_clean(world, record, "quota"),
    ),
}


def _count_effects(path: Path) -> int:
    world = World(operation_seconds=OPERATION)
    record = path.before(world)
    world.effects.names.clear()
    path.way(world, record)
    path.check(world, record)
    return len(world.effects.names)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("name", PATHS)
def test_one_fault_anywhere_changes_nothing_in_the_end(name: str, fault: Fault) -> None:
    path = PATHS[name]
    for at in range(_count_effects(path)):
        world = World(operation_seconds=OPERATION)
        record = path.before(world)
        world.effects.plan(at, fault)
        path.way(world, record)
        with _told(f"effect {at} ({world.effects.names[at]}) {fault}"):
            path.check(world, record)


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.RETRY_REFUSED])
def test_a_write_whose_answer_is_lost_is_known_to_be_ours(fault: Fault) -> None:
    for at in range(5):
        world = World(operation_seconds=OPERATION)
        model = world.upload()
        world.effects.plan(at, fault)
        record = world.deploy(model)  # no error reaches the caller, and nothing is written twice
        assert world.read(record).id == record.id
        assert len(world.all_deployments()) == 1


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.RETRY_REFUSED])
def test_a_turn_whose_answers_are_lost_goes_on_as_if_they_were_not(fault: Fault) -> None:
    alone = World(operation_seconds=OPERATION)
    alone.deploy(alone.upload())
    alone.effects.names.clear()
    alone.deliver()
    first_turn = list(alone.effects.names)
    for at, name in enumerate(first_turn):
        if not name.startswith("records:"):
            continue
        world = World(operation_seconds=OPERATION)
        record = world.deploy(world.upload())
        world.effects.plan(at, fault)
        world.deliver()
        assert world.effects.names == first_turn
        assert world.read(record).lease is None


@pytest.mark.parametrize("fault", Fault)
def test_an_acceptance_that_breaks_off_is_whole_or_leaves_nothing(fault: Fault) -> None:
    for at in range(5):
        world = World(operation_seconds=OPERATION)
        model = world.upload()
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            world.deploy(model, endpoint_name="shop")
        world.settle()
        with _told(f"effect {at} ({world.effects.names[at]}) {fault}"):
            if world.deployments():
                check_one_active(world, world.deployments()[0])
            else:
                check_rest(world)
                assert world.in_cloud().paid == []


@pytest.mark.parametrize("fault", Fault)
def test_a_repeated_keyed_request_after_any_fault_leads_to_one_deployment(fault: Fault) -> None:
    for at in range(5):
        world = World(operation_seconds=OPERATION)
        model = world.upload()
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            world.deploy(model, key="k", endpoint_name="shop")
        world.deploy(model, key="k", endpoint_name="shop")
        world.settle()
        with _told(f"effect {at} ({world.effects.names[at]}) {fault}"):
            check_one_active(world, world.deployments()[0])
            assert len(world.deployments()) == 1
