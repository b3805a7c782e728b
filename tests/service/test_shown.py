"""What users are shown is so: of what is gone, of what is at rest, and after many changes."""

from dataclasses import replace
from typing import BinaryIO

import pytest

from functions.deploy_http.rendering import render_endpoint, render_view
from shared.domain.errors import CloudError, NotFound, Trouble
from shared.domain.prices import PriceList
from shared.domain.records import Status
from shared.service import read
from tests.service.faults import FaultyBlobs
from tests.service.troubles import for_a_while
from tests.service.world import ANNA, World

OPERATION = 4
PRICES = PriceList()
CHANGES = 30


def test_a_deleted_deployment_is_not_shown_with_the_traffic_of_its_successor() -> None:
    world = World(operation_seconds=OPERATION)
    old = world.live(endpoint_name="shop", deployment_name="blue")
    world.delete(old)
    world.settle()
    new = world.redeploy(old)
    world.settle()
    shown = [
        render_view(read.require_view(world.ports, ANNA, each.id), PRICES) for each in (old, new)
    ]
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

    def open(self, key: str, *, etag: str = "") -> BinaryIO:
        self.asked += 1
        found: BinaryIO = self._real.open(key, etag=etag)
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


SILENT = (Trouble.AMBIGUOUS, "ServiceResponseTimeoutError", "Azure ML did not answer clearly.")
FORBIDDEN = (Trouble.AUTH, "AuthorizationFailed", "Azure ML does not let Longshore do it")


@pytest.mark.parametrize(
    ("met", "turn"), [(SILENT, "it is Azure's turn"), (FORBIDDEN, "it is an operator's turn")]
)
def test_a_removal_in_trouble_tells_whose_turn_it_is_and_when_it_is_tried_again(
    met: tuple[Trouble, str, str], turn: str
) -> None:
    world = World(operation_seconds=OPERATION)
    live = world.live(endpoint_name="shop")
    trouble, code, means = met
    for_a_while(world, "remove_deployment", CloudError(trouble, code, "the words"), 1e9)
    world.delete(live)
    world.run_for(1800)
    shown = render_view(read.require_view(world.ports, ANNA, live.id), PRICES)
    due = f"{world.read(live).work.due_at:%Y-%m-%d %H:%M:%S} UTC"
    assert shown.waiting is not None
    assert turn in shown.waiting
    assert shown.waiting.endswith(f"Longshore tries again by itself at {due}")
    assert shown.trouble is not None
    assert shown.trouble.startswith(means)
    assert shown.trouble.endswith(f"Azure's words: {code}: the words")
    [torn_down] = [each for each in shown.conditions if each.type == "TornDown"]
    assert torn_down.message == f"{shown.waiting}. {shown.trouble}"


def test_an_endpoint_whose_change_is_in_trouble_shows_it_as_what_it_waits_for() -> None:
    world = World(operation_seconds=OPERATION)
    world.live(endpoint_name="shop", deployment_name="blue")
    world.live(endpoint_name="shop", deployment_name="green")
    forbidden = CloudError(Trouble.AUTH, "AuthorizationFailed", "the words")
    for_a_while(world, "put_endpoint", forbidden, 1e9)
    world.route("shop", green=100)
    world.run_for(120)
    shown = render_endpoint(read.require_endpoint_view(world.ports, ANNA, "shop"))
    assert (shown.changing, shown.changed_by, shown.trouble) == (True, "green", None)
    assert shown.waiting is not None
    assert "it is an operator's turn" in shown.waiting
    assert "AuthorizationFailed: the words" in shown.waiting


def test_a_full_quota_names_who_uses_it_by_endpoint_and_id_and_how_to_try_again() -> None:
    world = World(operation_seconds=OPERATION)
    live = world.live(endpoint_name="shop", deployment_name="one", instance_type="DS3_v2")
    world.cloud.cores = 8
    record = world.deploy(world.upload(), instance_type="DS2_v2")
    world.settle()
    failure = render_view(read.require_view(world.ports, ANNA, record.id), PRICES).failure
    assert failure is not None
    assert f"DELETE /deployments/ID: shop/one ({live.id});" in failure.next
    assert failure.next.endswith(f"POST /deployments/{record.id}/retry")
