"""Files on their way in are cancelled at any moment, and then nothing of them is left."""

import pytest

from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.errors import Conflict, NotFound, TooMany
from shared.domain.policy import Policy
from shared.service import listing
from shared.service.intake.cancel import cancel_intake
from tests.service.arriving import ALLOWED, FOUND, Arrivals, Ended
from tests.service.world import ANNA, BERT

CANCELLED = Ended(IntakeState.REFUSED, "upload_cancelled")


def require_nothing_left(world: Arrivals, intake: Intake) -> None:
    world.rest()
    assert world.ended(intake) == CANCELLED
    assert list(listing.list_models(world.tables, ANNA.user_key)) == []
    assert (world.pending(), world.blob_keys()) == ([], [])


def test_one_that_waits_is_cancelled_with_what_was_uploaded_and_stays_so() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)

    first = cancel_intake(world.ports, ANNA, begun.intake.id)

    assert cancel_intake(world.ports, ANNA, begun.intake.id) == first
    assert world.confirm(begun.intake) == first
    require_nothing_left(world, begun.intake)


def test_one_that_is_to_be_read_is_not_read_any_more() -> None:
    world = Arrivals()
    intake = world.uploaded()

    cancel_intake(world.ports, ANNA, intake.id)

    require_nothing_left(world, intake)


def test_a_turn_that_is_reading_it_makes_nothing_of_it() -> None:
    world = Arrivals()
    intake = world.take_from(FOUND)

    def cancel() -> None:
        cancel_intake(world.ports, ANNA, intake.id)
        world.clock.advance(1)

    world.sources.before = cancel
    world.work(intake)

    require_nothing_left(world, intake)


def test_one_that_is_stored_stays_and_is_told_how_to_delete_it() -> None:
    world = Arrivals()
    intake = world.uploaded()
    world.rest()
    model_id = world.see(intake).artifact_id

    with pytest.raises(Conflict) as refused:
        cancel_intake(world.ports, ANNA, intake.id)

    assert refused.value.code == "upload_finished"
    assert refused.value.next_step.endswith(f"DELETE /artifacts/model/{model_id}")


def test_another_users_is_not_there() -> None:
    world = Arrivals()
    begun = world.begin()

    with pytest.raises(NotFound):
        cancel_intake(world.ports, BERT, begun.intake.id)
    assert world.see(begun.intake).state is IntakeState.WAITING


def test_it_makes_room_for_another_one() -> None:
    world = Arrivals(Policy(sources=ALLOWED, max_unfinished=1))
    begun = world.begin()
    with pytest.raises(TooMany, match="1 uploads that are not finished"):
        world.begin()

    cancel_intake(world.ports, ANNA, begun.intake.id)

    world.begin()
