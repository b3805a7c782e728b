"""Deleting a model: all of its own goes, what is deployed stays, and nobody slips in between."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.errors import CloudError, Conflict, Forbidden, NotFound, StoreError, Trouble
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Model, Status
from shared.service import listing, owned, store
from shared.service.catalogue import content, reset, shelf, withdraw
from tests.service.faults import Died, Fault, once_before
from tests.service.test_artifacts import add
from tests.service.test_uploads import upload
from tests.service.world import ANNA, BERT, World

OLGA = Principal(user_id="olga", issuer="tests", is_operator=True)


def failed(world: World, model: Model) -> Deployment:
    """A deployment that has failed for good, and whose registered model stays for a retry."""
    world.cloud.broken_paths = _All()
    record = world.deploy(model)
    world.settle()
    world.cloud.broken_paths = set()
    record = world.read(record)
    assert record.status is Status.FAILED
    return record


class _All(set[str]):
    def __contains__(self, _path: object) -> bool:
        return True


def delete(world: World, model: Model, user: Principal = ANNA) -> None:
    withdraw.delete_model(world.ports, user, model.id)


def registered(world: World) -> int:
    return len(world.in_cloud().models)


def is_gone(world: World, model: Model) -> bool:
    row = shelf.load_leaving(world.tables, model.user_key, model.id)
    return row is None and world.blobs.size(content.metadata_key(model.id)) is None


def test_a_model_goes_with_its_description_and_its_content_stays() -> None:
    world = World()
    model, other = world.upload(), world.upload()
    delete(world, model)
    assert is_gone(world, model)
    assert [each.id for each in listing.list_models(world.tables, ANNA.user_key)] == [other.id]
    assert content.is_present(world.blobs, model.content_digest)
    with pytest.raises(NotFound):
        delete(world, model)


def test_a_failed_deployment_loses_its_registry_entry_and_knows_that_its_model_is_gone() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    record = failed(world, model)
    assert registered(world) == 1
    delete(world, model)
    assert registered(world) == 0
    told = world.read(record)
    assert (told.model_deleted, told.azure_model_version) == (True, "")
    assert [each.name for each in world.events(record)][-1] == "model_deleted"
    for again in (world.retry, world.redeploy):
        with pytest.raises(Conflict) as refused:
            again(record)
        assert refused.value.code == "model_deleted"


def test_a_registry_entry_that_is_not_ours_or_in_use_stays() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    record = failed(world, model)

    class InUse:
        def __getattr__(self, name: str) -> object:
            return getattr(world.cloud, name)

        def remove_model(self, _name: str, _version: str) -> None:
            raise CloudError(Trouble.CONFLICT, "Conflict", "it is in use")

    world.ports = replace(world.ports, view=InUse())  # type: ignore[arg-type]
    delete(world, model)
    assert registered(world) == 1
    assert world.read(record).model_deleted


def test_a_deleted_deployment_of_it_is_marked_too() -> None:
    world = World(operation_seconds=0)
    record = world.live()
    model = owned.require_model(world.ports, ANNA, record.model_id).record
    world.delete(record)
    delete(world, model)  # while it is torn down
    world.settle()
    told = world.read(record)
    assert (told.status, told.model_deleted) == (Status.DELETED, True)
    assert told.torn_down_at
    assert registered(world) == 0


@pytest.mark.parametrize("state", ["deploying", "active"])
def test_a_deployed_model_cannot_be_deleted_and_is_as_before(state: str) -> None:
    world = World()
    model = world.upload()
    record = world.deploy(model)
    if state == "active":
        world.settle()
    with pytest.raises(Conflict) as refused:
        delete(world, model)
    assert refused.value.code == "model_deployed"
    assert refused.value.detail.startswith("Cannot delete a deployed model.")
    assert record.id in refused.value.next_step
    kept = owned.require_model(world.ports, ANNA, model.id).record
    assert replace(kept, nonce="") == model
    world.settle()
    assert world.read(record).status is Status.ACTIVE


class SecondLook:
    """Tables of a deletion: something happens just before it looks for deployments the second time."""

    def __init__(self, world: World, happens: Callable[[], object]) -> None:
        self._tables, self._happens, self._ranges = world.ports.tables, happens, 0

    def __getattr__(self, name: str) -> object:
        if name == "scan":
            self._ranges += 1
            if self._ranges == 3:  # a look reads two ranges
                self._happens()
        return getattr(self._tables, name)


def test_a_deployment_whose_turn_comes_while_its_model_is_looked_for_becomes_active() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    accepted: list[Deployment] = []
    once_before(world.effects, "records:Replace", lambda: accepted.append(world.deploy(model)))
    tables = SecondLook(world, lambda: world.turn(accepted[0]))
    with pytest.raises(Conflict) as refused:
        withdraw.delete_model(replace(world.ports, tables=tables), ANNA, model.id)  # type: ignore[arg-type]  # a stand-in
    assert refused.value.code == "model_deployed"
    assert "deletion" in world.read(accepted[0]).work.waiting
    world.settle()
    told = world.read(accepted[0])
    assert (told.status, told.model_deleted) == (Status.ACTIVE, False)


def test_a_deletion_that_was_called_off_cannot_call_off_the_next_one() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    slow = shelf.load_leaving(world.tables, model.user_key, model.id)
    assert slow is not None
    marked = withdraw._mark(world.ports, slow)
    once_before(world.effects, "blob:remove", lambda: withdraw._unmark(world.ports, marked))
    delete(world, model)
    assert is_gone(world, model)


def test_a_model_whose_deletion_is_called_off_keeps_its_description() -> None:
    world = World()
    model = world.upload()
    found = shelf.load_leaving(world.tables, model.user_key, model.id)
    assert found is not None
    marked = withdraw._mark(world.ports, found)
    world.blobs.remove(content.metadata_key(model.id))  # an earlier deletion came so far, and died
    withdraw._unmark(world.ports, marked)
    assert owned.require_model(world.ports, ANNA, model.id).record.leaving is None
    assert world.blobs.size(content.metadata_key(model.id))


def test_a_model_in_use_is_there_however_its_refused_deletion_ends() -> None:
    for at in range(40):
        world = World(operation_seconds=0)
        record = world.live()
        world.effects.plan(at, Fault.DIES_BEFORE)
        with suppress(Died, Conflict):
            withdraw.delete_model(world.ports, ANNA, record.model_id)
        assert owned.require_model(world.ports, ANNA, record.model_id).record.leaving is None


def test_what_is_left_of_a_failed_deployment_goes_first() -> None:
    world = World(operation_seconds=60)
    model = world.upload()
    world.cloud.broken_paths = _All()
    record = world.deploy(model)
    world.run_until(lambda: world.read(record).status is Status.FAILED)
    with pytest.raises(Conflict) as refused:
        delete(world, model)
    assert refused.value.retry_after
    world.settle()
    delete(world, model)


def test_anothers_model_cannot_be_deleted() -> None:
    world = World()
    model = world.upload()
    with pytest.raises(NotFound):
        delete(world, model, BERT)
    assert owned.require_model(world.ports, ANNA, model.id).record.leaving is None


def _deploy(world: World, model: Model, _: Deployment) -> object:
    return world.deploy(model)


def _retry(world: World, _: Model, record: Deployment) -> object:
    return world.retry(record)


@pytest.mark.parametrize("slips_in", [_deploy, _retry])
def test_whoever_deploys_it_meanwhile_is_refused_or_keeps_it_or_fails_clearly(
    slips_in: Callable[[World, Model, Deployment], object],
) -> None:
    """At each effect of the deletion somebody else deploys the model: the two never both succeed."""
    counted = World(operation_seconds=0)
    model = counted.upload()
    record = failed(counted, model)
    counted.effects.names.clear()
    delete(counted, model)
    outcomes = set()
    for at in range(len(counted.effects.names)):
        world = World(operation_seconds=0)
        model = world.upload()
        record = failed(world, model)
        _at(world, at, lambda w=world, m=model, r=record: suppressed(slips_in, w, m, r))  # type: ignore[misc]
        deleted = True
        try:
            delete(world, model)
        except Conflict:
            deleted = False
        world.settle()
        statuses = {each.status for each in listing.list_deployments(world.tables, ANNA.user_key)}
        assert is_gone(world, model) == deleted
        if deleted:
            assert statuses == {Status.FAILED}, at
            assert registered(world) == 0
        outcomes.add((deleted, Status.ACTIVE in statuses))
    assert (True, False) in outcomes
    assert (True, True) not in outcomes


def test_what_is_accepted_as_its_model_goes_and_deleted_at_once_knows_that_too() -> None:
    world = World()
    model = world.upload()
    _at(world, 2, lambda: delete(world, model))  # its name is claimed, and it is not admitted yet
    record = world.deploy(model)
    assert is_gone(world, model)
    world.delete(record)
    world.settle()
    told = world.read(record)
    assert (told.status, told.model_deleted) == (Status.DELETED, True)
    with pytest.raises(Conflict) as refused:
        world.redeploy(told)
    assert refused.value.code == "model_deleted"


def test_a_retry_that_commits_between_two_looks_calls_the_deletion_off() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    old, new = failed(world, model), failed(world, model)  # the new one is looked at first

    def commit_late() -> None:
        """What a retry does that had read the model before its deletion began."""
        stored = store.load_deployment(world.tables, ANNA.user_key, old.id)
        assert stored is not None
        record = replace(stored.record, status=Status.DEPLOYING)
        row = store.deployment_row(record, stored.row.etag)
        store.save(world.tables, world.ports.random, store.RECORDS, row)

    once_before(world.effects, "remove_model", commit_late)
    with pytest.raises(Conflict) as refused:
        delete(world, model)
    assert refused.value.code == "model_deployed"
    assert world.read(new).model_deleted
    world.retry(new)
    world.run_until(lambda: world.read(new).status is Status.ACTIVE)
    assert not world.read(new).model_deleted


def suppressed(do: Callable[..., object], *given: object) -> None:
    with suppress(Conflict, NotFound):
        do(*given)


def _at(world: World, number: int, happens: Callable[[], None]) -> None:
    """Just before the effect of this number something else happens."""
    left = [number]

    def before(_: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            world.effects.before = lambda _: None
            happens()

    world.effects.before = before


@pytest.mark.parametrize("fault", Fault)
def test_a_deletion_that_breaks_off_anywhere_is_hidden_and_goes_on_when_asked_again(
    fault: Fault,
) -> None:
    counted = World(operation_seconds=0)
    model = counted.upload()
    failed(counted, model)
    counted.effects.names.clear()
    delete(counted, model)
    for at in range(len(counted.effects.names)):
        world = World(operation_seconds=0)
        model = world.upload()
        record = failed(world, model)
        world.effects.plan(at, fault)
        with suppress(Died, StoreError, CloudError):
            delete(world, model)
        with suppress(NotFound):
            delete(world, model)
        assert is_gone(world, model), at
        assert world.read(record).model_deleted
        assert registered(world) == 0


def test_a_dataset_goes_with_its_description() -> None:
    world = World()
    made = add(world)
    withdraw.delete_artifact(world.ports, ANNA, ArtifactKind.DATASET, made.id)
    assert [each.key for each in world.blobs.list("artifacts/")] == []
    with pytest.raises(NotFound):
        withdraw.delete_artifact(world.ports, ANNA, ArtifactKind.DATASET, made.id)


# ------------------------------------------------------------------ reset


def test_a_reset_clears_the_catalogue_of_all_users_and_leaves_deployments() -> None:
    world = World(operation_seconds=0, policy=Policy(allow_reset=True))
    live = world.live(ANNA)
    add(world, user=BERT)
    upload(world, key="k", user=BERT)
    cleared = reset.reset_catalogue(world.ports, world.policy, OLGA)
    assert cleared.artifacts == 3
    for user in (ANNA, BERT):
        assert list(listing.list_models(world.tables, user.user_key)) == []
        assert list(listing.list_files(world.tables, user.user_key, ArtifactKind.DATASET)) == []
    assert (
        [each.key for each in world.blobs.list("artifacts/")]
        == [each.key for each in world.blobs.list("content/")]
        == []
    )
    told = world.read(live)
    assert (told.status, told.model_deleted) == (Status.ACTIVE, True)
    world.delete(live)
    world.settle()
    assert registered(world) == 0
    assert not upload(world, key="k", user=BERT).replayed  # as in a new environment


@pytest.mark.parametrize(
    ("user", "allowed", "code"),
    [(ANNA, True, "operators_only"), (OLGA, False, "reset_not_allowed")],
)
def test_a_reset_is_refused_elsewhere(user: Principal, allowed: bool, code: str) -> None:
    world = World(policy=Policy(allow_reset=allowed))
    model = world.upload()
    with pytest.raises(Forbidden) as refused:
        reset.reset_catalogue(world.ports, world.policy, user)
    assert refused.value.code == code
    assert store.load_model(world.tables, model.user_key, model.id)


def test_an_upload_while_a_model_is_deleted_is_a_model_of_its_own() -> None:
    world = World()
    model = world.upload()
    others: list[Model] = []
    once_before(world.effects, "blob:remove", lambda: others.append(world.upload()))
    delete(world, model)
    assert owned.require_model(world.ports, ANNA, others[0].id).record.leaving is None
