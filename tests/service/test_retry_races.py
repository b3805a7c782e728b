"""Retries that come at a bad moment: two equal ones at once, one refused while a teardown goes on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import Conflict
from shared.domain.records import Deployment, Status, Step
from shared.service import retry
from shared.service.keyed import Accepted
from tests.service.faults import Died, once_before
from tests.service.promises import check_one_active, check_rest
from tests.service.world import ANNA, BERT, HOST_LEASE, World

KEY = "k"


def failed(world: World) -> Deployment:
    """A deployment that failed because its endpoint's name is taken in the region."""
    world.cloud.taken_names.add("shop")
    record = world.deploy(world.upload(), endpoint_name="shop")
    world.settle()
    assert world.read(record).status is Status.FAILED
    assert world.claimed_names() == set()
    return record


def retry_meanwhile(world: World, record: Deployment, effect: str) -> None:
    """Just before the effect, the same retry is accepted elsewhere, and fails as the first try did."""

    def happens() -> None:
        world.retry(record, key=KEY)
        world.settle()

    once_before(world.effects, effect, happens)


@pytest.mark.parametrize("effect", ["inflight:Insert", "claims:Insert"])
def test_the_loser_frees_the_name_that_it_claimed_for_nothing(effect: str) -> None:
    world = World()
    record = failed(world)
    retry_meanwhile(world, record, effect)

    assert world.retry(record, key=KEY).id == record.id

    world.settle()
    assert world.read(record).generation == 2
    check_rest(world)


def test_the_sweep_frees_it_where_the_loser_died() -> None:
    world = World()
    record = failed(world)

    def dies(name: str) -> None:
        if name.startswith("records:"):  # its claim is made, its commit is not
            world.effects.before = lambda _effect: None
            raise Died(name)

    def happens() -> None:
        world.retry(record, key=KEY)
        world.settle()
        world.effects.before = dies

    once_before(world.effects, "inflight:Insert", happens)
    with suppress(Died):
        world.retry(record, key=KEY)
    assert world.claimed_names() == {"shop"}

    world.settle()
    check_rest(world)


def test_a_refused_retry_leaves_an_unfinished_teardown_on_the_index() -> None:
    world = World(operation_seconds=4)
    world.cloud.cores = 1
    record = world.deploy(world.upload(), endpoint_name="shop")

    def closes() -> bool:
        return world.read(record).work.step is Step.CLOSE

    def dies(name: str) -> None:
        if closes() and name == "records:Replace+Insert":  # the name is freed, and not noted
            world.effects.before = lambda _effect: None
            raise Died(name)

    world.effects.before = dies
    world.run_until(lambda: closes() and not world.claimed_names())
    world.cloud.cores = 100
    world.deploy(world.upload(BERT), BERT, endpoint_name="shop")
    with pytest.raises(Conflict, match="taken by another user"):
        world.retry(record)
    assert closes()
    world.sleep(HOST_LEASE + 60)
    world.lose_messages()  # of the turn that died, too: the index alone tells of the teardown
    world.settle()
    assert world.read(record).torn_down_at is not None
    check_rest(world)


class Meanwhile:
    """Tables on which something happens just before an endpoint's row is read for the first time."""

    def __init__(self, real: Any, happens: Callable[[], object]) -> None:
        self._real, self._happens = real, [happens]

    def get(self, table: str, partition: str, key: str) -> Any:
        if key.startswith("e-") and self._happens:
            self._happens.pop()()
        return self._real.get(table, partition, key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.mark.parametrize("key", ["", KEY])
def test_of_two_retries_at_once_the_slower_is_told_what_the_faster_has_made_of_it(key: str) -> None:
    world = World(operation_seconds=4)
    record = failed(world)
    world.cloud.taken_names.clear()
    alone = world.ports
    slower = replace(alone, tables=Meanwhile(alone.tables, lambda: world.retry(record, key=key)))

    def ask() -> Accepted:
        return retry.accept_retry(slower, world.policy, ANNA, record.id, key=key)

    if key:
        assert ask().replayed
    else:
        with pytest.raises(Conflict, match="is deploying") as refused:
            ask()
        assert refused.value.code == "not_failed"
    world.settle()
    check_one_active(world, record)
