"""What a collection puts away comes back where it is needed, whoever meets whom, and at whichever effect of theirs."""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.errors import Changed, Conflict, Missing
from shared.domain.records import Model, Status
from shared.ports import Blob, Blobs, Listed
from shared.service import read
from shared.service.catalogue import content, trash, uploads
from shared.service.catalogue.artifacts import FileUpload
from tests.service.arriving import Arrivals
from tests.service.faults import FaultyBlobs, meet_at, once_before
from tests.service.sample import CONTENT, DIGEST
from tests.service.world import ANNA, World

KEY = content.content_key(DIGEST)


class OneEtag(MemoryBlobs):
    """As S3 has it: versions of the same bytes have one etag."""

    def find(self, key: str) -> Blob | None:
        found = super().find(key)
        return found and replace(found, etag="same")

    def remove(self, key: str, *, etag: str = "") -> None:
        super().remove(key, etag=self._known(key, etag))

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        super().copy(source, key, etag=self._known(source, etag))

    def _known(self, key: str, etag: str) -> str:
        found = super().find(key)
        return found.etag if found and etag else ""


def in_s3(world: World) -> World:
    """The world with its artifacts in such a store."""
    artifacts = FaultyBlobs(OneEtag(world.clock.now), world.effects)
    world.ports = replace(world.ports, artifacts=artifacts)
    return world


def put_away(blobs: Blobs, seen: list[Listed]) -> None:
    """What a collection does about what its listing saw, where nobody has it on record."""
    for each in sorted(seen, key=lambda each: not each.key.endswith("/MLmodel")):
        with suppress(Changed, Missing):
            trash.put_away(blobs, each)


def is_listed_as_there(world: World, model: Model) -> bool:
    return read.find_content(world.ports, [model])[DIGEST]


def is_read(world: World, _model: Model) -> bool:
    return content.open_content(world.ports.artifacts, DIGEST).read() == CONTENT


def is_deployed(world: World, model: Model) -> bool:
    return bool(world.deploy(model))


@pytest.mark.parametrize("look", [is_listed_as_there, is_read, is_deployed])
def test_what_was_put_away_is_found_again_by_whoever_looks_for_it(
    look: Callable[[World, Model], bool],
) -> None:
    world = World()
    model = world.upload()
    put_away(world.blobs, list(world.blobs.list(KEY)))
    assert world.blobs.find(KEY) is None
    assert look(world, model)
    assert world.blobs.open(KEY).read() == CONTENT


def test_what_is_in_no_trash_is_missing() -> None:
    world = World()
    model = world.upload()
    world.blobs.remove(KEY)
    assert read.find_content(world.ports, [model]) == {DIGEST: False}
    with pytest.raises(Missing):
        content.open_content(world.ports.artifacts, DIGEST)
    with pytest.raises(Conflict):
        world.deploy(model)


def test_a_deployment_whose_content_goes_after_its_acceptance_brings_it_back() -> None:
    world = World()
    record = world.deploy(world.upload())
    put_away(world.blobs, list(world.blobs.list(KEY)))
    world.settle()
    assert world.read(record).status is Status.ACTIVE


def test_what_is_put_away_twice_has_its_time_in_the_trash_from_the_second_on() -> None:
    world = World()
    world.upload()
    put_away(world.blobs, list(world.blobs.list(KEY)))
    world.sleep(1000)
    assert content.is_present(world.blobs, DIGEST)
    put_away(world.blobs, list(world.blobs.list(KEY)))
    [kept] = world.blobs.list(trash.trash_key(KEY))
    assert kept.modified_at == world.clock.now()


def test_a_version_that_the_listing_did_not_see_stays() -> None:
    world = World()
    world.upload()
    [seen] = world.blobs.list(KEY)
    world.upload()
    with pytest.raises(Changed):
        trash.put_away(world.blobs, seen)
    assert world.blobs.find(KEY)


# ------------------------------------------------------------------ at every effect of one of them


def meet(world: World, at: int, one: Callable[[], object], other: Callable[[], object]) -> bool:
    """`other` happens just before the effect `at` of `one`, or after it; whether `one` has had so many."""
    met = meet_at(world.effects, at, one, other)
    if not met:
        other()
    return met


def at_every_effect(meeting: Callable[[int], bool]) -> int:
    """Meetings at one effect after the other, until there is none left; how many."""
    at = 0
    while meeting(at):
        at += 1
    return at


def is_at_once_there(world: World) -> bool:
    """Without anybody's looking for it."""
    return world.ports.artifacts.size(KEY) == len(CONTENT)


def test_an_upload_that_a_collection_meets_at_any_effect_has_its_content() -> None:
    def meeting(at: int) -> bool:
        world = World()
        world.upload()
        seen = list(world.blobs.list(KEY))
        goes_on = meet(world, at, world.upload, lambda: put_away(world.blobs, seen))
        assert is_at_once_there(world), at
        return goes_on

    assert at_every_effect(meeting) > 4


def test_a_collection_that_an_upload_meets_at_any_effect_loses_or_was_before_it() -> None:
    def meeting(at: int) -> bool:
        world = World()
        world.upload()
        seen = list(world.blobs.list(KEY))
        goes_on = meet(world, at, lambda: put_away(world.ports.artifacts, seen), world.upload)
        assert is_at_once_there(world), at
        return goes_on

    assert at_every_effect(meeting) == 3


@pytest.mark.parametrize("first", ["upload", "collection"])
def test_where_etags_do_not_tell_versions_apart_the_content_is_there_for_whoever_looks(
    first: str,
) -> None:
    def meeting(at: int) -> bool:
        world = in_s3(World())
        model = world.upload()
        seen = list(world.ports.artifacts.list(KEY))
        one, other = world.upload, lambda: put_away(world.ports.artifacts, seen)
        pair = (one, other) if first == "upload" else (other, one)
        goes_on = meet(world, at, *pair)
        assert read.find_content(world.ports, [model]) == {DIGEST: True}, at
        return goes_on

    assert at_every_effect(meeting) >= 3


@pytest.mark.parametrize("store", ["the same", "another"])
def test_a_file_on_its_way_in_that_a_collection_meets_at_any_effect_has_its_content(
    store: str,
) -> None:
    def meeting(at: int) -> bool:
        world = Arrivals()
        world.upload()
        seen = list(world.blobs.list(KEY))
        intake = world.uploaded() if store == "the same" else world.take_from()
        goes_on = meet(world, at, lambda: world.work(intake), lambda: put_away(world.blobs, seen))
        world.rest()
        assert is_at_once_there(world), at
        return goes_on

    assert at_every_effect(meeting) > 4


def deployed() -> World:
    """A world in which a package is left of a deployment that is gone."""
    world = World()
    world.delete(world.live())
    world.settle()
    return world


@pytest.mark.parametrize("first", ["deployment", "collection"])
def test_a_deployment_and_a_collection_of_its_package_that_meet_at_any_effect_leave_it_whole(
    first: str,
) -> None:
    def meeting(at: int) -> bool:
        world = deployed()
        seen = list(world.blobs.list("packages/"))
        record = world.deploy(world.upload())
        one, other = world.deliver, lambda: put_away(world.ports.blobs, seen)
        goes_on = meet(world, at, *((one, other) if first == "deployment" else (other, one)))
        world.settle()
        assert world.read(record).status is Status.ACTIVE, at
        there = {each.key for each in world.blobs.list("packages/")}
        assert there == {each.key for each in seen}, at
        return goes_on

    assert at_every_effect(meeting) > 8


def test_a_package_that_is_half_put_away_has_no_mlmodel() -> None:
    world = deployed()
    seen = list(world.blobs.list("packages/"))
    states: list[set[str]] = []
    world.effects.before = lambda _effect: states.append(
        {each.key.rpartition("/")[2] for each in world.blobs.list("packages/")}
    )
    put_away(world.ports.blobs, seen)
    half = [each for each in states if 0 < len(each) < len(seen)]
    assert half
    assert all("MLmodel" not in each for each in half)


def a_model(world: Arrivals) -> None:
    world.upload()


def a_dataset(world: Arrivals) -> None:
    upload = FileUpload(
        kind=ArtifactKind.DATASET, file=io.BytesIO(CONTENT), filename="rows.csv", name="rows"
    )
    uploads.accept_file(world.ports, world.mint, world.policy, ANNA, upload)


def a_file_from_elsewhere(world: Arrivals) -> None:
    world.work(world.take_from())


@pytest.mark.parametrize(
    ("arrives", "row"),
    [
        (a_model, "records:Insert"),
        (a_dataset, "records:Insert"),
        (a_file_from_elsewhere, "records:Insert+Insert"),
    ],
)
def test_what_goes_for_good_before_its_row_is_written_is_stored_again(
    arrives: Callable[[Arrivals], None], row: str
) -> None:
    world = Arrivals()
    once_before(world.effects, row, lambda: world.blobs.remove(KEY))
    arrives(world)
    assert is_at_once_there(world)
