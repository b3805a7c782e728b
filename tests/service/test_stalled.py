"""Requests that have read a record and stall until others have changed it: they take nothing away."""

from dataclasses import replace

import pytest

from shared.domain.errors import PreconditionFailed
from shared.domain.records import Deployment, Step
from shared.ports import Row, WorkerPorts
from shared.service import remove, retry, store
from tests.service.faults import FaultyTables, once_before
from tests.service.promises import check_one_active
from tests.service.world import ANNA, World

OPERATION, ENOUGH = 4, 100


class Stalled(FaultyTables):
    """Storage for a request that has read the record of a deployment by now, and goes on later."""

    def __init__(self, world: World, record: Deployment) -> None:
        super().__init__(world.tables, world.effects)
        place = store.deployment_row(record)
        row = world.tables.get(store.RECORDS, place.partition, place.key)
        assert row is not None
        self.etag = row.etag
        self.read = [row]

    def get(self, table: str, partition: str, key: str) -> Row | None:
        for row in self.read:
            if (table, partition, key) == (store.RECORDS, row.partition, row.key):
                return self.read.pop()
        found: Row | None = self._real.get(table, partition, key)
        return found


def ports_of(world: World, stalled: Stalled) -> WorkerPorts:
    return replace(world.ports, tables=stalled)


def test_a_retry_that_stalled_leaves_the_endpoints_name_to_the_retry_that_overtook_it() -> None:
    world = World(operation_seconds=OPERATION)
    world.cloud.cores = 1
    record = world.deploy(world.upload(), endpoint_name="shop")
    world.run_until(lambda: world.read(record).work.step is Step.REMOVE_ENDPOINT)
    world.cloud.cores = ENOUGH
    stalled = Stalled(world, world.read(record))
    world.run_until(lambda: world.endpoint("shop") is None)

    def goes_on() -> None:  # announces itself, claims the name, and finds another version
        ports = ports_of(world, stalled)
        with pytest.raises(PreconditionFailed):
            retry.accept_retry(ports, world.policy, ANNA, record.id, if_match=stalled.etag)

    once_before(world.effects, "records:Replace+Insert+Insert", goes_on)
    world.retry(record)
    assert not stalled.read
    world.settle()
    check_one_active(world, record)


def test_a_delete_that_stalled_takes_no_later_change_off_the_index() -> None:
    world = World(operation_seconds=OPERATION)
    live = world.live(endpoint_name="shop", deployment_name="blue")
    stalled = Stalled(world, live)
    world.route("shop", blue=100)
    world.settle()

    def goes_on() -> None:
        ports = ports_of(world, stalled)
        with pytest.raises(PreconditionFailed):
            remove.accept_delete(ports, world.policy, ANNA, live.id, if_match=stalled.etag)
        for _ in range(2):
            world.sweep()
            world.sleep(60)

    once_before(world.effects, "records:Replace+Insert+Replace", goes_on)
    world.route("shop", blue=100)
    assert not stalled.read
    world.lose_messages()
    assert [each for each, _ in world.unfinished()] == [live.id]
    world.settle()
    check_one_active(world, live)
