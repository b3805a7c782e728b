"""What is counted for a user: from the rows as they are now, the half-deleted and the unreadable left out."""

from dataclasses import replace

from shared.service import figures, read, store
from tests.service.world import ANNA, BERT, World


def test_a_model_whose_deletion_has_begun_is_not_counted_as_in_the_list() -> None:
    world = World()
    model, _ = world.upload(), world.upload()
    stored = store.load_model(world.tables, ANNA.user_key, model.id)
    assert stored is not None
    leaving = replace(stored.record, leaving=world.clock.now())
    row = store.model_row(leaving, stored.row.etag)
    store.save(world.tables, world.ports.random, store.RECORDS, row)

    counted = figures.count(world.ports, world.policy, ANNA)

    assert counted.entries == read.list_models(world.ports, ANNA, limit=9).total == 1


def test_what_is_deleted_is_counted_as_being_removed_until_azure_has_confirmed_it() -> None:
    world = World(operation_seconds=45)
    record = world.live()
    world.live()
    world.delete(record)
    counted = figures.count(world.ports, world.policy, ANNA)
    assert (counted.total, counted.being_removed, counted.cost.a_month) == (1, 1, 106.58)

    world.settle()

    counted = figures.count(world.ports, world.policy, ANNA)
    assert (counted.total, counted.being_removed, counted.cost.a_month) == (1, 0, 53.29)


def test_another_users_things_are_not_counted() -> None:
    world = World(operation_seconds=0)
    world.live(BERT)
    counted = figures.count(world.ports, world.policy, ANNA)
    assert (counted.total, counted.entries, counted.registered) == (0, 0, 0)
    assert figures.count(world.ports, world.policy, BERT).registered == 1
