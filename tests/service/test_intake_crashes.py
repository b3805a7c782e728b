"""Every effect on a file's way in goes wrong once, in each of five ways; nothing is lost, doubled or half there."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.errors import Refusal, StoreError
from shared.domain.policy import INTAKE_JOBS
from shared.service import listing
from shared.service.catalogue import content
from shared.service.intake.begin import Begun
from tests.service.arriving import Arrivals, Ended
from tests.service.faults import Died, Fault, FaultyBlobs
from tests.service.sample import DIGEST
from tests.service.world import ANNA

T = TypeVar("T")
STORED = Ended(IntakeState.STORED, "")


@dataclass(frozen=True)
class Path:
    """What is there before, what goes wrong on the way, what must be: how it ends, with a model or not."""

    before: Callable[[Arrivals], Intake]
    ends: Ended = STORED


def _changed(world: Arrivals) -> Intake:
    begun = world.begin()
    world.put(begun)
    intake = world.confirm(begun.intake)
    world.put(begun, b"other")
    return intake


def _expired(world: Arrivals) -> Intake:
    begun = world.begin()
    world.put(begun)
    world.clock.advance(world.policy.upload_link + 1)
    return begun.intake


def _in_s3(world: Arrivals) -> Intake:
    """Artifacts are in another store than the workspace's."""
    artifacts = FaultyBlobs(MemoryBlobs(), world.effects)
    world.ports = replace(world.ports, artifacts=artifacts)
    world.intake_ports = replace(world.intake_ports, artifacts=artifacts)
    return world.uploaded()


PATHS = {
    "upload": Path(lambda world: world.uploaded()),
    "reference": Path(lambda world: world.take_from()),
    "another store": Path(_in_s3),
    "changed": Path(_changed, Ended(IntakeState.REFUSED, "upload_changed")),
    "expired": Path(_expired, Ended(IntakeState.REFUSED, "upload_expired")),
    "nothing there": Path(
        lambda world: world.take_from("s3://models/x"),
        Ended(IntakeState.REFUSED, "source_not_found"),
    ),
}


def check(world: Arrivals, intake: Intake, ends: Ended) -> None:
    """One end, that is told; what belongs to it and nothing else is kept."""
    assert world.ended(intake) == ends
    assert world.pending() == []
    assert world.queue.next_visible(INTAKE_JOBS) is None
    assert [each.key for each in world.blobs.list("quarantine/")] == []
    models = list(listing.list_models(world.tables, ANNA.user_key))
    kept = sorted(each.key for each in world.ports.artifacts.list(""))
    if ends != STORED:
        assert (models, kept) == ([], [])
        return
    [model] = models
    assert model.id == world.see(intake).artifact_id
    assert kept == [content.metadata_key(model.id), content.content_key(DIGEST)]


def _count_effects(path: Path) -> int:
    world = Arrivals()
    intake = path.before(world)
    world.effects.names.clear()
    world.rest()
    check(world, intake, path.ends)
    return len(world.effects.names)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("name", PATHS)
def test_one_fault_anywhere_changes_nothing_in_the_end(name: str, fault: Fault) -> None:
    path = PATHS[name]
    count = _count_effects(path)
    assert count >= 3
    for at in range(count):
        world = Arrivals()
        intake = path.before(world)
        world.effects.plan(at, fault)
        world.rest()
        try:
            check(world, intake, path.ends)
        except AssertionError as error:
            raise AssertionError(
                f"effect {at} ({world.effects.names[at]}) {fault}: {error}"
            ) from error


@pytest.mark.parametrize("fault", Fault)
def test_an_upload_begun_and_confirmed_again_after_any_fault_is_one(fault: Fault) -> None:
    """The caller sends what got no answer again, under its key."""
    for at in range(6):
        world = Arrivals()
        world.effects.plan(at, fault)

        def begin(world: Arrivals = world) -> Begun:
            return world.begin(key="k")

        begun = _asked_again(begin)
        world.put(begun)
        _asked_again(lambda world=world, begun=begun: world.confirm(begun.intake))  # type: ignore[misc]  # bound now
        _end_what_waits(world)
        check(world, begun.intake, STORED)


@pytest.mark.parametrize("fault", Fault)
def test_a_reference_sent_again_after_any_fault_is_one_model(fault: Fault) -> None:
    for at in range(6):
        world = Arrivals()
        world.effects.plan(at, fault)
        intake = _asked_again(lambda world=world: world.take_from(key="k"))  # type: ignore[misc]  # bound now
        _end_what_waits(world)
        check(world, intake, STORED)


@pytest.mark.parametrize("fault", Fault)
def test_a_request_that_breaks_off_and_is_not_sent_again_leaves_nothing_or_all(
    fault: Fault,
) -> None:
    for at in range(5):
        world = Arrivals()
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, Refusal):
            world.take_from(key="k")
        _end_what_waits(world)
        assert world.pending() == []
        assert len(list(listing.list_models(world.tables, ANNA.user_key))) <= 1


def _end_what_waits(world: Arrivals) -> None:
    """What broke off ends by itself; each sweep may die, and the next one comes."""
    world.clock.advance(world.policy.upload_link + 1)
    for _ in range(2):
        with suppress(Died, StoreError):
            world.sweep_intakes()
    world.rest()


def _asked_again(request: Callable[[], T]) -> T:
    try:
        return request()
    except (Died, StoreError):
        return request()
