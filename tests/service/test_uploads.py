"""Uploads under a key: one model, whatever breaks off, and whoever else sends the same."""

from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from shared.domain.errors import Conflict, InvalidRequest, StoreError, TooLarge, Unsafe
from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.policy import Policy
from shared.domain.records import Model
from shared.domain.requests import UPLOAD_SECONDS
from shared.service import listing
from shared.service.catalogue import models, uploads
from tests.service.faults import Died, Fault, once_before
from tests.service.sample import CONTENT
from tests.service.world import ANNA, BERT, World

CLAIM = "records:Insert"
ANSWER = "records:Insert+Replace"


def upload(
    world: World, *, key: str = "k", user: Any = ANNA, **fields: Any
) -> uploads.Uploaded[Model]:
    file = BytesIO(fields.pop("content", CONTENT))
    form = {"filename": "model.pkl", "model_name": "churn"} | fields
    wanted = models.Upload(file=file, **form)
    return uploads.accept_upload(world.ports, world.mint, world.policy, user, wanted, key=key)


def listed(world: World, user: Any = ANNA) -> list[str]:
    return [each.id for each in listing.list_models(world.tables, user.user_key)]


class Refusing:
    """A `ModelReader` that finds no model in anything."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        raise UnreadableModel(UnreadableCode.NOT_A_MODEL, f"{content} {digest}", "Send one.")


def test_the_same_upload_again_answers_the_same_model() -> None:
    world = World()
    first = upload(world)
    effects = len(world.effects.names)
    again = upload(world)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.record.id == first.record.id
    assert len(world.effects.names) == effects
    assert listed(world) == [first.record.id]


@pytest.mark.parametrize(
    "other",
    [
        {"model_name": "other"},
        {"algorithm": "Other"},
        {"description": "other"},
        {"filename": "other.pkl"},
        {"metrics": {"accuracy": 0.5}},
        {"evaluation": {"passed": True}},
        {"content": b"other"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_upload_under_the_key_is_refused_before_it_is_read(other: dict[str, Any]) -> None:
    world = World()
    first = upload(world)
    with pytest.raises(InvalidRequest) as refused:
        upload(world, **other)
    assert refused.value.code == "idempotency_key_reused"
    assert listed(world) == [first.record.id]


def test_a_key_is_its_users_own() -> None:
    world = World()
    assert upload(world).record.id != upload(world, user=BERT).record.id
    assert not upload(world, key="").replayed
    assert (len(listed(world)), len(listed(world, BERT))) == (2, 1)


def test_the_key_is_claimed_before_the_file_is_read_and_the_answer_comes_with_the_model() -> None:
    world = World()
    upload(world)
    stores = [name for name in world.effects.names if name.startswith("records:")]
    assert world.effects.names[0] == stores[0] == CLAIM
    assert world.effects.names[-1] == stores[-1] == ANSWER
    assert len(stores) == 2


@pytest.mark.parametrize("effect", ["claims:Insert", "blob:put", ANSWER])
def test_the_same_upload_while_it_is_under_way_is_told_to_wait(effect: str) -> None:
    world = World()
    refusals = []

    def send_again() -> None:
        with pytest.raises(Conflict) as refused:
            upload(world)
        refusals.append(refused.value)

    once_before(world.effects, effect, send_again)
    first = upload(world)
    [refusal] = refusals
    assert refusal.code == "idempotency_in_progress"
    assert refusal.retry_after
    assert upload(world).record.id == first.record.id
    assert listed(world) == [first.record.id]


def test_of_two_that_claim_at_once_one_uploads_and_the_other_answers_the_same() -> None:
    world = World()
    winners = []
    once_before(world.effects, CLAIM, lambda: winners.append(upload(world)))
    loser = upload(world)
    assert (loser.replayed, loser.record.id) == (True, winners[0].record.id)
    assert listed(world) == [loser.record.id]


@pytest.mark.parametrize("fault", Fault)
def test_an_upload_that_breaks_off_anywhere_is_completed_by_the_next(fault: Fault) -> None:
    counted = World()
    upload(counted)
    for at in range(len(counted.effects.names)):
        world = World()
        world.effects.plan(at, fault)
        with suppress(Died, StoreError):
            upload(world)
        told_to_wait = False
        try:
            done = upload(world)
        except Conflict as refusal:
            told_to_wait = refusal.code == "idempotency_in_progress"
            world.clock.advance(UPLOAD_SECONDS)
            done = upload(world)
        assert listed(world) == [done.record.id], (at, world.effects.names)
        assert upload(world).record.id == done.record.id
        assert told_to_wait <= (fault in (Fault.DIES_BEFORE, Fault.DIES_AFTER))  # else it is free


@pytest.mark.parametrize("effect", ["claims:Insert", "blob:put", ANSWER])
def test_one_who_was_taken_over_answers_as_the_one_who_took_over(effect: str) -> None:
    world = World()
    others = []

    def take_over() -> None:
        world.clock.advance(UPLOAD_SECONDS)
        others.append(upload(world))

    once_before(world.effects, effect, take_over)
    late = upload(world)
    assert (late.replayed, late.record.id) == (True, others[0].record.id)
    assert listed(world) == [late.record.id]


def test_one_who_was_taken_over_by_one_still_at_it_is_told_to_wait() -> None:
    world = World()

    def take_over_and_die() -> None:
        world.clock.advance(UPLOAD_SECONDS)
        world.effects.plan(2, Fault.DIES_BEFORE)
        with suppress(Died):
            upload(world)

    once_before(world.effects, ANSWER, take_over_and_die)
    with pytest.raises(Conflict):
        upload(world)
    assert listed(world) == []
    world.clock.advance(UPLOAD_SECONDS)
    done = upload(world).record.id
    assert listed(world) == [done]


def test_a_refused_upload_frees_its_key() -> None:
    world = World()
    reading = world.ports
    world.ports = replace(reading, reader=Refusing())
    for content in (CONTENT, b"another"):  # the second would be 422 for its key
        with pytest.raises(Unsafe):
            upload(world, content=content)
    world.ports = reading
    assert not upload(world).replayed


def test_a_refusal_whose_key_cannot_be_freed_is_told_and_the_key_is_free_in_time() -> None:
    world = World()
    world.ports = replace(world.ports, reader=Refusing())
    world.effects.plan(1, Fault.NOT_DONE)  # the first effect is the claim
    with pytest.raises(Unsafe):
        upload(world)
    with pytest.raises(Conflict):
        upload(world)
    world.clock.advance(UPLOAD_SECONDS)
    with pytest.raises(Unsafe):
        upload(world)


def test_an_upload_that_is_too_large_or_misnamed_leaves_no_row() -> None:
    world = World(policy=Policy(upload_limit=10))
    with pytest.raises(TooLarge):
        upload(world)
    with pytest.raises(InvalidRequest):
        upload(world, model_name="-")
    assert world.effects.names == []
