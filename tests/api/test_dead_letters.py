"""What was put aside, over HTTP: for operators, and for nobody else."""

from typing import Any

import pytest

from shared.service.queues import inbox
from tests.api.serving import Server, problem_of


@pytest.fixture
def put_aside(server: Server) -> list[bytes]:
    """Messages of which nobody can read one."""
    bodies = [b"first", b'{"note": "AccountKey=s3cret"}', b"first"]
    for body in bodies:
        inbox.take_poisoned_hint(server.ports, body)
        server.clock.advance(60)
    return bodies


def ask(server: Server, user: str, **query: Any) -> Any:
    server.settings = server.settings.model_copy(update={"operators": ("root",)})
    server.use(server.ports)
    return server.get("/dead-letters", params={"user_id": user, **query})


@pytest.mark.usefixtures("put_aside")
def test_an_operator_sees_what_was_put_aside_the_last_first(server: Server) -> None:
    told = ask(server, "root").json()

    assert told["total"] == 2
    assert [each["excerpt"] for each in told["dead_letters"]] == [
        "first",
        '{"note": "AccountKey=[redacted]"}',
    ]
    last = told["dead_letters"][0]
    assert (last["queue"], last["reason"], last["times"], last["size"]) == (
        "deploy-jobs",
        "not_json",
        2,
        5,
    )
    assert last["name"].startswith("deploy-jobs/")
    assert last["first_at"] < last["last_at"]


@pytest.mark.usefixtures("put_aside")
def test_a_limit_bounds_what_is_shown_and_not_what_is_counted(server: Server) -> None:
    told = ask(server, "root", limit=1).json()

    assert (len(told["dead_letters"]), told["total"]) == (1, 2)
    assert ask(server, "root", limit=0).status_code == 422


@pytest.mark.usefixtures("put_aside")
def test_nobody_else_sees_any_of_it(server: Server) -> None:
    answer = ask(server, "anna")

    assert problem_of(answer, 403)["code"] == "operators_only"
    assert "first" not in answer.text
