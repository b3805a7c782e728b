"""Retry and redeploy over HTTP."""

from typing import Any

import pytest

from shared.domain.records import Failure, Status, Turn
from tests.api.serving import HERE, Server, problem_of

OVER = Failure(code="quota", cause="No cores.", whose_turn=Turn.YOU, next="Ask.", cloud="Quota")


def failed(server: Server, **fields: Any) -> str:
    """A deployment that has failed."""
    deployment_id = server.deploy(server.upload(), **fields)
    server.write(deployment_id, status=Status.FAILED, failure=OVER)
    return deployment_id


def test_a_failed_deployment_is_tried_again_under_its_id(server: Server) -> None:
    deployment_id = failed(server, endpoint_name="flowers")
    shown = server.get(f"/deployments/{deployment_id}").json()
    assert shown["failure"] == {
        "code": "quota",
        "cause": "No cores.",
        "whose_turn": "you",
        "next": f"Ask. To try again with the same settings: POST /deployments/{deployment_id}/retry",
        "cloud": "Quota",
    }

    answer = server.post(f"/deployments/{deployment_id}/retry")

    assert answer.status_code == 202
    assert answer.json()["deployment_id"] == deployment_id
    assert answer.json()["status"] == "deploying"
    monitor = f"{HERE}/deployments/{deployment_id}"
    assert answer.headers["location"] == answer.headers["operation-location"] == monitor
    shown = server.get(f"/deployments/{deployment_id}").json()
    assert (shown["status"], shown["failure"], shown["error_message"]) == ("deploying", None, None)


def test_what_has_failed_or_was_deleted_is_deployed_again_as_a_new_one(server: Server) -> None:
    old = failed(server, description="Fisher's", instance_count=2)

    answer = server.post(f"/deployments/{old}/redeploy")

    assert answer.status_code == 202
    new = answer.json()["deployment_id"]
    assert new != old
    assert answer.headers["operation-location"] == f"{HERE}/deployments/{new}"
    shown, before = (server.get(f"/deployments/{each}").json() for each in (new, old))
    assert shown["deployment_config"] == before["deployment_config"]
    server.delete(f"/deployments/{new}")
    assert server.post(f"/deployments/{new}/redeploy").status_code == 202


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.DEPLOYING])
def test_what_goes_on_is_neither_retried_nor_redeployed(server: Server, status: Status) -> None:
    deployment_id = server.deploy(server.upload())
    server.write(deployment_id, status=status)
    before = server.rows()

    for way, code in (("retry", "not_failed"), ("redeploy", "not_over")):
        answer = server.post(f"/deployments/{deployment_id}/{way}")
        assert problem_of(answer, 409)["code"] == code
    assert server.rows() == before


def test_an_id_that_is_not_there_is_404(server: Server) -> None:
    for way in ("retry", "redeploy"):
        answer = server.post(f"/deployments/{'9' * 20}/{way}")
        assert problem_of(answer, 404)["code"] == "deployment_not_found"


@pytest.mark.parametrize("way", ["retry", "redeploy"])
def test_the_same_request_under_a_key_is_done_once(server: Server, way: str) -> None:
    deployment_id = failed(server)
    path, headers = f"/deployments/{deployment_id}/{way}", {"idempotency-key": "again"}

    first = server.post(path, headers=headers)
    server.write(first.json()["deployment_id"], status=Status.FAILED)
    events = server.get(f"/deployments/{deployment_id}/events").json()
    again = server.post(path, headers=headers)

    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert again.json()["deployment_id"] == first.json()["deployment_id"]
    assert again.json()["status"] == "failed"
    assert server.get(f"/deployments/{deployment_id}/events").json() == events
    other = server.post(f"/deployments/{failed(server)}/{way}", headers=headers)
    assert problem_of(other, 422)["code"] == "idempotency_key_reused"


def test_many_retries_at_once_under_one_key_are_one_try(server: Server) -> None:
    deployment_id = failed(server)
    sent = {"headers": {"idempotency-key": "again"}}

    answers = server.send_together(*[("POST", f"/deployments/{deployment_id}/retry", sent)] * 20)

    assert {each.status_code for each in answers} == {202}
    assert sum("idempotent-replayed" not in each.headers for each in answers) == 1
    events = server.get(f"/deployments/{deployment_id}/events").json()["events"]
    assert [each["name"] for each in events] == ["accepted", "retried"]


def test_a_retry_for_another_version_than_the_present_is_412(server: Server) -> None:
    deployment_id = failed(server)
    path = f"/deployments/{deployment_id}"
    tag = server.get(path).headers["etag"]
    key = {"idempotency-key": "again"}

    stale = server.post(f"{path}/retry", headers={"if-match": '"older"'})
    first = server.post(f"{path}/retry", headers={"if-match": tag} | key)
    again = server.post(f"{path}/retry", headers={"if-match": tag} | key)

    assert problem_of(stale, 412)["code"] == "precondition_failed"
    assert first.status_code == 202
    assert again.headers["idempotent-replayed"] == "true"  # it has changed, by this very request
