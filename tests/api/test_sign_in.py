"""AUTH_MODE=local trusts the machine it runs on, and nobody else."""

import pytest

from tests.api.serving import Server, problem_of, wrong_fields

FOREIGN = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:7071",
    "evil.example:80@localhost",
    "localhost@evil.example",
    "10.0.0.1:7071",
    "[::1",
    "[::2]:7071",
    "",
]


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "LOCALHOST:1", "[::1]:7071"])
def test_a_loopback_host_is_served(server: Server, host: str) -> None:
    assert server.get("/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_host_is_refused_so_that_no_name_can_be_rebound_to_this_machine(
    server: Server, host: str
) -> None:
    model_id = server.upload()
    for answer in (
        server.get("/models", headers={"host": host}),
        server.send("DELETE", "/deployments/1", headers={"host": host}),
        server.post("/deployments/deploy", json={"model_id": model_id}, headers={"host": host}),
    ):
        if host == "evil.example:80@localhost":
            assert answer.status_code != 500
        else:
            assert problem_of(answer, 403)["code"] == "local_sign_in"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_a_page_of_another_site_is_refused(server: Server, origin: str) -> None:
    answer = server.post(
        "/models",
        data={"model_name": "m"},
        files={"file": ("m.pkl", b"x")},
        headers={"origin": origin},
    )

    assert problem_of(answer, 403)["code"] == "local_sign_in"
    assert server.rows() == []


def test_a_page_of_this_machine_is_served(server: Server) -> None:
    assert server.get("/models", headers={"origin": "http://127.0.0.1:7071"}).status_code == 200


@pytest.mark.parametrize("user", ["", "a\nb", "a\x00", "\x7f", "\x85", "x" * 129])
def test_a_user_id_without_a_plain_name_is_refused(server: Server, user: str) -> None:
    answer = server.get("/models", params={"user_id": user})

    assert set(wrong_fields(answer)) == {"user_id"}


@pytest.mark.parametrize("user", ["ann", "Ann", "ann ", "a/b?c#d", "Zoë 🌼", "local'--", "%2e"])
def test_every_plain_name_is_a_user_of_its_own(server: Server, user: str) -> None:
    server.upload("ann2")
    model_id = server.upload(user)

    models = server.get("/models", params={"user_id": user}).json()

    assert [each["id"] for each in models["models"]] == [model_id]
