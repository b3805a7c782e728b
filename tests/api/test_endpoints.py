"""Endpoints, keys and queued requests over HTTP."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import Trouble
from shared.domain.failures import failure
from shared.domain.records import Turn
from shared.service import store
from shared.service.queues import produce
from tests.api.serving import Server, key_of, problem_of, wrong_fields


@pytest.fixture
def deployed(server: Server) -> str:
    """A deployment on the endpoint Flowers."""
    return server.deploy(server.upload(), endpoint_name="Flowers", deployment_name="blue")


@pytest.mark.usefixtures("deployed")
def test_an_endpoint_is_shown_before_and_after_the_cloud_has_it(server: Server) -> None:
    before = server.get("/endpoints/Flowers").json()
    server.create_endpoint("Flowers")
    after = server.get("/endpoints/flowers").json()

    assert (before["state"], before["scoring_uri"]) == (None, None)
    assert (after["state"], after["name"]) == ("Succeeded", "Flowers")
    assert after["deployments"] == ["blue"]
    assert after["scoring_uri"].startswith("http")


@pytest.mark.usefixtures("deployed")
def test_keys_are_read_on_request_and_kept_nowhere(server: Server) -> None:
    missing = server.get("/endpoints/Flowers/keys")
    server.create_endpoint("Flowers")
    answer = server.get("/endpoints/Flowers/keys")

    assert problem_of(missing, 404)["code"] == "endpoint_not_ready"
    assert answer.json() == {
        "primary_key": "Flowers-primary-1",
        "secondary_key": "Flowers-secondary-1",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


@pytest.mark.usefixtures("deployed")
def test_somebody_elses_endpoint_of_the_name_in_the_cloud_is_not_shown(server: Server) -> None:
    server.cloud.put_endpoint("Flowers", tags={"owner": "somebody"}, traffic={})

    assert server.get("/endpoints/Flowers").json()["state"] is None
    assert problem_of(server.get("/endpoints/Flowers/keys"), 404)["code"] == "endpoint_not_ready"


def test_a_change_in_trouble_is_shown_as_what_the_endpoint_waits_for(
    server: Server, deployed: str
) -> None:
    stored = store.load_deployment(server.tables, key_of("local"), deployed)
    assert stored is not None
    work = replace(stored.record.work, trouble="HTTP 503: the words", met=Trouble.TRANSIENT)
    server.write(deployed, work=work)
    server.hold("Flowers", deployed)

    shown = server.get("/endpoints/Flowers").json()

    assert (shown["changing"], shown["changed_by"], shown["trouble"]) == (True, "blue", None)
    assert shown["waiting"].startswith("it is Azure's turn")
    assert shown["waiting"].endswith("Azure's words: HTTP 503: the words")


@pytest.mark.usefixtures("deployed")
def test_a_change_of_traffic_that_failed_tells_how_to_ask_again(server: Server) -> None:
    trouble = failure("change_failed", "No.", Turn.YOU, "Look.")
    server.write_endpoint("Flowers", trouble=trouble)

    told = server.get("/endpoints/Flowers").json()["trouble"]["next"]

    assert told.endswith("PUT /endpoints/Flowers/traffic")


@pytest.mark.parametrize("name", ["none", "a" * 33, "²³", "%00", "a'b", "---"])
def test_an_endpoint_that_is_not_there_is_404(server: Server, name: str) -> None:
    for path in (f"/endpoints/{name}", f"/endpoints/{name}/keys"):
        assert problem_of(server.get(path), 404)["code"] == "endpoint_not_found"


def send_event(server: Server, **data: Any) -> None:
    event = {"specversion": "1.0", "type": "trained", "source": "p", "id": "1", "data": data}
    policy = server.settings.policy
    produce.accept_event(server.ports, server.mint, policy, {"local"}, "local", json.dumps(event))


def test_a_queued_request_is_told_as_accepted_or_refused(server: Server) -> None:
    unknown = server.get("/requests?source=p&id=1")
    send_event(server, model_id="model-1-1763486943100000")
    refused = server.get("/requests?source=p&id=1").json()

    assert problem_of(unknown, 404)["code"] == "request_not_found"
    assert (refused["state"], refused["deployment_id"]) == ("refused", None)
    assert refused["problem"]["code"] == "model_not_found"


def test_an_accepted_one_names_its_deployment(server: Server) -> None:
    send_event(server, model_id=server.upload())

    accepted = server.get("/requests?source=p&id=1").json()

    assert (accepted["state"], accepted["problem"]) == ("accepted", None)
    assert server.get(f"/deployments/{accepted['deployment_id']}").is_success


def test_source_and_id_are_needed(server: Server) -> None:
    assert set(wrong_fields(server.get("/requests"))) == {"source", "id"}
