"""What users are shown is so: of what is gone, of what is at rest, and after many changes."""

from dataclasses import replace
from typing import BinaryIO

import pytest

from functions.deploy_http.rendering import render_endpoint, render_view
from shared.domain.errors import NotFound
from shared.domain.records import Status
from shared.service import read
from tests.service.faults import FaultyBlobs
from tests.service.world import ANNA, World

OPERATION = 4
CHANGES = 30


def test_a_deleted_deployment_is_not_shown_with_the_traffic_of_its_successor() -> None:
    world = World(operation_seconds=OPERATION)
    old = world.live(endpoint_name="shop", deployment_name="blue")
    world.delete(old)
    world.settle()
    new = world.redeploy(old)
    world.settle()
    shown = [render_view(read.require_view(world.ports, ANNA, each.id)) for each in (old, new)]
    assert [each.status for each in shown] == [Status.DELETED, Status.ACTIVE]
    assert [each.traffic for each in shown] == [0, 100]


def test_an_endpoint_at_rest_is_not_shown_as_changing_though_azure_has_it_no_more() -> None:
    world = World(operation_seconds=OPERATION)
    blue = world.live(endpoint_name="shop", deployment_name="blue")
    world.live(endpoint_name="shop", deployment_name="green")
    del world.cloud._endpoints["shop"]  # by hand, in the portal
    world.route("shop", blue=50, green=50)
    assert render_endpoint(read.require_endpoint_view(world.ports, ANNA, "shop")).changing
    world.delete(blue, traffic_to="green")
    world.settle()
    assert not render_endpoint(read.require_endpoint_view(world.ports, ANNA, "shop")).changing


class Counting(FaultyBlobs):
    """Blobs that count how often one was asked for."""

    asked = 0

    def open(self, key: str) -> BinaryIO:
        self.asked += 1
        found: BinaryIO = self._real.open(key)
        return found


def test_a_log_is_looked_for_in_one_place_however_often_the_traffic_was_changed() -> None:
    world = World(operation_seconds=1)
    live = world.live(endpoint_name="shop", deployment_name="blue")
    for _ in range(CHANGES):
        world.route("shop", blue=100)
        world.settle()
    world.delete(live)
    world.settle()
    blobs = Counting(world.blobs, world.effects)
    with pytest.raises(NotFound):
        read.read_logs(replace(world.ports, blobs=blobs), ANNA, live.id, 10)
    assert blobs.asked == 1
