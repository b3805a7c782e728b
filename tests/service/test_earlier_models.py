"""Models that version 0.2 stored are artifacts like all others: shown, rated, described and deleted."""

from pathlib import Path

import pytest

from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.catalogue.readable import render_readable
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Model
from shared.service import listing, owned, read, store
from shared.service.catalogue import describe, withdraw
from tests.histories.history import load_history, rebuild
from tests.service.world import ANNA, BERT, World

HISTORIES = Path(__file__).parents[1] / "histories" / "0.2"


def earlier(name: str) -> tuple[World, list[tuple[Principal, Model]]]:
    """A world as 0.2 left it, and the models in it."""
    history = load_history(HISTORIES / f"{name}.jsonl.gz")
    world = rebuild(history, len(history.effects))
    found = [
        (user, model)
        for user in (ANNA, BERT)
        for model in listing.list_models(world.tables, user.user_key)
    ]
    return world, found


@pytest.mark.parametrize("name", ["deploy", "keyed_upload"])
def test_they_are_artifacts_like_all_others(name: str) -> None:
    world, found = earlier(name)
    assert found
    for user, model in found:
        kind = ArtifactKind.MODEL
        page = read.list_artifacts(world.ports, user, kind, limit=100)
        assert model in list(page.items)
        assert owned.require_artifact(world.ports, user, kind, model.id) == model
        assert read.find_content(world.ports, [model]) == {model.content_digest: True}
        described = describe.describe_model(
            world.ports, Policy(), user, model.id, "Standard_DS1_v2"
        )
        assert model.id in render_readable(described)
        rated = describe.rate_model(world.ports, Policy(), user, model.id, "Standard_DS1_v2")
        assert 0 < rated.score <= 1


def test_they_are_deployed_and_deleted() -> None:
    world, [(user, model), *_] = earlier("keyed_upload")
    record = world.deploy(model, user)
    world.settle()
    for each in world.deployments(user):
        world.delete(each, user)
    world.settle()
    withdraw.delete_model(world.ports, user, model.id)
    assert store.load_model(world.tables, model.user_key, model.id) is None
    assert world.read(record).model_deleted
