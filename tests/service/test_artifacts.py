"""Artifacts: fresh ids that overwrite nothing, whatever lies under them and whichever answer is lost."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from shared.domain import ids
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.errors import Conflict, Exists, InvalidRequest, NotFound, StoreError, TooLarge
from shared.domain.policy import Policy
from shared.domain.records import Model
from shared.service import listing, owned, read
from shared.service.catalogue import artifacts, content, uploads, withdraw
from tests.service.faults import Died, Fault, once_before
from tests.service.world import ANNA, BERT, World

DATASET, CODE, MODEL = ArtifactKind.DATASET, ArtifactKind.CODE, ArtifactKind.MODEL
ROWS = b"a,b\n1,2\n"


def add(
    world: World, kind: ArtifactKind = DATASET, *, key: str = "", user: Any = ANNA, **fields: Any
) -> Artifact:
    file = BytesIO(fields.pop("content", ROWS))
    upload = artifacts.FileUpload(
        kind=kind, file=file, **({"filename": "iris.csv", "name": "iris"} | fields)
    )
    return uploads.accept_file(world.ports, world.mint, world.policy, user, upload, key=key).record


def stored(world: World, made: Artifact) -> Model | Artifact:
    """What is kept of it, but for the nonce of the write."""
    found = owned.require_artifact(world.ports, ANNA, made.kind, made.id)
    return replace(found, nonce="")


def described(world: World, artifact_id: str) -> bytes:
    with world.blobs.open(content.metadata_key(artifact_id)) as file:
        return file.read()


def test_a_dataset_is_kept_and_described_as_it_came() -> None:
    world = World()
    made = add(world, description="Fisher")
    assert made.id.startswith("dataset-1-")
    assert stored(world, made) == made
    with world.blobs.open(content.content_key(made.content_digest)) as file:
        assert file.read() == ROWS
    assert b'"Fisher"' in described(world, made.id)


def test_what_is_described_under_a_fresh_id_is_left_alone_and_another_id_is_taken() -> None:
    world = World()
    taken: list[str] = []

    def take_first(_: str) -> None:
        """Somebody describes something under the id that was just claimed."""
        claimed = [row.partition for row in world.tables.scan("claims", None)]
        if claimed and not taken:
            taken.append("dataset-1-" + str(_moment(claimed[-1])))
            world.blobs.put(content.metadata_key(taken[0]), b"another's")

    world.effects.before = take_first
    made = add(world)
    assert made.id != taken[0]
    assert described(world, taken[0]) == b"another's"
    assert stored(world, made) == made
    with pytest.raises(NotFound):
        owned.require_artifact(world.ports, ANNA, DATASET, taken[0])


def test_a_description_whose_answer_was_lost_is_known_as_our_own() -> None:
    for fault in (Fault.ANSWER_LOST, Fault.NOT_DONE):
        world = World()
        add(world, content=b"there before")
        world.effects.plan(2, fault)  # the content, the claim, the description
        made = add(world)
        assert world.effects.names == [
            "blob:put",
            "claims:Insert",
            "blob:put",
            *["blob:put"] * (fault is Fault.NOT_DONE),
            "records:Insert",
        ]
        assert described(world, made.id)


def test_an_artifact_that_breaks_off_anywhere_is_seen_whole_or_not_at_all() -> None:
    counted = World()
    add(counted)
    for fault in Fault:
        for at in range(len(counted.effects.names)):
            world = World()
            world.effects.plan(at, fault)
            with suppress(Died, StoreError):
                add(world)
            for each in listing.list_files(world.tables, ANNA.user_key, DATASET):
                assert described(world, each.id)
                assert content.is_present(world.blobs, each.content_digest)


def test_the_same_file_under_the_same_key_is_one_artifact() -> None:
    world = World()
    first, again = add(world, key="k"), add(world, key="k")
    assert first.id == again.id
    for other in ({"kind": CODE}, {"name": "other"}, {"content": b"other"}):
        with pytest.raises(InvalidRequest):
            add(world, key="k", **other)
    assert add(world, CODE, key="k2").kind is CODE


def test_a_key_whose_artifact_was_deleted_says_so() -> None:
    world = World()
    made = add(world, key="k")
    withdraw.delete_artifact(world.ports, ANNA, DATASET, made.id)
    with pytest.raises(Conflict) as refused:
        add(world, key="k")
    assert refused.value.code == "model_deleted"


def test_a_name_that_is_none_and_a_file_that_is_too_large_are_refused() -> None:
    world = World(policy=Policy(upload_limit=4))
    with pytest.raises(InvalidRequest):
        add(world, name="no name")
    with pytest.raises(TooLarge):
        add(world)
    assert world.effects.names == []


def test_types_are_listed_apart_and_one_content_is_stored_once() -> None:
    world = World()
    made = {kind: add(world, kind) for kind in (DATASET, CODE)}
    model = world.upload()
    ids_by_kind = [*((kind, each.id) for kind, each in made.items()), (MODEL, model.id)]
    for kind, artifact_id in ids_by_kind:
        page = read.list_artifacts(world.ports, ANNA, kind, limit=10)
        items: Sequence[Model | Artifact] = page.items
        assert ([each.id for each in items], page.total) == ([artifact_id], 1)
    assert len([each.key for each in world.blobs.list("content/")]) == 2


def test_an_artifact_is_found_under_its_own_type_and_its_own_user_only() -> None:
    world = World()
    made = add(world)
    for kind, user in ((CODE, ANNA), (MODEL, ANNA), (DATASET, BERT)):
        with pytest.raises(NotFound):
            owned.require_artifact(world.ports, user, kind, made.id)
    assert read.list_artifacts(world.ports, BERT, DATASET, limit=10).total == 0


def test_an_id_that_is_described_again_and_again_is_given_up() -> None:
    world = World()

    class Full:
        def put(self, key: str, _content: object) -> None:
            if key.startswith("artifacts/"):
                raise Exists(key)

        def open(self, _key: str) -> BytesIO:
            return BytesIO(b"another's")

    world.ports = replace(world.ports, artifacts=Full())  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        add(world)


def _moment(name: str) -> int:
    return ids.parse_id(name) or 0


def test_another_upload_between_the_claim_and_the_row_has_an_id_of_its_own() -> None:
    world = World()
    others: list[str] = []
    once_before(world.effects, "records:Insert", lambda: others.append(add(world).id))
    assert add(world).id not in others
