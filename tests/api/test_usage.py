"""How a deployment was used, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.records import Status
from shared.domain.usage import DayOfUse
from shared.service import store, usage
from tests.api.serving import Server, key_of, problem_of, wrong_fields

TOLD: dict[str, Any] = {
    "requests": 10,
    "client_errors": 2,
    "server_errors": 1,
    "latency_ms": 12.34567,
    "cpu_percent": 3.0,
    "memory_percent": 41.5,
}
UNTOLD: dict[str, Any] = dict.fromkeys(TOLD)


def write(server: Server, deployment_id: str, ago: int, **told: Any) -> str:
    """The usage of a day, as the nightly run writes it; the day."""
    day = server.clock.now().date() - timedelta(days=ago)
    record = DayOfUse(
        user_key=key_of("local"),
        deployment_id=deployment_id,
        deployment_name="blue",
        endpoint_name="flowers",
        day=day,
        measured_at=server.clock.now(),
        **told,
    )
    store.insert(server.tables, server.ports.random, usage.USAGE, usage.usage_row(record))
    return day.isoformat()


@pytest.fixture
def live(server: Server) -> str:
    """A deployment that is active."""
    deployment_id = server.deploy(server.upload(), endpoint_name="flowers", deployment_name="blue")
    server.finish(deployment_id, status=Status.ACTIVE)
    return deployment_id


def test_days_and_their_sum_are_shown_newest_first(server: Server, live: str) -> None:
    older = write(server, live, 3, **UNTOLD | {"cpu_percent": 1.0})
    old = write(server, live, 2, **TOLD)
    new = write(server, live, 1, **TOLD | {"requests": 20, "latency_ms": 3.0})

    shown = server.get(f"/deployments/{live}/usage").json()

    today = server.clock.now().date()
    assert (shown["deployment_id"], shown["endpoint_name"]) == (live, "flowers")
    assert shown["first_day"] == (today - timedelta(days=30)).isoformat()
    assert shown["last_day"] == new
    assert [each["day"] for each in shown["days"]] == [new, old, older]
    measured = {"measured_at": "2026-01-01T00:00:00Z"}
    assert shown["days"][1] == {"day": old, **TOLD, **measured, "latency_ms": 12.346}
    assert shown["days"][2] == {"day": older, **UNTOLD, **measured, "cpu_percent": 1.0}
    assert shown["totals"] == {
        "known_days": 2,
        "requests": 30,
        "client_errors": 4,
        "server_errors": 2,
        "latency_ms": 6.115,
    }


def test_only_the_days_asked_for_are_shown_and_summed(server: Server, live: str) -> None:
    days = [write(server, live, ago, **TOLD) for ago in range(1, 5)]

    shown = server.get(f"/deployments/{live}/usage?days=2").json()

    assert [each["day"] for each in shown["days"]] == days[:2]
    assert (shown["first_day"], shown["last_day"]) == (days[1], days[0])
    assert shown["totals"]["requests"] == 20


def test_where_nothing_is_known_nothing_is_claimed(server: Server, live: str) -> None:
    shown = server.get(f"/deployments/{live}/usage").json()

    assert shown["days"] == []
    assert shown["totals"] == {
        "known_days": 0,
        "requests": None,
        "client_errors": None,
        "server_errors": None,
        "latency_ms": None,
    }


def test_the_days_of_another_deployment_are_not_shown(server: Server, live: str) -> None:
    other = server.deploy(server.upload())
    write(server, other, 1, **TOLD)
    mine = write(server, live, 1, **UNTOLD)
    older = server.deploy(server.upload())
    write(server, older, 1, **TOLD)

    shown = server.get(f"/deployments/{live}/usage").json()

    assert [(each["day"], each["requests"]) for each in shown["days"]] == [(mine, None)]


def test_it_is_shown_also_when_the_deployment_is_deleted(server: Server, live: str) -> None:
    write(server, live, 1, **TOLD)
    server.delete(f"/deployments/{live}")

    assert server.get(f"/deployments/{live}/usage").json()["totals"]["requests"] == 10


def test_another_users_and_none_are_not_found(server: Server, live: str) -> None:
    write(server, live, 1, **TOLD)

    for path in (f"/deployments/{live}/usage?user_id=bert", "/deployments/none/usage"):
        assert problem_of(server.get(path), 404)["code"] == "deployment_not_found"


@pytest.mark.parametrize("days", ["0", "367", "-1", "many"])
def test_a_number_of_days_that_is_none_is_refused(server: Server, live: str, days: str) -> None:
    assert set(wrong_fields(server.get(f"/deployments/{live}/usage?days={days}"))) == {"days"}


def test_an_answer_the_caller_has_is_not_sent_again(server: Server, live: str) -> None:
    path = f"/deployments/{live}/usage"
    seen = {"if-none-match": server.get(path).headers["etag"]}
    assert server.get(path, headers=seen).status_code == 304

    write(server, live, 1, **TOLD)

    assert server.get(path, headers=seen).status_code == 200
