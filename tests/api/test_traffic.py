"""An endpoint's traffic and keys over HTTP: set, watched, refused."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Failure, Status, Turn
from shared.service import store
from tests.api.serving import HERE, Server, key_of, problem_of, wrong_fields
from tests.service.faults import Effects, Fault, FaultyCloud

PATH = "/endpoints/flowers"


@pytest.fixture
def pair(server: Server) -> dict[str, str]:
    """Two active deployments on the endpoint `flowers`, which the cloud has; blue has the traffic."""
    model_id = server.upload()
    ids = {
        name: server.deploy(model_id, endpoint_name="flowers", deployment_name=name)
        for name in ("blue", "green")
    }
    for each in ids.values():
        server.finish(each, status=Status.ACTIVE)
    server.create_endpoint("flowers")
    server.write_endpoint("flowers", traffic={"blue": 100})
    return ids


def set_traffic(server: Server, traffic: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.put(f"{PATH}/traffic", json={"traffic": traffic}, headers=named)


@pytest.mark.usefixtures("pair")
def test_traffic_is_accepted_with_where_to_watch_it(server: Server) -> None:
    before = server.get(PATH)
    assert (before.json()["changing"], before.headers.get("retry-after")) == (False, None)

    answer = set_traffic(server, {"GREEN": 90, "blue": 10})

    assert answer.status_code == 202
    assert answer.json()["traffic"] == {"green": 90, "blue": 10}
    assert answer.headers["location"] == answer.headers["operation-location"] == HERE + PATH
    assert int(answer.headers["retry-after"]) > 0
    shown = server.get(PATH)
    assert shown.json()["traffic"] == {"green": 90, "blue": 10}
    assert shown.json()["routed"] == {}  # the cloud has had no turn yet
    assert shown.json()["changing"] is True
    assert int(shown.headers["retry-after"]) > 0
    assert shown.headers["etag"] != before.headers["etag"]


@pytest.mark.parametrize(
    ("traffic", "field"),
    [
        ({"blue": 50}, "traffic"),
        ({"blue": 50, "green": 51}, "traffic"),
        ({"blue": 101}, "traffic.blue"),
        ({"blue": 50.5, "green": 49.5}, "traffic.blue"),
        ({"blue": "100"}, "traffic.blue"),
        ({"-": 100}, "traffic"),
        ({"blue": 50, "BLUE": 50}, "traffic"),
        ({f"d{number}x": 0 for number in range(21)}, "traffic"),
        (None, "traffic"),
    ],
)
def test_shares_that_cannot_be_are_told(server: Server, traffic: object, field: str) -> None:
    assert field in wrong_fields(set_traffic(server, traffic))


def test_traffic_is_for_active_deployments_only(server: Server, pair: dict[str, str]) -> None:
    server.write(pair["green"], status=Status.FAILED)
    before = server.rows()

    for name in ("green", "red"):
        problem = problem_of(set_traffic(server, {name: 100}), 409)
        assert problem["code"] == "traffic_target_not_active"
        assert "blue" in problem["next"]
    assert server.rows() == before


def test_where_nothing_is_active_there_is_no_traffic_to_set(
    server: Server, pair: dict[str, str]
) -> None:
    for each in pair.values():
        server.write(each, status=Status.FAILED)

    for traffic in ({}, {"blue": 100}, {"red": 0}):
        assert problem_of(set_traffic(server, traffic), 409)["code"] == "nothing_active"


def test_where_nobody_can_take_the_traffic_over_the_deployment_just_goes(
    server: Server, pair: dict[str, str]
) -> None:
    server.write(pair["green"], status=Status.FAILED)
    path = f"/deployments/{pair['blue']}"

    refused = problem_of(server.delete(f"{path}?traffic_to=green"), 409)

    assert refused["code"] == "traffic_target_not_active"
    assert refused["next"].startswith("Leave traffic_to out")
    assert server.delete(path).status_code == 202


@pytest.mark.usefixtures("pair")
def test_traffic_for_another_version_than_the_present_is_412(server: Server) -> None:
    tag = server.get(PATH).headers["etag"]
    set_traffic(server, {"green": 100}, if_match=tag).raise_for_status()

    stale = set_traffic(server, {"blue": 100}, if_match=tag)
    weak = set_traffic(server, {"blue": 100}, if_match="W/" + server.get(PATH).headers["etag"])

    assert problem_of(stale, 412)["code"] == problem_of(weak, 412)["code"] == "precondition_failed"
    assert server.get(PATH).json()["traffic"] == {"green": 100}
    assert set_traffic(server, {"blue": 100}, if_match="*").status_code == 202


def test_who_changes_an_endpoint_and_why_it_waits_is_shown(
    server: Server, pair: dict[str, str]
) -> None:
    carrier = set_traffic(server, {"green": 100})
    assert carrier.status_code == 202
    stored = store.load_deployment(server.tables, key_of("local"), pair["green"])
    assert stored is not None
    waiting = "Azure is changing the endpoint"
    server.write(pair["green"], work=replace(stored.record.work, waiting=waiting))
    server.hold("flowers", pair["green"], pair["blue"])

    shown = server.get(PATH).json()

    assert shown["changed_by"] == "green"
    assert (shown["changing"], shown["waiting"], shown["in_line"]) == (True, waiting, 1)


@pytest.mark.usefixtures("pair")
def test_why_the_last_change_failed_is_shown(server: Server) -> None:
    trouble = Failure(code="cloud_refused", cause="No.", whose_turn=Turn.OPERATOR, next="Look.")
    server.write_endpoint("flowers", trouble=trouble)

    shown = server.get(PATH).json()

    assert (shown["changing"], shown["trouble"]["code"]) == (False, "cloud_refused")
    set_traffic(server, {"green": 100})
    assert server.get(PATH).json()["trouble"] is None


# ------------------------------------------------------------------ keys


@pytest.mark.usefixtures("pair")
def test_one_key_is_replaced_and_the_other_goes_on(server: Server) -> None:
    before = server.get(f"{PATH}/keys").json()

    server.cloud.operation_seconds = 30
    answer = server.post(f"{PATH}/keys/rotate", json={"key": "secondary"})
    busy = server.post(f"{PATH}/keys/rotate", json={"key": "primary"})
    server.clock.advance(3600)
    after = server.get(f"{PATH}/keys").json()

    assert answer.status_code == 202
    monitor = f"{HERE}{PATH}/keys"
    assert answer.headers["location"] == answer.headers["operation-location"] == monitor
    assert f"GET {PATH}/keys" in answer.json()["message"]
    assert problem_of(busy, 409)["code"] == "endpoint_changing"
    assert int(busy.headers["retry-after"]) > 0
    assert "Retry-After" in busy.json()["next"]
    assert after["primary_key"] == before["primary_key"]
    assert after["secondary_key"] != before["secondary_key"]
    assert after["secondary_key"] not in answer.text


@pytest.mark.usefixtures("pair")
def test_a_key_that_may_have_been_replaced_is_to_be_looked_at_before_it_is_again(
    server: Server,
) -> None:
    effects = Effects()
    server.use(replace(server.ports, view=FaultyCloud(server.cloud, effects)))
    effects.plan(0, Fault.ANSWER_LOST)
    before = server.get(f"{PATH}/keys").json()

    answer = server.post(f"{PATH}/keys/rotate", json={"key": "secondary"})

    problem = problem_of(answer, 409)
    assert problem["code"] == "rotation_unclear"
    assert "may have been replaced" in problem["detail"]
    assert f"GET {PATH}/keys" in problem["next"]
    assert "retry-after" not in answer.headers  # nothing shall send it again by itself
    after = server.get(f"{PATH}/keys").json()
    assert {name for name in after if after[name] != before[name]} == {"secondary_key"}


@pytest.mark.usefixtures("pair")
def test_a_key_that_is_none_is_told(server: Server) -> None:
    for body in ({}, {"key": "both"}, {"key": None}, {"key": "primary", "value": "mine"}):
        answer = server.post(f"{PATH}/keys/rotate", json=body)
        assert set(wrong_fields(answer)) <= {"key", "value"}


def test_keys_of_an_endpoint_that_is_not_there_or_not_ours_are_not_replaced(server: Server) -> None:
    def rotate() -> Any:
        return server.post(f"{PATH}/keys/rotate", json={"key": "primary"})

    assert problem_of(rotate(), 404)["code"] == "endpoint_not_found"
    server.deploy(server.upload(), endpoint_name="flowers")
    assert problem_of(rotate(), 404)["code"] == "endpoint_not_ready"
    server.cloud.put_endpoint("flowers", tags={"owner": "somebody"}, traffic={})
    server.clock.advance(3600)
    before = server.cloud.read_keys("flowers")
    assert problem_of(rotate(), 404)["code"] == "endpoint_not_ready"
    server.clock.advance(3600)
    assert server.cloud.read_keys("flowers") == before


@pytest.mark.usefixtures("pair")
def test_other_trouble_of_the_cloud_is_told_as_for_a_read(server: Server) -> None:
    def refuse(call: str) -> None:
        if call == "rotate_key":
            raise CloudError(Trouble.AUTH, "AuthorizationFailed", "of /subscriptions/s")

    effects = Effects()
    effects.trouble = refuse
    server.use(replace(server.ports, view=FaultyCloud(server.cloud, effects)))

    answer = server.post(f"{PATH}/keys/rotate", json={"key": "primary"})

    assert problem_of(answer, 502)["code"] == "cloud_denied"
