"""Artifacts over HTTP: stored, listed, shown, rated, deleted; a model is the same thing by both ways."""

import os
import pickle
import re

import pytest

from shared.domain.records import Status
from shared.service.catalogue.content import content_key
from tests.api.serving import UPLOAD_LIMIT, Server, model_bytes, problem_of, wrong_fields

ID = re.compile(r"(model|dataset|code)-1-[0-9]{16}")


def send_model(server: Server, key: str = "", path: str = "/artifacts/model") -> dict[str, str]:
    answer = server.post(
        path,
        data={"model_name": "iris"},
        files={"file": ("iris.pkl", model_bytes())},
        headers={"idempotency-key": key} if key else {},
    )
    assert answer.status_code == 201, answer.text
    shown: dict[str, str] = answer.json()
    return shown | {"replayed": answer.headers.get("idempotent-replayed", "")}


@pytest.mark.parametrize("kind", ["dataset", "code"])
def test_a_file_is_stored_and_answers_with_where_it_is(server: Server, kind: str) -> None:
    answer = server.send_file(kind, b"print('never run')", description="ours")

    assert answer.status_code == 201
    shown = answer.json()
    assert ID.fullmatch(shown["id"])
    assert (shown["type"], shown["name"], shown["filename"]) == (kind, "iris-train", "iris.csv")
    assert (shown["size"], shown["description"], shown["model"]) == (18, "ours", None)
    assert shown["content_present"] is True
    where = answer.headers["location"]
    assert where == f"http://127.0.0.1:7071/artifacts/{kind}/{shown['id']}?user_id=local"
    assert server.get(where).json() == shown
    assert server.get(shown["content"]).content == b"print('never run')"


def test_code_that_would_do_harm_is_kept_as_it_is_and_never_read(server: Server) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, ("false",)

    content = pickle.dumps(Harm())
    assert server.send_file("dataset", content).status_code == 201


def test_a_model_is_the_same_by_both_ways(server: Server) -> None:
    by_artifact, by_model = send_model(server), server.upload()

    shown = server.get(f"/models/{by_artifact['id']}").json()
    assert by_artifact["model"] == f"/models/{by_artifact['id']}"
    assert (shown["digest"], shown["verdict"]) == (by_artifact["sha256"], "clean")
    listed = [each["id"] for each in server.get("/artifacts/model").json()["artifacts"]]
    assert listed == [by_model, by_artifact["id"]]
    assert server.get(f"/artifacts/model/{by_model}").json()["name"] == "iris"


def test_one_key_is_one_model_by_whichever_way_it_is_sent(server: Server) -> None:
    first = send_model(server, "k")
    again = send_model(server, "k")
    other = send_model(server, "k", path="/models")

    assert (first["replayed"], again["replayed"], other["replayed"]) == ("", "true", "true")
    assert first["id"] == again["id"] == other["id"]
    assert server.get("/models").json()["total"] == 1


def test_one_key_is_one_file(server: Server) -> None:
    first, again = (server.send_file("dataset", key="k") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    other = server.send_file("code", key="k")
    assert problem_of(other, 422)["code"] == "idempotency_key_reused"


def test_wrong_fields_are_told_at_once_and_nothing_is_stored(server: Server) -> None:
    answer = server.post(
        "/artifacts/dataset",
        data={"name": "-", "description": "a\0b", "model_name": "x", "file": "no file"},
        files={"other": ("x", b"x")},
    )
    assert set(wrong_fields(answer)) == {"file", "name", "description", "model_name", "other"}
    wrong = server.send_model(license="my own")
    assert set(wrong_fields(wrong)) == {"license"}
    assert server.rows() == []


def test_a_file_beyond_the_limit_and_another_media_type_are_refused(server: Server) -> None:
    answer = server.send_file("code", b"x" * (UPLOAD_LIMIT + 1))
    assert problem_of(answer, 413)["code"] == "upload_too_large"
    assert problem_of(server.post("/artifacts/code", json={}), 415)
    assert server.rows() == []


def test_a_type_that_is_none_is_told(server: Server) -> None:
    for path in ("/artifacts/image", "/artifacts/image/image-1-0000000000000001"):
        assert set(wrong_fields(server.get(path))) == {"kind"}
    assert problem_of(server.post("/artifacts/image", json={}), 405)


@pytest.mark.parametrize("kind", ["dataset", "model"])
def test_pages_together_are_the_list(server: Server, kind: str) -> None:
    send = server.upload if kind == "model" else lambda: server.send_file(kind).json()["id"]
    whole = [send() for _ in range(5)][::-1]

    seen: list[str] = []
    address = f"/artifacts/{kind}?limit=2"
    while address:
        answer = server.get(address)
        seen += [each["id"] for each in answer.json()["artifacts"]]
        assert answer.json()["total"] == 5
        address = answer.links.get("next", {}).get("url", "")
    assert seen == whole
    tag = server.get(f"/artifacts/{kind}").headers["etag"]
    again = server.get(f"/artifacts/{kind}", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_what_is_not_in_the_store_is_told_of_one_and_of_a_list(server: Server) -> None:
    model_id, other = server.upload(), server.send_file("code").json()
    digest = server.get(f"/models/{model_id}").json()["digest"]
    paths = (f"/models/{model_id}", f"/artifacts/model/{model_id}")
    assert [server.get(path).json()["content_present"] for path in paths] == [True, True]
    server.blobs.remove(content_key(digest))

    assert [server.get(path).json()["content_present"] for path in paths] == [False, False]
    assert server.get(other["content"]).status_code == 200
    for check, expected in (("true", False), ("false", None)):
        [model] = server.get(f"/models?check={check}").json()["models"]
        [artifact] = server.get(f"/artifacts/model?check={check}").json()["artifacts"]
        assert model["content_present"] is artifact["content_present"] is expected
    problem = problem_of(server.send_deploy(model_id), 409)
    assert problem["code"] == "model_content_missing"
    server.upload()
    assert server.send_deploy(model_id).status_code == 202


def test_an_artifact_is_deleted_once(server: Server) -> None:
    shown = server.send_file("dataset").json()
    path = f"/artifacts/dataset/{shown['id']}"

    assert server.delete(path).json() == {"message": "Dataset deleted successfully"}
    for again in (server.delete(path), server.get(path), server.get(f"{path}/content")):
        assert problem_of(again, 404)["code"] == "artifact_not_found"
    assert server.get("/artifacts/dataset").json()["total"] == 0


@pytest.mark.parametrize("path", ["/models/{}", "/artifacts/model/{}"])
def test_a_deployed_model_is_not_deleted_and_a_past_one_is_with_its_marks(
    server: Server, path: str
) -> None:
    model_id = server.upload()
    deployment_id = server.deploy(model_id)
    path = path.format(model_id)

    problem = problem_of(server.delete(path), 409)
    assert problem["code"] == "model_deployed"
    assert problem["detail"].startswith("Cannot delete a deployed model.")
    shown = server.get(f"/deployments/{deployment_id}").json()
    assert (shown["is_active"], shown["model_deleted"]) == (False, False)
    server.finish(deployment_id, status=Status.FAILED)
    assert server.delete(path).json() == {"message": "Model deleted successfully"}
    assert problem_of(server.get(path), 404)["code"] == "model_not_found"
    shown = server.get(f"/deployments/{deployment_id}").json()
    assert (shown["is_active"], shown["model_deleted"]) == (False, True)
    again = server.post(f"/deployments/{deployment_id}/redeploy")
    assert problem_of(again, 409)["code"] == "model_deleted"


def test_only_what_passed_is_deployed_where_that_is_asked_for(server: Server) -> None:
    server.settings = server.settings.model_copy(update={"require_evaluation": True})
    answer = server.send_deploy(server.upload())
    assert problem_of(answer, 409)["code"] == "evaluation_not_passed"
    passed = server.upload(evaluation='{"passed": true}')
    assert server.send_deploy(passed).status_code == 202


def test_a_models_readiness_is_told_in_parts(server: Server) -> None:
    model_id = server.upload(license="MIT")

    shown = server.get(f"/artifacts/model/{model_id}/rate?instance_type=DS2_v2").json()

    assert (shown["model_id"], shown["instance_type"]) == (model_id, "Standard_DS2_v2")
    assert 0.5 < shown["score"] < 1
    assert shown["blocked"] is None
    parts = {each["part"]: each for each in shown["parts"]}
    assert parts["licence"]["score"] == 1
    assert "names" in parts["signature known"]["raise_by"]
    assert server.get(f"/models/{model_id}").json()["license"] == "MIT"
    wrong = server.get(f"/artifacts/model/{model_id}/rate?instance_type=big")
    assert set(wrong_fields(wrong)) == {"instance_type"}


def test_what_deploying_refuses_blocks_the_readiness_with_the_same_reason(server: Server) -> None:
    model_id = server.upload(evaluation='{"passed": false}')
    digest = server.get(f"/models/{model_id}").json()["digest"]

    def blocked_as_refused(code: str) -> bool:
        shown = server.get(f"/artifacts/model/{model_id}/rate").json()
        refused = problem_of(server.send_deploy(model_id), 409)
        told = f"{refused['detail']} {refused['next']}"
        return (shown["score"], shown["blocked"], refused["code"]) == (0, told, code)

    server.settings = server.settings.model_copy(update={"require_evaluation": True})
    assert blocked_as_refused("evaluation_not_passed")
    server.settings = server.settings.model_copy(update={"require_evaluation": False})
    assert server.get(f"/artifacts/model/{model_id}/rate").json()["blocked"] is None
    server.blobs.remove(content_key(digest))
    assert blocked_as_refused("model_content_missing")


def as_operator(server: Server, **settings: object) -> None:
    server.settings = server.settings.model_copy(update={"operators": ("local",), **settings})


def test_a_test_environment_is_cleared_by_its_operators_only(server: Server) -> None:
    server.upload()
    server.send_file("code", user="ann")
    assert problem_of(server.post("/artifacts/reset"), 403)["code"] == "operators_only"
    as_operator(server)
    assert problem_of(server.post("/artifacts/reset"), 403)["code"] == "reset_not_allowed"
    as_operator(server, allow_reset=True)

    assert server.post("/artifacts/reset").json()["artifacts"] == 2

    assert server.get("/models").json()["total"] == 0
    assert server.get("/artifacts/code?user_id=ann").json()["total"] == 0
    assert server.send_model().status_code == 201
