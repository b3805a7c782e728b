"""Another user's things are not there at all, and nobody sees a difference to what never was."""

from collections.abc import Callable

import pytest

from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.errors import NotFound
from shared.domain.records import Deployment
from shared.service import figures, keys, owned, read, remove, retry, route
from shared.service.catalogue import describe, withdraw
from shared.service.queues import produce
from tests.service.world import ANNA, BERT, World

Look = Callable[[World, Deployment], object]
MODEL = ArtifactKind.MODEL
LOOKS: dict[str, Look] = {
    "deployment": lambda w, r: owned.require_deployment(w.ports, BERT, r.id),
    "view": lambda w, r: read.require_view(w.ports, BERT, r.id),
    "events": lambda w, r: read.list_events(w.ports, BERT, r.id),
    "logs": lambda w, r: read.read_logs(w.ports, BERT, r.id, 10),
    "delete": lambda w, r: remove.accept_delete(w.ports, w.policy, BERT, r.id),
    "endpoint": lambda w, r: owned.require_endpoint(w.ports, BERT, r.endpoint_name),
    "keys": lambda w, r: keys.read_keys(w.ports, BERT, r.endpoint_name),
    "rotate": lambda w, r: keys.rotate_key(w.ports, BERT, r.endpoint_name, "primary"),
    "traffic": lambda w, r: route.accept_traffic(w.ports, w.policy, BERT, r.endpoint_name, {}),
    "retry": lambda w, r: retry.accept_retry(w.ports, w.policy, BERT, r.id),
    "redeploy": lambda w, r: retry.accept_redeploy(w.ports, w.mint, w.policy, BERT, r.id),
    "model": lambda w, r: owned.require_model(w.ports, BERT, r.model_id),
    "artifact": lambda w, r: owned.require_artifact(w.ports, BERT, MODEL, r.model_id),
    "delete artifact": lambda w, r: withdraw.delete_artifact(w.ports, BERT, MODEL, r.model_id),
    "inspection": lambda w, r: describe.describe_model(
        w.ports, w.policy, BERT, r.model_id, "Standard_DS1_v2"
    ),
    "readiness": lambda w, r: describe.rate_model(
        w.ports, w.policy, BERT, r.model_id, "Standard_DS1_v2"
    ),
    "request": lambda w, _: produce.require_request(w.ports, BERT, "s", "1"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_anothers_is_not_found_and_not_changed(look: str) -> None:
    world = World(operation_seconds=0)
    record = world.live(endpoint_name="shop")
    world.effects.names.clear()
    with pytest.raises(NotFound):
        LOOKS[look](world, record)
    assert world.effects.names == []


def test_anothers_model_cannot_be_deployed() -> None:
    world = World(operation_seconds=0)
    model = world.upload(ANNA)
    with pytest.raises(NotFound):
        world.deploy(model, BERT)
    assert world.unfinished() == []


def test_lists_and_counts_show_ones_own_only() -> None:
    world = World(operation_seconds=0)
    world.live(ANNA)
    bert = world.live(BERT)
    assert [each.id for each in read.list_deployments(world.ports, BERT, None, limit=10).items] == [
        bert.id
    ]
    assert figures.count(world.ports, world.policy, BERT).total == 1
    assert len(read.list_models(world.ports, BERT, limit=10).items) == 1


@pytest.mark.parametrize(
    "text", ["", "²" * 20, "\u0660" * 20, "9" * 20, "../secrets", "a/b?c#d", "x" * 500, "\0" * 20]
)
def test_an_id_or_name_that_none_has_is_not_found(text: str) -> None:
    world = World(operation_seconds=0)
    for look in (owned.require_deployment, owned.require_endpoint, owned.require_model):
        with pytest.raises(NotFound):
            look(world.ports, ANNA, text)


def test_a_deleted_deployment_is_off_the_lists_at_once_and_can_still_be_read() -> None:
    world = World(operation_seconds=0)
    record = world.live()
    world.delete(record)
    assert read.list_deployments(world.ports, ANNA, None, limit=10).items == []
    assert figures.count(world.ports, world.policy, ANNA).total == 0
    assert world.read(record).deleted_at is not None
