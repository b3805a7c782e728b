"""Whether the registry has a user's models: looked at in one listing, exactly where that does not show them, never for long."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared import patience
from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Deployment, Model
from shared.service import listing, registry
from shared.service.registry import Registry
from tests.service.arriving import Arrivals
from tests.service.reconciling import DAY, Reconciled
from tests.service.test_referenced import register, stored
from tests.service.world import ANNA, BERT, World


@pytest.fixture
def calls() -> list[str]:
    return []


def counted(world: World, calls: list[str]) -> None:
    """Notes each call of the cloud, and that it is made in a hurry."""
    for name in ("find_model", "list_models"):
        setattr(world.cloud, name, _counting(getattr(world.cloud, name), name, calls))


def _counting(real: Any, name: str, calls: list[str]) -> Any:
    def call(*args: object) -> Any:
        assert patience.longest_call() == registry.SECONDS
        calls.append(name)
        return real(*args)

    return call


def verify(world: World, seen: Registry, *models: Model) -> list[bool | None]:
    found = seen.verify(world.ports, ANNA.user_key, models)
    return [found.registered[each.id] for each in models]


def deployed(world: World, count: int) -> tuple[list[Model], list[Deployment]]:
    records = [world.live() for _ in range(count)]
    models = {each.id: each for each in listing.list_models(world.tables, ANNA.user_key)}
    return [models[each.model_id] for each in records], records


def test_before_its_first_registration_there_is_nothing_to_say_and_nobody_is_asked(
    calls: list[str],
) -> None:
    world = World(operation_seconds=0)
    models = [world.upload() for _ in range(5)]
    counted(world, calls)

    found = Registry().verify(world.ports, ANNA.user_key, models)

    assert list(found.registered.values()) == [None] * 5
    assert (found.is_available, calls) == (None, [])


def test_many_are_looked_for_in_one_listing_which_is_remembered_for_a_minute(
    calls: list[str],
) -> None:
    world = World(operation_seconds=0)
    models, _ = deployed(world, 5)
    counted(world, calls)
    seen = Registry()

    assert verify(world, seen, *models) == [True] * 5
    assert verify(world, seen, *models) == [True] * 5
    assert calls == ["list_models"]
    world.sleep(61)
    verify(world, seen, *models)
    assert calls == ["list_models"] * 2


def test_what_the_listing_does_not_show_is_looked_for_by_its_name(calls: list[str]) -> None:
    """The listing is a minute old, or late: what was registered since is there, what was removed is not."""
    world = World(operation_seconds=0)
    models, records = deployed(world, 4)
    seen = Registry()
    verify(world, seen, *models)
    [newer], _ = deployed(world, 1)
    world.sleep(30)
    counted(world, calls)
    assert verify(world, seen, *models, newer) == [True] * 5
    assert calls == ["find_model"]

    world.cloud._models.pop((records[0].azure_model_name, "1"))
    world.sleep(61)
    assert verify(world, seen, *models, newer) == [False, *[True] * 4]


def test_a_few_are_looked_for_without_a_listing(calls: list[str]) -> None:
    world = World(operation_seconds=0)
    models, _ = deployed(world, 2)
    counted(world, calls)

    assert verify(world, Registry(), *models) == [True, True]
    assert calls == ["find_model"] * 2


def test_a_model_is_verified_where_one_of_its_versions_is_there() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    first, second = world.deploy(model), world.deploy(model)
    world.settle()
    world.cloud._models.pop((world.read(first).azure_model_name, "1"))
    assert verify(world, Registry(), model) == [True]
    world.cloud._models.pop((world.read(second).azure_model_name, "1"))
    assert verify(world, Registry(), model) == [False]


def test_a_deployment_that_was_deleted_says_nothing_of_its_model() -> None:
    world = World(operation_seconds=0)
    [model], [record] = deployed(world, 1)
    world.delete(record)
    world.settle()

    assert verify(world, Registry(), model) == [None]


def test_a_model_of_the_registry_is_looked_for_in_its_exact_version() -> None:
    world = Arrivals()
    model = stored(world, register(world))
    assert verify(world, Registry(), model) == [True]

    gone = world.cloud._models.pop(("theirs", "7"))
    world.cloud.register_model(replace(gone, version="8"))

    assert verify(world, Registry(), model) == [False]
    others, _ = deployed(world, 4)
    assert verify(world, Registry(), model, *others) == [False, *[True] * 4], "a name is not enough"


def test_another_version_of_a_name_of_our_form_is_not_taken_for_listed() -> None:
    world = Arrivals()
    others, records = deployed(world, 4)
    name = world.read(records[0]).azure_model_name
    model = stored(world, register(world, name))
    assert verify(world, Registry(), model, *others) == [True] * 5

    world.cloud._models.pop((name, "7"))

    assert verify(world, Registry(), model, *others) == [False, *[True] * 4]


def silent(*_args: object) -> Iterator[Any]:
    raise CloudError(Trouble.TRANSIENT, "503", "no answer")


def test_where_azure_does_not_answer_the_records_and_the_last_run_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Reconciled()
    models, records = deployed(world, 4)
    world.cloud._models.pop((records[0].azure_model_name, "1"))
    world.sleep(DAY)
    for name in ("find_model", "list_models"):
        monkeypatch.setattr(world.cloud, name, silent)
    found = Registry().verify(world.ports, ANNA.user_key, models)
    assert found.is_available is False
    assert list(found.registered.values()) == [True] * 4, "nobody has noticed yet"

    monkeypatch.undo()
    world.reconcile(dry_run=True)
    for name in ("find_model", "list_models"):
        monkeypatch.setattr(world.cloud, name, silent)
    found = Registry().verify(world.ports, ANNA.user_key, models)

    assert found.is_available is False
    assert [found.registered[each.id] for each in models] == [False, True, True, True]


def test_a_registry_that_takes_too_long_is_given_up_and_not_remembered() -> None:
    world = World(operation_seconds=0)
    models, _ = deployed(world, 4)
    real, slow = world.cloud.list_models, True

    def listed() -> Iterator[str]:
        for name in real():
            world.clock.advance(3 if slow else 0)
            yield name

    world.cloud.list_models = listed  # type: ignore[method-assign]
    seen = Registry()
    found = seen.verify(world.ports, ANNA.user_key, models)
    assert (found.is_available, list(found.registered.values())) == (False, [True] * 4)

    slow = False
    assert seen.verify(world.ports, ANNA.user_key, models).is_available


def test_another_users_deployments_say_nothing() -> None:
    world = World(operation_seconds=0)
    world.live(BERT)
    models = list(listing.list_models(world.tables, BERT.user_key))

    found = Registry().verify(world.ports, ANNA.user_key, models)

    assert list(found.registered.values()) == [None]
