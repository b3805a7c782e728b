"""What has to be true of a model before it is deployed, by each way there is."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from shared.domain.errors import Conflict
from shared.domain.inspection import Inspection, Obstacle
from shared.domain.policy import Policy
from shared.domain.records import Deployment, Model, Status
from shared.ports import Blob
from shared.service import store
from shared.service.catalogue import content, models
from tests.service.sample import CONTENT, KnownReader
from tests.service.world import ANNA, World


def upload(world: World, **fields: Any) -> Model:
    wanted = models.Upload(file=BytesIO(CONTENT), filename="m.pkl", model_name="m", **fields)
    return models.add_model(world.ports, world.mint, world.policy, ANNA, wanted)


def failed(world: World, model: Model) -> Deployment:
    world.cloud.cores = 0
    record = world.deploy(model)
    world.settle()
    world.cloud.cores = 100
    assert world.read(record).status is Status.FAILED
    return record


def codes(world: World, model: Model, record: Deployment) -> set[str]:
    """How each way to deploy a model is refused."""
    told = set()
    ways: list[Callable[[], Deployment]] = [
        lambda: world.deploy(model),
        lambda: world.retry(record),
        lambda: world.redeploy(record),
    ]
    for deploy in ways:
        with pytest.raises(Conflict) as refused:
            deploy()
        told.add(refused.value.code)
    return told


@pytest.mark.parametrize("evaluation", [{}, {"passed": False}, {"passed": "true"}, {"passed": 1}])
def test_where_an_evaluation_is_required_only_what_has_passed_is_deployed(
    evaluation: dict[str, Any],
) -> None:
    world = World(operation_seconds=0)
    model = upload(world, evaluation=evaluation)
    record = failed(world, model)
    world.policy = Policy(require_evaluation=True)
    assert codes(world, model, record) == {"evaluation_not_passed"}
    passed = upload(world, evaluation={"passed": True})
    world.deploy(passed)
    world.settle()


def test_a_model_whose_file_is_gone_is_not_deployed_until_it_is_there_again() -> None:
    world = World(operation_seconds=0)
    model = upload(world)
    record = failed(world, model)
    world.sleep(120)  # a minute long it is remembered
    world.blobs.remove(content.content_key(model.content_digest))
    claims = sum(1 for _ in world.tables.scan("claims", None))
    assert codes(world, model, record) == {"model_content_missing"}
    assert sum(1 for _ in world.tables.scan("claims", None)) == claims  # no id was spent on it
    upload(world)
    retried = world.retry(record)
    world.settle()
    assert world.read(retried).status is Status.ACTIVE


def test_a_burst_of_deployments_of_one_model_looks_for_its_file_once() -> None:
    world = World()
    model = upload(world)
    looked = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.blobs, name)

        def find(self, key: str) -> Blob | None:
            looked.append(key)
            return world.blobs.find(key)

    world.ports = replace(world.ports, artifacts=Counting())
    for _ in range(5):
        world.deploy(model)
    assert looked == [content.content_key(model.content_digest)]
    world.sleep(61)
    world.deploy(model)
    assert len(looked) == 2


class Finding(KnownReader):
    """Reads a model that cannot be served."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        obstacle = Obstacle("It was never fitted.", "Fit it.")
        return replace(super().read(content, digest=digest), obstacle=obstacle)


def test_what_cannot_be_served_is_refused_at_once_and_what_an_earlier_reader_said_is_not_final() -> (
    None
):
    world = World(operation_seconds=0)
    world.ports = replace(world.ports, reader=Finding())
    model = upload(world)
    with pytest.raises(Conflict) as refused:
        world.deploy(model)
    assert refused.value.code == "model_not_servable"
    assert (refused.value.detail, refused.value.next_step) == (
        f"{model.id} cannot be served: It was never fitted.",
        "Fit it.",
    )
    stored = store.load_model(world.tables, model.user_key, model.id)
    assert stored is not None
    said = {**model.inspection, "reader_version": 1}
    row = store.model_row(replace(stored.record, inspection=said), stored.row.etag)
    store.save(world.tables, world.ports.random, store.RECORDS, row)
    record = world.deploy(model)
    world.settle()
    failure = world.read(record).failure
    assert failure is not None
    assert failure.code == "model_not_servable"  # today's reader says so, too


def test_a_file_that_goes_after_the_acceptance_fails_the_deployment_with_the_cause() -> None:
    world = World(operation_seconds=0)
    model = upload(world)
    record = world.deploy(model)
    world.blobs.remove(content.content_key(model.content_digest))
    world.settle()
    failure = world.read(record).failure
    assert failure is not None
    assert failure.code == "model_not_found"
