"""Models that stay in the registry: judged where they lie, deployed as they are, and nobody else's."""

from dataclasses import replace
from typing import BinaryIO

import pytest

from shared.cloud_ports import NewModel
from shared.domain.catalogue.exceptions import ExceptionRequest
from shared.domain.catalogue.intakes import IntakeState
from shared.domain.catalogue.sources import DatastoreSource
from shared.domain.errors import Conflict
from shared.domain.failures import MODEL_GONE
from shared.domain.inspection import Inspection, Verdict
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Model, Status
from shared.service import owned
from shared.service.catalogue import exceptions
from tests.service.arriving import Arrivals, Ended
from tests.service.sample import CONTENT, DIGEST, inspection
from tests.service.test_intakes import refused
from tests.service.world import ANNA, BERT


def register(world: Arrivals, name: str = "theirs", **tags: str) -> str:
    """A model that somebody registered by hand, whose one file lies in our datastore."""
    path = f"by-hand/{name}"
    world.blobs.put(f"{path}/MLmodel", b"flavors: {}")
    world.sources.contents[str(DatastoreSource(path))] = CONTENT
    model = NewModel(name=name, version="7", path=path, description="", tags=tags)
    world.cloud.register_model(model)
    return f"azureml:{name}:7"


def stored(world: Arrivals, source: str) -> Model:
    intake = world.take_from(source)
    world.rest()
    seen = world.see(intake)
    assert seen.state is IntakeState.STORED, seen.problem
    return owned.require_model(world.ports, ANNA, seen.artifact_id).record


def ended(world: Arrivals, source: str, user: Principal = ANNA) -> Ended:
    intake = world.take_from(source, user)
    world.rest()
    seen = world.see(intake, user)
    return Ended(seen.state, str(seen.problem.get("code", "")))


def test_a_registered_model_is_recorded_without_a_copy() -> None:
    world = Arrivals()
    model = stored(world, register(world))

    assert (model.registry_name, model.registry_version) == ("theirs", "7")
    assert [key for key in world.blob_keys() if key.startswith("content/")] == []


def test_it_is_deployed_in_that_very_version_and_left_where_it_is() -> None:
    world = Arrivals()
    record = world.deploy(stored(world, register(world)))
    world.settle()

    record = world.read(record)
    assert record.status is Status.ACTIVE, record.failure
    assert (record.azure_model_name, record.azure_model_version) == ("theirs", "7")
    assert world.in_cloud().models == ["theirs"]
    world.delete(record)
    world.settle()
    assert world.in_cloud().models == ["theirs"]


def test_one_that_is_gone_when_it_is_to_be_deployed_is_refused_in_the_known_words() -> None:
    world = Arrivals()
    model = stored(world, register(world))
    world.cloud.remove_model("theirs", "7")

    with pytest.raises(Conflict) as caught:
        world.deploy(model)

    assert caught.value.code == "model_not_in_registry"
    assert caught.value.detail == MODEL_GONE


def test_one_that_goes_after_its_deployment_was_accepted_fails_it() -> None:
    world = Arrivals()
    record = world.deploy(stored(world, register(world)))
    world.cloud.remove_model("theirs", "7")
    world.settle()

    record = world.read(record)
    assert record.status is Status.FAILED
    assert record.failure
    assert record.failure.code == "model_not_in_registry"
    assert world.in_cloud().models == []


class Doubting:
    """A `ModelReader` that does not know one of the names that the sample asks for."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        assert content.read(1)
        return replace(
            inspection(), digest=digest, verdict=Verdict.UNKNOWN, refused=("mypkg.Scorer",)
        )


def test_one_whose_exception_is_revoked_before_its_turn_fails_and_goes_on_under_a_new_one() -> None:
    world = Arrivals()
    world.intake_ports = replace(world.intake_ports, reader=Doubting())
    olga = Principal(user_id="olga", issuer="tests", is_operator=True)
    decision = {"digest": DIGEST, "names": ["mypkg.Scorer"], "reason": "Reviewed."}
    wanted = ExceptionRequest.model_validate(decision)
    exceptions.allow(world.ports, olga, wanted)
    record = world.deploy(stored(world, register(world)))
    exceptions.revoke(world.ports, olga, DIGEST)
    world.settle()

    failed = world.read(record)
    assert failed.status is Status.FAILED
    assert failed.failure
    assert failed.failure.code == "model_unsafe"
    assert "No exception lets it in any more" in failed.failure.cause
    assert world.in_cloud().deployments == []

    exceptions.allow(world.ports, olga, wanted)
    world.retry(record)
    world.settle()
    again = world.read(record)
    assert again.status is Status.ACTIVE, again.failure
    assert again.grant
    assert again.grant.number == 2
    told = [each.text for each in world.events(record) if each.name == "step_done"]
    assert any("Exception 2 of its content lets it in" in each for each in told)


def test_what_the_registry_does_not_have_is_told() -> None:
    assert ended(Arrivals(), "azureml:nothing:1") == refused("model_not_in_registry")


def test_what_another_users_deployment_registered_is_not_there() -> None:
    world = Arrivals()
    live: Deployment = world.live()
    source = f"azureml:{live.azure_model_name}:{live.azure_model_version}"
    world.sources.contents[str(DatastoreSource(f"packages/{live.package_digest}"))] = CONTENT

    assert ended(world, source, BERT) == refused("model_not_in_registry")
    assert ended(world, source, ANNA) == Ended(IntakeState.STORED, "")


@pytest.mark.parametrize(
    ("kind", "uri", "code"),
    [
        ("custom_model", "", "model_format_unsupported"),
        ("mlflow_model", "azureml://datastores/other/paths/m", "source_not_readable"),
        ("mlflow_model", "https://account.blob.core.windows.net/c/m", "source_not_readable"),
        ("mlflow_model", "", "source_not_readable"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: str, uri: str, code: str
) -> None:
    world = Arrivals()
    source = register(world)
    found = world.cloud.find_model("theirs", "7")
    assert found
    shown = replace(found, kind=kind, uri=uri)
    monkeypatch.setattr(world.cloud, "find_model", lambda *_: shown)

    assert ended(world, source) == refused(code)


@pytest.mark.parametrize(
    "uri",
    [
        "azureml://datastores/workspaceblobstore/paths/by-hand/theirs/",
        "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores/workspaceblobstore/paths/by-hand/theirs",
        "azureml://subscriptions/s/resourcegroups/g/providers/Any/workspaces/w/datastores/workspaceblobstore/paths/by-hand/theirs",
    ],
)
def test_our_datastore_is_known_in_every_way_that_azure_writes_it(
    monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    world = Arrivals()
    source = register(world)
    found = world.cloud.find_model("theirs", "7")
    assert found
    shown = replace(found, uri=uri)
    monkeypatch.setattr(world.cloud, "find_model", lambda *_: shown)

    assert stored(world, source).registry_name == "theirs"
