"""What a body may be: JSON that can be read in one way only, and none where none is taken."""

from collections.abc import AsyncIterator

import pytest

from shared.domain.records import Status
from tests.api.serving import Server, model_bytes, problem_of, wrong_fields

JSON = {"content-type": "application/json"}
BROKEN = "{{{"


@pytest.mark.parametrize(
    ("method", "path", "body", "key"),
    [
        ("PUT", "/endpoints/a/traffic", '{"traffic": {"blue": 100, "blue": 0}}', "blue"),
        ("POST", "/endpoints/a/keys/rotate", '{"key": "primary", "key": "secondary"}', "key"),
        ("POST", "/deployments", '{"model_id": "a", "model_\\u0069d": "a"}', "model_id"),
        ("POST", "/deployments/deploy", '{"model_id": "a", "x": [{"ö": 1, "ö": 1}]}', "ö"),
    ],
)
def test_a_key_that_comes_twice_is_refused_by_name(
    server: Server, method: str, path: str, body: str, key: str
) -> None:
    answer = server.send(method, path, content=body.encode(), headers=JSON)

    problem = problem_of(answer, 400)
    assert problem["code"] == "malformed_body"
    assert f"the key {key!r} comes twice" in problem["detail"]


@pytest.mark.parametrize("path", ["/models", "/artifacts/model", "/artifacts/code"])
def test_a_part_of_a_form_that_comes_twice_is_refused_by_name(server: Server, path: str) -> None:
    files = [("file", ("a.pkl", model_bytes())), ("file", ("b.pkl", model_bytes()))]
    name = "name" if path == "/artifacts/code" else "model_name"

    answer = server.post(path, data={name: ["iris", "wine"], "description": "d"}, files=files)

    assert wrong_fields(answer) == dict.fromkeys([name, "file"], "must be there once")
    assert server.rows() == []


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"b": {"a": 1, "\\u0061": 2}}'])
def test_a_key_that_comes_twice_in_the_json_of_a_form_is_refused(server: Server, text: str) -> None:
    answer = server.send_model(evaluation=text)

    assert "a key comes twice in one object" in wrong_fields(answer)["evaluation"]
    assert server.rows() == []


def test_half_a_character_as_a_key_and_a_long_one_can_be_told(server: Server) -> None:
    for key in ("\\ud800", "k" * 50_000):
        body = f'{{"{key}": 1, "{key}": 2}}'
        answer = server.post("/deployments", content=body, headers=JSON)
        assert len(problem_of(answer, 400)["detail"]) < 200


def test_the_same_key_in_two_objects_is_read(server: Server) -> None:
    body = '{"model_id": "none", "environment_variables": {"model_id": "x"}}'

    answer = server.post("/deployments", content=body, headers=JSON)

    assert problem_of(answer, 404)["code"] == "model_not_found"


@pytest.mark.parametrize("way", ["retry", "redeploy"])
@pytest.mark.parametrize(
    "body", ['{"endpoint_name": "x"}', BROKEN, "[]", "null", "{" + " " * 2_000 + "}", b"\0"]
)
def test_a_new_try_keeps_its_settings_and_takes_no_others(
    server: Server, way: str, body: str | bytes
) -> None:
    path = f"/deployments/{failed(server)}/{way}"
    before = server.rows()

    for headers in (JSON, {}):
        problem = problem_of(server.post(path, content=body, headers=headers), 400)
        assert problem["code"] == "malformed_body"
        assert "keeps its settings" in problem["detail"]
        assert "POST /deployments" in problem["detail"]
    assert server.rows() == before


@pytest.mark.parametrize("way", ["retry", "redeploy"])
@pytest.mark.parametrize("body", ["", "{}", " { }\r\n"])
def test_a_new_try_takes_the_empty_body_that_clients_send(
    server: Server, way: str, body: str
) -> None:
    for headers in (JSON, {}):
        path = f"/deployments/{failed(server)}/{way}"
        assert server.post(path, content=body, headers=headers).status_code == 202


def test_little_is_read_of_a_body_that_is_not_taken(server: Server) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100
            yield b" " * 100

    answer = server.post(f"/deployments/{failed(server)}/retry", content=endless())

    assert problem_of(answer, 400)["code"] == "malformed_body"
    assert read < 10_000


def failed(server: Server) -> str:
    deployment_id = server.deploy(server.upload())
    server.write(deployment_id, status=Status.FAILED)
    return deployment_id
