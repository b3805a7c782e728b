"""Artifacts in one store and packages in another: what is not copied within a store is streamed between them."""

from dataclasses import replace

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.records import Status
from shared.service.catalogue import content
from tests.service.sample import CONTENT, DIGEST
from tests.service.world import World


def test_a_model_is_packaged_from_one_store_into_the_other() -> None:
    world = World()
    artifacts = MemoryBlobs()
    world.ports = replace(world.ports, artifacts=artifacts)
    model = world.upload()
    record = world.deploy(model)
    world.settle()

    assert world.read(record).status is Status.ACTIVE
    assert [each.key for each in artifacts.list("")] == [
        content.metadata_key(model.id),
        content.content_key(DIGEST),
    ]
    packaged = [each.key for each in world.blobs.list("")]
    assert {key.partition("/")[0] for key in packaged} == {"packages"}
    [whole] = [key for key in packaged if world.blobs.size(key) == len(CONTENT)]
    assert world.blobs.open(whole).read() == CONTENT
