"""Deployments over HTTP: accepted, listed, watched, deleted."""

import pickle
import shlex
from typing import Any

import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from shared.domain.failures import failure
from shared.domain.records import Status, Turn
from tests.api.serving import HERE, Server, problem_of, wrong_fields


@pytest.mark.parametrize("path", ["/deployments/deploy", "/deployments"])
def test_a_deployment_is_accepted_with_where_to_watch_it(server: Server, path: str) -> None:
    body = {"model_id": server.upload("ann")}

    answer = server.post(f"{path}?user_id=ann", json=body)

    assert answer.status_code == 202
    accepted = answer.json()
    assert set(accepted) == {
        "deployment_id",
        "status",
        "message",
        "endpoint_name",
        "cost_a_month",
        "cost_note",
    }
    assert accepted["status"] == "deploying"
    assert accepted["endpoint_name"] == f"endpoint-{accepted['deployment_id']}"
    monitor = f"{HERE}/deployments/{accepted['deployment_id']}?user_id=ann"
    assert answer.headers["location"] == monitor
    assert answer.headers["operation-location"] == monitor
    assert int(answer.headers["retry-after"]) > 0
    assert server.get(monitor).status_code == 200


def test_a_deployment_is_shown_with_all_that_is_known_of_it(server: Server) -> None:
    model_id = server.upload()
    wanted = {"endpoint_name": "flowers", "instance_type": "DS2_v2", "description": "Fisher's"}

    shown = server.get(f"/deployments/{server.deploy(model_id, **wanted)}").json()

    assert shown["trained_models"] == {"model_name": "iris", "algorithm": "LogisticRegression"}
    assert shown["deployment_config"] == {
        "model_id": model_id,
        "deployment_name": None,
        "endpoint_name": "flowers",
        "instance_type": "Standard_DS2_v2",
        "instance_count": 1,
        "description": "Fisher's",
        "environment_variables": {},
    }
    assert [phase["at"] is not None for phase in shown["timeline"]] == [True] + [False] * 6
    assert {each["type"]: each["status"] for each in shown["conditions"]} == {
        "Ready": "False",
        "Working": "True",
    }
    assert (shown["status"], shown["scoring_uri"], shown["traffic"]) == ("deploying", None, 0)


def test_an_active_deployment_shows_how_to_call_it(server: Server) -> None:
    deployment_id = server.deploy(server.upload(), endpoint_name="flowers", deployment_name="blue")
    server.write(deployment_id, status=Status.ACTIVE, scoring_uri="https://f.example/score")

    before = server.get(f"/deployments/{deployment_id}").json()
    server.route("flowers", blue=100)
    after = server.get(f"/deployments/{deployment_id}").json()

    assert "-H 'azureml-model-deployment: blue'" in before["sample_call"]
    assert "azureml-model-deployment" not in after["sample_call"]
    assert after["sample_call"].startswith("curl -sS https://f.example/score")
    assert after["traffic"] == 100


def test_a_model_whose_input_is_not_known_is_called_with_what_its_user_writes(
    server: Server,
) -> None:
    dicts = make_pipeline(DictVectorizer(), LogisticRegression()).fit([{"a": 1}, {"a": 2}], [0, 1])
    files = {"file": ("dicts.pkl", pickle.dumps(dicts))}
    model = server.post("/models", data={"model_name": "dicts"}, files=files).json()
    deployment_id = server.deploy(model["id"])
    server.write(deployment_id, status=Status.ACTIVE, scoring_uri="https://f.example/score")

    call = server.get(f"/deployments/{deployment_id}").json()["sample_call"]

    assert shlex.split(call.replace("\\\n", " "))[-2:] == ["-d", "@input.json"]


def test_every_wrong_field_is_told_at_once_and_nothing_is_stored(server: Server) -> None:
    body = {
        "deployment_name": "1",
        "endpoint_name": "a--b",
        "instance_type": "huge",
        "instance_count": 0,
        "description": "a\x07b",
        "environment_variables": {"API_KEY": "x"},
        "colour": "blue",
    }

    wrong = wrong_fields(server.post("/deployments/deploy", params={"user_id": "\x7f"}, json=body))

    assert set(wrong) == {*body, "model_id", "user_id"}
    assert (wrong["model_id"], wrong["colour"]) == ("is required", "is not known here")
    assert "Key Vault" in wrong["environment_variables"]
    assert server.rows() == []


WRONG_VALUES: dict[str, Any] = {
    "instance_count": "2",
    "model_id": 7,
    "environment_variables": {"A": 1},
    "description": "x" * 1001,
    "instance_type": None,
    "deployment_name": "x" * 33,
    "endpoint_name": {"a": []},
}


@pytest.mark.parametrize("field", WRONG_VALUES)
def test_a_value_of_the_wrong_kind_is_told(server: Server, field: str) -> None:
    answer = server.post("/deployments/deploy", json={"model_id": "m", field: WRONG_VALUES[field]})

    assert [wrong.partition(".")[0] for wrong in wrong_fields(answer)] == [field]


def test_variables_of_any_allowed_size_are_kept(server: Server) -> None:
    variables = {f"NAME_{number}": '"' * 150 for number in range(48)}

    deployment_id = server.deploy(server.upload(), environment_variables=variables)

    shown = server.get(f"/deployments/{deployment_id}").json()
    assert shown["deployment_config"]["environment_variables"] == variables
    too_many = {f"NAME_{number}": "x" * 1024 for number in range(50)}
    answer = server.send_deploy("m", environment_variables=too_many)
    assert set(wrong_fields(answer)) == {"environment_variables"}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"model_id": NaN}', 422),
        (b'{"model_id": "\\ud800"}', 422),
        (b'{"model_id": "m", "model_id": "n", "x": 1}', 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"model_id": "m"} more', 400),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_that_is_no_request_is_told_as_such(
    server: Server, content: bytes, status: int
) -> None:
    answer = server.post(
        "/deployments/deploy", content=content, headers={"content-type": "application/json"}
    )

    code = problem_of(answer, status)["code"]
    assert code == {422: "invalid_request", 400: "malformed_body"}[status]


@pytest.mark.parametrize("media_type", [None, "text/plain", "multipart/form-data; boundary=b"])
def test_a_request_in_another_media_type_is_refused(server: Server, media_type: str | None) -> None:
    headers = {"content-type": media_type} if media_type else {}

    answer = server.post("/deployments/deploy", content=b'{"model_id": "m"}', headers=headers)

    assert problem_of(answer, 415)["code"] == "unsupported_media_type"


def test_a_json_media_type_with_parameters_is_taken(server: Server) -> None:
    content = f'{{"model_id": "{server.upload()}"}}'
    headers = {"content-type": "Application/JSON; charset=utf-8"}

    answer = server.post("/deployments/deploy", content=content, headers=headers)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "path", ["/deployments/deploy", "/deployments", "/uploads", "/models/from", "/exceptions"]
)
def test_a_huge_body_is_refused_with_a_way_for_files_whatever_was_asked(
    server: Server, path: str
) -> None:
    problem = problem_of(server.post(path, json={"model_id": "m" * 300_000}), 413)

    assert problem["code"] == "body_too_large"
    assert "deploy" not in problem["next"]
    assert "POST /uploads" in problem["next"]


def test_ten_thousand_unknown_fields_get_a_short_answer(server: Server) -> None:
    body = {f"{number}{'x' * 10}": 1 for number in range(10_000)}

    answer = server.post("/deployments/deploy", json=body)

    assert len(wrong_fields(answer)) == 50
    assert len(answer.content) < 20_000


def test_an_unknown_query_parameter_is_told_with_those_there_are(server: Server) -> None:
    wrong = wrong_fields(server.get("/deployments/list?statuss=active"))

    assert wrong == {"statuss": "is not known here; known are: limit, page, status, user_id"}


def test_what_contradicts_what_is_there_is_409(server: Server) -> None:
    model_id = server.upload()
    server.deploy(model_id, endpoint_name="flowers", deployment_name="blue")

    taken = server.send_deploy(model_id, endpoint_name="FLOWERS", deployment_name="blue")
    others = server.send_deploy(server.upload("bob"), "bob", endpoint_name="Flowers")

    assert problem_of(taken, 409)["code"] == "deployment_name_taken"
    assert problem_of(others, 409)["code"] == "endpoint_taken"


def test_a_model_that_is_not_there_is_404_and_nothing_is_stored(server: Server) -> None:
    answer = server.send_deploy("model-1-1763486943100000")

    assert problem_of(answer, 404)["code"] == "model_not_found"
    assert server.rows() == []


def test_the_list_shows_what_the_stats_count(server: Server) -> None:
    model_id = server.upload()
    ids = [server.deploy(model_id) for _ in range(4)]
    server.write(ids[0], status=Status.ACTIVE)
    server.write(ids[1], status=Status.FAILED)
    server.delete(f"/deployments/{ids[2]}")

    listed = {
        status: [
            each["id"] for each in server.get(f"/deployments/list{status}").json()["deployments"]
        ]
        for status in (
            "",
            "?status=active",
            "?status=failed",
            "?status=deploying",
            "?status=deleted",
        )
    }
    stats = server.get("/deployments/stats").json()

    assert listed == {
        "": [ids[3], ids[1], ids[0]],
        "?status=active": [ids[0]],
        "?status=failed": [ids[1]],
        "?status=deploying": [ids[3]],
        "?status=deleted": [ids[2]],
    }
    assert stats.pop("last_deployment_date").startswith("2026-01-01T00:00:00")
    assert stats == {
        "total_deployments": 3,
        "active_deployments": 1,
        "failed_deployments": 1,
        "deploying_count": 1,
    }
    assert server.get("/deployments").json() == server.get("/deployments/list").json()


def test_events_tell_what_happened_in_order(server: Server) -> None:
    deployment_id = server.deploy(server.upload())
    server.delete(f"/deployments/{deployment_id}")

    events = server.get(f"/deployments/{deployment_id}/events").json()["events"]

    assert [(event["number"], event["name"]) for event in events] == [
        (1, "accepted"),
        (2, "deleted"),
    ]


def test_a_deployment_without_a_container_has_no_logs(server: Server) -> None:
    deployment_id = server.deploy(server.upload())

    problem = problem_of(server.get(f"/deployments/{deployment_id}/logs"), 404)

    assert problem["code"] == "no_logs"


def test_a_deleted_deployment_leaves_the_list_at_once_and_stays_readable(server: Server) -> None:
    deployment_id = server.deploy(server.upload())

    answers = [server.delete(f"/deployments/{deployment_id}") for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 202
        assert answer.json() == {"message": "Deployment deleted successfully"}
        assert answer.headers["operation-location"] == f"{HERE}/deployments/{deployment_id}"
    assert server.get("/deployments/list").json()["total"] == 0
    shown = server.get(f"/deployments/{deployment_id}").json()
    assert (shown["status"], shown["deleted_at"] is not None) == ("deleted", True)
    torn_down = next(each for each in shown["conditions"] if each["type"] == "TornDown")
    assert torn_down["status"] == "False"


@pytest.mark.parametrize(
    ("code", "command"), [("deadline", "retry"), ("registry_name_taken", "redeploy")]
)
def test_a_failure_tells_the_command_that_goes_on_and_it_is_accepted(
    server: Server, code: str, command: str
) -> None:
    deployment_id = server.deploy(server.upload())
    why = failure(code, "It was late.", Turn.YOU, "Look.")
    server.finish(deployment_id, status=Status.FAILED, failure=why)

    shown = server.get(f"/deployments/{deployment_id}").json()
    method, path = shown["failure"]["next"].split()[-2:]

    assert (method, path) == ("POST", f"/deployments/{deployment_id}/{command}")
    assert server.send(method, path).status_code == 202


def test_what_is_not_ready_says_why_in_short(server: Server) -> None:
    failed, deleted = (server.deploy(server.upload()) for _ in range(2))
    why = failure("cloud_refused", "It was refused. " * 100, Turn.YOU, "Look.")
    server.finish(failed, status=Status.FAILED, failure=why)
    server.delete(f"/deployments/{deleted}")

    told = {}
    for each in (failed, deleted):
        ready = server.get(f"/deployments/{each}").json()["conditions"][0]
        assert (ready["type"], ready["status"]) == ("Ready", "False")
        told[each] = ready["message"]

    assert told[failed].startswith("It was refused.")
    assert len(told[failed]) <= 200
    assert told[deleted] == "It was deleted."


def test_what_carries_traffic_is_deleted_only_with_an_heir(server: Server) -> None:
    model_id = server.upload()
    blue = server.deploy(model_id, endpoint_name="flowers", deployment_name="blue")
    green = server.deploy(model_id, endpoint_name="flowers", deployment_name="green")
    for each in (blue, green):
        server.write(each, status=Status.ACTIVE)
    server.route("flowers", blue=100)

    refused = problem_of(server.delete(f"/deployments/{blue}"), 409)
    unknown = problem_of(server.delete(f"/deployments/{blue}?traffic_to=red"), 409)
    moved = server.delete(f"/deployments/{blue}?traffic_to=green")

    assert refused["code"] == "carries_traffic"
    assert refused["next"].endswith(f"DELETE /deployments/{blue}?traffic_to=green")
    assert unknown["code"] == "traffic_target_not_active"
    assert moved.status_code == 202
    assert "traffic_to" not in moved.headers["location"]
    assert server.get("/endpoints/flowers").json()["traffic"] == {"green": 100}


NO_IDS = ["none", "0" * 20, "9" * 20, "²" * 20, "٢" * 20, "20260101000000000000", "%00", "-1"]


@pytest.mark.parametrize("deployment_id", NO_IDS)
def test_an_id_that_is_not_there_is_404_on_every_way(server: Server, deployment_id: str) -> None:
    path = f"/deployments/{deployment_id}"

    for answer in (server.get(path), server.get(f"{path}/events"), server.delete(path)):
        assert problem_of(answer, 404)["code"] == "deployment_not_found"


def test_an_id_in_other_digits_names_nothing(server: Server) -> None:
    deployment_id = server.deploy(server.upload())
    arabic = deployment_id.translate({ord("0") + n: 0x660 + n for n in range(10)})

    assert server.get(f"/deployments/{arabic}").status_code == 404
