"""`Idempotency-Key`: the same request again is answered as the first, and makes nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import Status
from shared.domain.requests import KEY_DAYS, request_key
from shared.service import store
from tests.api.serving import Server, key_of, problem_of

KEY = "run-17"
OTHER_MODEL = "model-1-1577836800000000"


def hints(server: Server) -> int:
    """How many messages wait for the worker; takes them."""
    taken = 0
    while message := server.queue.receive(DEPLOY_JOBS, lease=60):
        server.queue.delete(DEPLOY_JOBS, message)
        taken += 1
    return taken


@pytest.mark.parametrize("path", ["/deployments", "/deployments/deploy"])
def test_the_same_request_again_is_answered_with_the_same_deployment(
    server: Server, path: str
) -> None:
    body = {"model_id": server.upload(), "endpoint_name": "flowers"}

    first = server.send_keyed(KEY, body)
    again = server.send_keyed(KEY, body | {"instance_count": 1}, path=path)  # the default, said

    assert (first.status_code, again.status_code) == (202, 202)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    for name in ("location", "operation-location", "retry-after"):
        assert again.headers[name] == first.headers[name]
    assert server.count() == 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.DEPLOYING, "Follow it"),
        (Status.ACTIVE, "active by now"),
        (Status.FAILED, "failed by now"),
        (Status.DELETED, "deleted since"),
    ],
)
def test_a_replay_shows_the_deployment_as_it_is_by_then(
    server: Server, status: Status, told: str
) -> None:
    body = {"model_id": server.upload()}
    deployment_id = server.send_keyed(KEY, body).json()["deployment_id"]
    if status is Status.DELETED:
        server.delete(f"/deployments/{deployment_id}").raise_for_status()
    else:
        server.write(deployment_id, status=status)

    again = server.send_keyed(KEY, body)

    assert again.status_code == 202
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["deployment_id"] == deployment_id
    assert again.json()["status"] == status
    assert told in again.json()["message"]
    assert f"GET /deployments/{deployment_id}" in again.json()["message"]


def test_a_replay_sends_the_hint_that_may_be_lost_unless_all_is_done(server: Server) -> None:
    body = {"model_id": server.upload()}
    deployment_id = server.send_keyed(KEY, body).json()["deployment_id"]
    assert hints(server) == 1

    server.send_keyed(KEY, body)
    assert hints(server) == 1

    server.finish(deployment_id, status=Status.ACTIVE)
    server.send_keyed(KEY, body)
    assert hints(server) == 0


def test_the_same_upload_again_is_answered_with_the_same_model(server: Server) -> None:
    first = server.send_model(key=KEY, metrics='{"accuracy": 0.9}')
    again = server.send_model(key=KEY, metrics='{ "accuracy":0.90 }')

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert server.get("/models").json()["total"] == 1


def test_a_key_is_forgotten_after_eight_days(server: Server) -> None:
    assert KEY_DAYS == 8
    body = {"model_id": server.upload()}
    first, model = server.send_keyed(KEY, body).json(), server.send_model(key="other").json()

    server.clock.advance(timedelta(days=8).total_seconds() - 1)
    assert server.send_keyed(KEY, body).json() == first
    assert server.send_model(key="other").json() == model

    server.clock.advance(1)
    second = server.send_keyed(KEY, body)
    assert second.json()["deployment_id"] != first["deployment_id"]
    assert "idempotent-replayed" not in second.headers
    assert server.send_model(key="other").json()["id"] != model["id"]
    assert server.send_keyed(KEY, body).json() == second.json()
    assert server.count() == 2


def test_a_fingerprint_that_another_version_made_leaves_it_to_the_key(server: Server) -> None:
    body = {"model_id": server.upload()}
    first = server.send_keyed(KEY, body).json()
    stored = store.load_request(server.tables, key_of("local"), request_key("", "run-17"))
    assert stored is not None
    older = replace(stored.record, fingerprint="0" * 64)
    row = store.request_row(key_of("local"), older, stored.row.etag)
    store.save(server.tables, server.ports.random, store.RECORDS, row)

    assert server.send_keyed(KEY, body).json() == first


@pytest.mark.parametrize(
    "other", [{"instance_count": 2}, {"description": "x"}, {"model_id": OTHER_MODEL}]
)
def test_another_request_under_the_key_is_refused(server: Server, other: dict[str, Any]) -> None:
    body = {"model_id": server.upload()}
    server.send_keyed(KEY, body)

    assert problem_of(server.send_keyed(KEY, body | other), 422)["code"] == "idempotency_key_reused"
    assert server.count() == 1


def test_a_key_of_one_route_is_refused_by_another(server: Server) -> None:
    body = {"model_id": server.send_model(key="upload").json()["id"]}
    deployment_id = server.send_keyed("deploy", body).json()["deployment_id"]
    paths = {"deploy": "/deployments"}
    before = server.rows()

    assert deployment_id
    for key in ("upload", "deploy"):
        for name in set(paths) - {key}:
            answer = server.send_keyed(key, body, path=paths[name])
            assert problem_of(answer, 422)["code"] == "idempotency_key_reused"
    assert problem_of(server.send_model(key="deploy"), 422)["code"] == "idempotency_key_reused"
    assert server.rows() == before


def test_another_users_key_is_another_key(server: Server) -> None:
    ids = set()
    for user in ("ann", "bob"):
        body = {"model_id": server.upload(user)}
        answer = server.send_keyed(KEY, body, params={"user_id": user})
        assert "idempotent-replayed" not in answer.headers
        ids.add(answer.json()["deployment_id"])
    assert len(ids) == 2


def test_requests_without_a_key_are_each_a_new_one(server: Server) -> None:
    body = {"model_id": server.upload()}

    answers = [server.post("/deployments", json=body) for _ in range(2)]

    assert len({each.json()["deployment_id"] for each in answers}) == 2
    assert not [each for each in answers if "idempotent-replayed" in each.headers]


CREATES_NOTHING = {
    "/endpoints/{name}/keys/rotate",
    "/exceptions",  # the same said twice is one
    "/reconcile",  # one at a time
    "/reconcile/runs/{run_id}/apply",
    "/artifacts/reset",
    "/uploads/{upload_id}/confirm",  # what it makes has the id of the upload
}


def test_every_post_that_creates_takes_a_key_and_says_for_how_long(server: Server) -> None:
    document = server.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        if "post" not in methods or path in CREATES_NOTHING:
            continue
        operation = methods["post"]
        [header] = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
        assert (header["in"], header["required"]) == ("header", False)
        assert f"{KEY_DAYS} days" in header["description"]
        [done] = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
        assert "Idempotent-Replayed" in done["headers"]
        assert {"400", "409", "422"} <= set(operation["responses"])


def test_errors_of_a_key_are_told_where_one_is_taken_and_only_there(server: Server) -> None:
    document = server.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = {each["name"] for each in operation.get("parameters", [])}
            for status in {"400", "422"} & set(operation["responses"]):
                told = "Idempotency-Key" in operation["responses"][status]["description"]
                assert told == ("Idempotency-Key" in names), (method, path, status)
