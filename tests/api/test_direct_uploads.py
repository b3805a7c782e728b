"""Big files and references by HTTP: what is answered, when to look again, and that links are no one else's."""

import json
from typing import Any

import pytest

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.catalogue.intakes import Intake
from shared.domain.policy import INTAKE_JOBS
from shared.ports import Link
from shared.service import store
from shared.service.intake import hints as intake_hints, rows as intake_rows
from shared.settings import Settings
from tests.api.serving import ENV, HERE, PROBLEM, Server

ASKED = {"model_name": "iris", "filename": "iris.joblib"}


def begin(server: Server, **asked: Any) -> dict[str, Any]:
    answer = server.post("/uploads", json=ASKED | asked)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def put(server: Server, shown: dict[str, Any], content: bytes = b"12345678") -> None:
    assert isinstance(server.blobs, MemoryBlobs)
    server.blobs.follow(Link(method=shown["method"], url=shown["url"]), content)


def test_an_upload_is_begun_with_all_that_its_sender_needs(server: Server) -> None:
    answer = server.post("/uploads", json=ASKED | {"size": 8}, headers={"idempotency-key": "k"})
    shown = answer.json()

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{HERE}/uploads/{shown['upload_id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert shown["state"] == "waiting"
    assert shown["method"] == "PUT"
    assert shown["expires_at"]
    assert shown["command"].startswith("curl -f -g -X PUT ")
    assert shown["url"] in shown["command"]
    again = server.post("/uploads", json=ASKED | {"size": 8}, headers={"idempotency-key": "k"})
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["upload_id"] == shown["upload_id"]


def test_a_name_that_a_shell_would_read_is_quoted(server: Server) -> None:
    shown = begin(server, filename="a'; rm -rf ~; '.pkl")

    assert "'./a'\"'\"'; rm -rf ~; '\"'\"'.pkl'" in shown["command"]


def test_a_file_too_big_for_one_request_is_sent_in_blocks(server: Server) -> None:
    assert begin(server, size=6 * 1024**3)["command"].startswith("azcopy copy ./iris.joblib ")


@pytest.mark.parametrize("asked", [{}, {"type": "dataset", "model_name": None, "name": "rows"}])
def test_a_file_beyond_the_limit_is_told_so_whatever_it_is(
    server: Server, asked: dict[str, Any]
) -> None:
    problem = server.post("/uploads", json=ASKED | asked | {"size": 2**40}).json()

    assert problem["code"] == "upload_too_large"
    assert problem["next"].startswith("Save it smaller")


def test_an_upload_is_confirmed_and_watched(server: Server) -> None:
    shown = begin(server, size=8)
    path = f"/uploads/{shown['upload_id']}"
    early = server.post(f"{path}/confirm")
    assert (early.status_code, early.json()["code"]) == (409, "upload_missing")
    put(server, shown)

    answer = server.post(f"{path}/confirm", json={"sha256": "0" * 64})

    assert answer.status_code == 202
    assert answer.headers["operation-location"] == answer.headers["location"] == f"{HERE}{path}"
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["state"] == "reading"
    seen = server.get(path)
    assert seen.headers["retry-after"] == "2"
    assert seen.json()["state"] == "reading"
    assert "url" not in seen.json()
    message = server.queue.receive(INTAKE_JOBS, lease=1)
    assert message
    assert intake_hints.parse(message.text).upload_id == shown["upload_id"]


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"content": b""}])
def test_a_confirmation_needs_no_body(server: Server, sent: dict[str, Any]) -> None:
    shown = begin(server)
    put(server, shown)

    assert server.post(f"/uploads/{shown['upload_id']}/confirm", **sent).status_code == 202


def test_a_finished_upload_says_what_became_of_it(server: Server) -> None:
    shown = begin(server)
    put(server, shown)
    path = f"/uploads/{shown['upload_id']}"
    server.post(f"{path}/confirm")
    end(server, {"code": "model_dangerous", "detail": "d", "next": "n", "problems": []})

    seen = server.get(path)

    assert "retry-after" not in seen.headers
    assert seen.json()["state"] == "refused"
    assert seen.json()["problem"]["code"] == "model_dangerous"
    assert seen.json()["waiting"] is None


def end(server: Server, problem: dict[str, Any]) -> None:
    """The worker has refused the one upload there is."""
    from dataclasses import replace  # noqa: PLC0415 - for this alone

    from shared.domain.catalogue.intakes import IntakeState  # noqa: PLC0415 - for this alone

    [row] = intake_rows.list_unfinished(server.tables)
    intake = store.read_row(Intake, row).record
    ended = replace(
        intake, state=IntakeState.REFUSED, problem=problem, finished_at=server.clock.now()
    )
    store.insert(server.tables, server.ports.random, store.RECORDS, intake_rows.finished_row(ended))
    store.remove(server.tables, intake_rows.INTAKES, row)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"model_name": None}, ""),
        ({"name": "x"}, ""),
        ({"type": "dataset"}, ""),
        ({"type": "thing"}, "type"),
        ({"size": -1}, "size"),
        ({"size": "8"}, "size"),
        ({"filename": "a\nb"}, "filename"),
        ({"metrics": {"a": "x"}}, "metrics"),
        ({"evaluation": {"a": "x" * 10_001}}, "evaluation"),
        ({"evaluation": {"passed": "yes"}}, "evaluation"),
        ({"license": "no such license!"}, "license"),
        ({"extra": 1}, "extra"),
    ],
)
def test_wrong_fields_are_told(server: Server, asked: dict[str, Any], field: str) -> None:
    answer = server.post("/uploads", json=ASKED | asked)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert any(field in each["field"] for each in answer.json()["problems"])


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


LOST = [nested(21), nested(201), nested(256), nested(900), '{"a":' + "[" * 20 + "]" * 20 + "}"]
LOST += [
    '{"a": "\\ud800"}',
    '{"a": {"\\udfff": 1}}',
    '{"a": NaN}',
    '{"a": -Infinity}',
    '{"a": 1e999}',
]


@pytest.mark.parametrize("text", LOST)
@pytest.mark.parametrize("field", ["evaluation", "metrics"])
@pytest.mark.parametrize("way", ["/uploads", "/models/from", "/models"])
def test_what_could_not_be_read_again_is_refused_by_every_way_in(
    server: Server, way: str, field: str, text: str
) -> None:
    if way == "/models":
        answer = server.send_model(**{field: text})
    else:
        more = '"source": "azureml:iris:3", ' if way == "/models/from" else ""
        body = f'{{"model_name": "iris", {more}"{field}": {text}}}'
        answer = server.post(way, content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    assert {each["field"].partition(".")[0] for each in answer.json()["problems"]} == {field}
    assert server.rows() == []
    assert list(intake_rows.list_unfinished(server.tables)) == []


@pytest.mark.parametrize(
    "text", [nested(20), '{"a": "\\ud83d\\ude00", "b": [0.1, 1e308, 12345678901234567890]}']
)
def test_what_is_nested_no_deeper_than_needed_is_kept_as_it_was(server: Server, text: str) -> None:
    body = f'{{"model_name": "iris", "evaluation": {text}}}'
    begun = server.post("/uploads", content=body, headers={"content-type": "application/json"})

    assert server.get(f"/uploads/{begun.json()['upload_id']}").status_code == 200
    [row] = intake_rows.list_unfinished(server.tables)
    assert store.read_row(Intake, row).record.evaluation == json.loads(text)


def test_another_users_upload_is_not_there(server: Server) -> None:
    path = f"/uploads/{begin(server)['upload_id']}"

    assert server.get(path, params={"user_id": "bert"}).status_code == 404
    assert server.post(f"{path}/confirm", params={"user_id": "bert"}).status_code == 404
    assert server.get("/uploads/nonsense").json()["code"] == "upload_not_found"


def test_a_reference_is_accepted_and_watched_as_an_upload(server: Server) -> None:
    answer = server.post("/models/from", json={"source": "azureml:iris:3", "model_name": "iris"})

    assert answer.status_code == 202
    shown = answer.json()
    assert answer.headers["operation-location"] == f"{HERE}/uploads/{shown['upload_id']}"
    assert (shown["state"], shown["source"]) == ("reading", "azureml:iris:3")
    assert server.queue.receive(INTAKE_JOBS, lease=1)


def test_a_source_that_is_not_allowed_is_refused_at_once_without_its_secret(server: Server) -> None:
    source = "https://models.example.com/m.pkl?X-Amz-Signature=s3cret"

    answer = server.post("/models/from", json={"source": source, "model_name": "iris"})

    assert (answer.status_code, answer.json()["code"]) == (422, "source_not_allowed")
    assert "s3cret" not in answer.text
    assert list(intake_rows.list_unfinished(server.tables)) == []


def test_the_signature_of_an_own_address_is_not_kept(server: Server) -> None:
    storage = "AccountName=ours;AccountKey=c2VjcmV0"
    ours = {"AzureWebJobsStorage": storage, "SOURCE_CONTAINERS": "models"}
    server.settings = Settings.from_env(ENV | ours)
    server.use(server.ports)
    url = "https://ours.blob.core.windows.net/models/m.pkl"

    answer = server.post("/models/from", json={"source": f"{url}?sig=s3cret", "model_name": "iris"})

    assert answer.json()["source"] == "blob://models/m.pkl"
    [row] = intake_rows.list_unfinished(server.tables)
    assert "s3cret" not in str(row.values)
