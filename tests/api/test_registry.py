"""What lists and pages say of the registry, and of deployments that the cloud has otherwise than the record."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.cloud_ports import NewModel
from shared.domain.errors import CloudError, Trouble
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.marks import Mark
from shared.domain.records import Status
from shared.service import marks
from tests.api.serving import Server, key_of


def live(server: Server, model_id: str) -> str:
    """An active deployment whose model is registered."""
    deployment_id = server.deploy(model_id)
    name = f"model_iris_{deployment_id}"
    version = NewModel(name=name, version="1", path="packages/p", description="", tags={})
    server.cloud.register_model(version)
    server.finish(deployment_id, status=Status.ACTIVE, azure_model_version="1")
    return deployment_id


def mark(server: Server, thing_id: str, case: Case, text: str = "It is not there.") -> None:
    since = server.clock.now()
    marked = Mark(user_key=key_of("local"), thing_id=thing_id, case=case, text=text, since=since)
    marks.put(server.ports, marked)


def silent(*_args: object) -> Iterator[Any]:
    raise CloudError(Trouble.TRANSIENT, "503", "no answer")


def test_a_list_tells_of_each_model_whether_it_is_registered_and_once_whether_that_was_seen(
    server: Server,
) -> None:
    there, gone, never = server.upload(), server.upload(), server.upload()
    live(server, there)
    name = f"model_iris_{live(server, gone)}"
    server.cloud.remove_model(name, "1")

    shown = server.get("/models").json()

    told = {each["id"]: each["registry_verified"] for each in shown["models"]}
    assert told == {there: True, gone: False, never: None}
    assert shown["registry_check_available"] is True
    for model_id, verified in told.items():
        assert server.get(f"/models/{model_id}").json()["registry_verified"] is verified


def test_where_nothing_was_registered_nothing_was_looked_for(server: Server) -> None:
    server.upload()
    shown = server.get("/models").json()
    assert shown["registry_check_available"] is None
    assert [each["registry_verified"] for each in shown["models"]] == [None]


def test_a_list_is_there_while_azure_is_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = server.upload(), server.upload()
    live(server, kept)
    mark(server, live(server, lost), Case.DEPLOYED_MODEL_GONE)
    for name in ("find_model", "list_models"):
        monkeypatch.setattr(server.cloud, name, silent)

    shown = server.get("/models").json()

    told = {each["id"]: each["registry_verified"] for each in shown["models"]}
    assert told == {kept: True, lost: False}
    assert shown["registry_check_available"] is False


def test_a_deployment_that_the_nightly_run_found_changed_says_how(server: Server) -> None:
    deployment_id = live(server, server.upload())
    mark(server, deployment_id, Case.DEPLOYMENT_BROKEN, "Azure ML says it is Failed.")
    mark(server, deployment_id, Case.DEPLOYED_MODEL_GONE, "The registry has it no more.")

    page = server.get(f"/deployments/{deployment_id}").json()
    [listed] = server.get("/deployments").json()["deployments"]

    for shown in (page, listed):
        conditions = {each["type"]: each for each in shown["conditions"]}
        assert conditions["Ready"]["status"] == "True"
        assert conditions["Drifted"]["status"] == "True"
        told = conditions["Drifted"]["message"]
        assert "Azure ML says it is Failed." in told
        assert "The registry has it no more." in told


def test_one_that_has_ended_since_is_not_called_changed(server: Server) -> None:
    deployment_id = live(server, server.upload())
    mark(server, deployment_id, Case.DEPLOYMENT_BROKEN)
    server.write(deployment_id, status=Status.FAILED)

    page = server.get(f"/deployments/{deployment_id}").json()

    assert "Drifted" not in {each["type"] for each in page["conditions"]}


def test_a_model_that_is_marked_is_not_counted_as_registered(server: Server) -> None:
    deployment_id = live(server, server.upload())
    assert server.get("/stats").json()["models_registered"] == 1
    mark(server, deployment_id, Case.DEPLOYED_MODEL_GONE)
    assert server.get("/stats").json()["models_registered"] == 0
