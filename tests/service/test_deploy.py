"""The way of one deployment, when nothing goes wrong."""

from dataclasses import replace
from typing import BinaryIO

from shared.domain import phases
from shared.domain.inspection import Inspection
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import Status
from tests.service.sample import KnownReader
from tests.service.world import World


def test_a_deployment_becomes_active_with_one_model_one_endpoint_one_deployment() -> None:
    world = World()
    record = world.deploy(world.upload())
    world.settle()
    record, cloud = world.read(record), world.in_cloud()
    assert record.status is Status.ACTIVE
    assert cloud.models == [record.azure_model_name]
    assert cloud.endpoints == [record.endpoint_name]
    assert cloud.deployments == [record.deployment_name]
    assert record.endpoint_name in record.scoring_uri
    assert record.endpoint_name in record.swagger_uri
    assert record.azure_model_version == "1"


def test_all_names_are_fixed_when_the_request_is_accepted() -> None:
    world = World()
    accepted = world.deploy(world.upload())
    assert accepted.deployment_name == f"deploy-{accepted.id}"
    assert accepted.endpoint_name == f"endpoint-{accepted.id}"
    assert accepted.azure_model_name == f"model_churn_{accepted.id}"
    assert accepted.endpoint_tag
    world.settle()
    active = world.read(accepted)
    for name in ("deployment_name", "endpoint_name", "azure_model_name", "endpoint_tag"):
        assert getattr(active, name) == getattr(accepted, name)


def test_the_timeline_has_all_seven_phases_in_order() -> None:
    world = World()
    record = world.live()
    assert list(record.phases) == list(phases.PHASES)
    times = list(record.phases.values())
    assert times == sorted(times)


def test_events_are_numbered_without_gaps_and_tell_each_step() -> None:
    world = World()
    record = world.live()
    events = world.events(record)
    assert [each.number for each in events] == list(range(1, record.events + 1))
    done = [each.step for each in events if each.name == "step_done"]
    assert done == [
        "prepare",
        "register",
        "endpoint",
        "deployment",
        "verify",
        "traffic",
        "finish",
    ]


def test_a_model_that_does_not_fit_into_its_instance_is_told_of_before_anything_is_paid() -> None:
    class LargeReader(KnownReader):
        def read(self, content: BinaryIO, *, digest: str) -> Inspection:
            return replace(super().read(content, digest=digest), size=7 * 1024**3)

    world = World()
    world.ports = replace(world.ports, reader=LargeReader())
    for instance, told in (("Standard_DS2_v2", True), ("Standard_DS4_v2", False)):
        record = world.live(instance_type=instance)
        [prepared] = [
            each
            for each in world.events(record)
            if each.step == "prepare" and each.name == "step_done"
        ]
        assert ("larger_than_memory" in prepared.text) == told


def test_an_acceptance_claims_first_then_indexes_then_admits_then_hints() -> None:
    world = World()
    model = world.upload()
    world.effects.names.clear()
    world.deploy(model)
    assert world.effects.names[0] == "claims:Insert"
    tables = [name.partition(":")[0] for name in world.effects.names]
    assert tables.index("claims") < tables.index("inflight") < tables.index("records")
    assert tables[-2:] == ["records", "send"]


def test_the_admission_is_one_transaction() -> None:
    world = World()
    model = world.upload()
    world.effects.names.clear()
    world.deploy(model, key="k")
    written = [name for name in world.effects.names if name.startswith("records:")]
    assert written == ["records:Insert+Insert+Insert+Insert"]  # record, event, endpoint, key


def test_the_first_on_an_endpoint_gets_all_traffic_and_the_second_none() -> None:
    world = World()
    first = world.live(endpoint_name="shop")
    second = world.live(endpoint_name="shop")
    assert world.in_cloud().traffic == {"shop": {first.deployment_name: 100}}
    assert world.in_cloud().deployments == sorted([first.deployment_name, second.deployment_name])


def test_nothing_is_left_on_the_queue_or_in_the_index() -> None:
    world = World()
    world.live()
    assert world.queue.next_visible(DEPLOY_JOBS) is None
    assert world.unfinished() == []


def test_no_turn_waits_for_the_cloud() -> None:
    world = World(operation_seconds=480)
    record = world.deploy(world.upload())
    began = world.clock.now()
    world.deliver()
    assert world.clock.now() == began
    assert world.read(record).lease is None
    world.settle()
    assert world.read(record).status is Status.ACTIVE


def test_a_deployment_takes_no_more_turns_than_the_cloud_is_worth() -> None:
    world = World(operation_seconds=480)
    world.live()
    world.effects.names.clear()
    world.live()  # the pace is known now
    hints = [name for name in world.effects.names if name.startswith("send:")]
    assert len(hints) < 60  # in half an hour of operations
