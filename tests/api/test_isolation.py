"""What one user has does not exist for another: every route of the OpenAPI, tried by both."""

import json
from typing import Any

import pytest

from shared.domain.records import Status
from shared.service.queues import produce
from tests.api.described import body_of, described, operations
from tests.api.serving import Server, problem_of

SOURCE, EVENT_ID = "pipeline", "run-1"
EMPTY: dict[str, Any] = {
    "/models": {"models": [], "total": 0, "next_page": None, "registry_check_available": None},
    "/artifacts/{kind}": {"artifacts": [], "total": 0, "next_page": None},
    "/uploads": {"uploads": [], "total": 0, "next_page": None},
    "/deployments": {"deployments": [], "total": 0, "next_page": None},
    "/deployments/list": {"deployments": [], "total": 0, "next_page": None},
    "/deployments/stats": {
        "total_deployments": 0,
        "active_deployments": 0,
        "deploying_count": 0,
        "failed_deployments": 0,
        "last_deployment_date": None,
    },
}
EMPTY["/stats"] = {
    **EMPTY["/deployments/stats"],
    "models_registered": 0,
    "models_deployed": 0,
    "catalogue_entries": 0,
    "being_removed": 0,
    "cost_a_month": 0.0,
    "cost_note": "An estimate in USD for 730 hours, of all deployments that are there or on their way.",
}
NOBODYS = {
    ("get", "/health"),
    ("get", "/prices"),
    ("get", "/dead-letters"),  # this and the rest are operators'
    ("get", "/exceptions"),
    ("post", "/exceptions"),
    ("delete", "/exceptions/{digest}"),
    ("post", "/artifacts/reset"),
    ("post", "/reconcile"),
    ("get", "/reconcile/runs"),
    ("get", "/reconcile/runs/{run_id}"),
    ("get", "/reconcile/runs/{run_id}/findings"),
    ("post", "/reconcile/runs/{run_id}/apply"),
}
OWN_MAKING = {  # makes a thing of the caller's own, out of nothing of another's
    ("post", "/models"),
    ("post", "/artifacts/model"),
    ("post", "/artifacts/dataset"),
    ("post", "/artifacts/code"),
    ("post", "/uploads"),
    ("post", "/models/from"),
}


DOCUMENT = described()
OPERATIONS = [
    (method, path)
    for method, path, _ in operations(DOCUMENT)
    if (method, path) not in NOBODYS | OWN_MAKING
]
NAMES = [" ".join(each) for each in OPERATIONS]
TELLS_STATE = {  # what the owner is told, who can ask for it, but not now
    "get /deployments/{deployment_id}/logs": "no_logs",
    "post /deployments/{deployment_id}/retry": "not_failed",
    "post /deployments/{deployment_id}/redeploy": "not_over",
    "put /endpoints/{name}/traffic": "nothing_active",
    "delete /models/{model_id}": "model_deployed",
    "post /uploads/{upload_id}/confirm": "upload_missing",
}


@pytest.fixture
def anns(server: Server) -> dict[str, str]:
    """Ann's things by the names of the API's parameters: a model, a deployment by queue, its endpoint."""
    model_id = server.upload("ann")
    event = {
        "specversion": "1.0",
        "type": "trained",
        "source": SOURCE,
        "id": EVENT_ID,
        "data": {"user_id": "ann", "model_id": model_id, "endpoint_name": "flowers"},
    }
    policy = server.settings.policy
    produce.accept_event(server.ports, server.mint, policy, {"ann"}, "local", json.dumps(event))
    [deployment] = server.get("/deployments/list?user_id=ann").json()["deployments"]
    server.create_endpoint("flowers", "ann")
    artifact_id = server.send_file("dataset", user="ann").json()["id"]
    upload = server.post("/uploads?user_id=ann", json={"model_name": "iris"}).json()
    return {
        "model_id": model_id,
        "deployment_id": deployment["id"],
        "name": "flowers",
        "artifact_id": artifact_id,
        "upload_id": upload["upload_id"],
        "kind": "dataset",
    }


def ask(server: Server, method: str, path: str, things: dict[str, str], user: str) -> Any:
    query = {"user_id": user}
    if path == "/requests":
        query |= {"source": SOURCE, "id": EVENT_ID}
    sent = body_of(DOCUMENT, DOCUMENT["paths"][path][method], things)
    return server.send(method.upper(), path.format(**things), params=query, **sent)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=NAMES)
def test_another_users_things_are_not_there(
    server: Server, anns: dict[str, str], method: str, path: str
) -> None:
    before = server.rows()

    answer = ask(server, method, path, anns, "bob")

    if path in EMPTY and method == "get":
        assert answer.json() == EMPTY[path]
    else:
        problem = problem_of(answer, 404)
        absent = {**anns, "deployment_id": "20200101000000000000"}
        absent |= {"model_id": "model-1-1577836800000000", "name": "nowhere"}
        absent |= {"artifact_id": "dataset-1-1577836800000000"}
        absent |= {"upload_id": "20200101000000000001"}
        other = ask(server, method, path, absent, "bob")
        for given, missing in zip(anns.values(), absent.values(), strict=True):
            problem = json.loads(json.dumps(problem).replace(given, missing))
        if path != "/requests":
            assert problem == other.json()  # and cannot be told from what nobody has
    assert server.rows() == before


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=NAMES)
def test_the_owner_gets_to_them_by_the_same_request(
    server: Server, anns: dict[str, str], method: str, path: str
) -> None:
    answer = ask(server, method, path, anns, "ann")

    if told := TELLS_STATE.get(f"{method} {path}"):
        assert problem_of(answer, answer.status_code)["code"] == told
    else:
        assert answer.is_success, answer.text
        assert path not in EMPTY or answer.json() != EMPTY[path]


@pytest.mark.parametrize("status", Status)
def test_a_list_of_any_status_holds_ones_own_only(
    server: Server, anns: dict[str, str], status: Status
) -> None:
    if status is Status.DELETED:
        server.delete(f"/deployments/{anns['deployment_id']}?user_id=ann").raise_for_status()
    else:
        server.write(anns["deployment_id"], "ann", status=status)

    answer = server.get("/deployments/list", params={"status": status, "user_id": "bob"})

    assert answer.json() == EMPTY["/deployments/list"]


def test_a_page_token_of_another_user_leads_to_ones_own_list(server: Server) -> None:
    for _ in range(2):
        server.upload("ann")
    token = server.get("/models?user_id=ann&limit=1").json()["next_page"]

    answer = server.get("/models", params={"user_id": "bob", "page": token})

    assert answer.json() == EMPTY["/models"]


def test_another_users_endpoint_cannot_be_joined(server: Server, anns: dict[str, str]) -> None:
    answer = server.send_deploy(server.upload("bob"), "bob", endpoint_name=anns["name"].upper())

    assert problem_of(answer, 409)["code"] == "endpoint_taken"
    assert "ann" not in answer.text


def test_one_content_uploaded_by_two_users_is_two_models(server: Server) -> None:
    anns, bobs = server.upload("ann"), server.upload("bob")

    assert anns != bobs
    server.delete(f"/deployments/{server.deploy(bobs, 'bob')}?user_id=bob")
    assert server.get(f"/models/{anns}?user_id=ann").is_success
