"""What a key may be, what is kept of it, and what leaves it free."""

from typing import Any

import httpx
import pytest

from shared.domain.records import Status
from tests.api.serving import Server, model_bytes, problem_of

KEY = "run-17"
HEADERS = {"idempotency-key": KEY}
OTHER_MODEL = "model-1-1577836800000000"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        '""',
        "k" * 256,
        f'"{"k" * 256}"',
        "a\tb",
        "a\x7fb",
        "schlüssel",
        '"open',
        'open"',
        'a"b',
        '"a"b"',
        '"a\\b"',
        '"a";p=1',
        '"a", "b"',
        "a,b",
    ],
)
def test_what_is_no_key_is_told_and_nothing_is_stored(server: Server, key: str) -> None:
    raw = [(b"idempotency-key", key.encode("latin-1"))]
    answers = [
        server.post("/deployments", json={"model_id": OTHER_MODEL}, headers=raw),
        server.post("/models", data={"model_name": "m"}, files={"file": ("m", b"x")}, headers=raw),
    ]

    for answer in answers:
        assert problem_of(answer, 400)["code"] == "idempotency_key_invalid"
    assert server.rows() == []


def test_a_header_that_comes_twice_is_told(server: Server) -> None:
    for second in ("run-17", "run-18"):
        headers = [("idempotency-key", "run-17"), ("Idempotency-Key", second)]
        answer = server.post("/deployments", json={"model_id": "m"}, headers=headers)
        assert problem_of(answer, 400)["code"] == "idempotency_key_invalid"


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("run-17", '"run-17"'),
        ("run-17", '  "run-17"\t'),
        ("with spaces inside", '"with spaces inside"'),
        ('"a\\"b\\\\c"', '"a\\"b\\\\c"'),
        ("k" * 255, f'"{"k" * 255}"'),
        ("!#$%&'()*+-./:;<=>?@[\\]^_`{|}~", '"!#$%&\'()*+-./:;<=>?@[\\\\]^_`{|}~"'),
    ],
)
def test_a_key_is_the_same_in_quotes_and_bare(server: Server, one: str, same: str) -> None:
    body = {"model_id": server.upload()}

    assert server.send_keyed(one, body).json() == server.send_keyed(same, body).json()
    assert server.count() == 1


def test_keys_differ_in_case(server: Server) -> None:
    body = {"model_id": server.upload()}

    assert server.send_keyed("A", body).json() != server.send_keyed("a", body).json()


def test_only_the_hash_of_a_key_is_stored(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret = "tell-nobody-4711"

    for _ in range(2):
        model = server.send_model(key=f"{secret}-m").json()["id"]
        server.send_keyed(secret, {"model_id": model})

    rows = [
        row for name in ("records", "claims", "inflight") for row in server.tables.scan(name, None)
    ]
    assert len(rows) > 5
    assert secret not in repr(rows) + repr(vars(server.queue)) + repr(vars(server.blobs))
    assert secret not in caplog.text


def refusals(server: Server) -> dict[str, Any]:
    """Requests that are refused, each in its way, by the code they are refused with."""
    server.deploy(server.upload("bob"), "bob", endpoint_name="taken")
    model_id = server.upload()
    good = {"model_id": model_id}
    return {
        "invalid_request": {"json": good | {"instance_count": 0}},
        "model_not_found": {"json": {"model_id": OTHER_MODEL}},
        "endpoint_taken": {"json": good | {"endpoint_name": "taken"}},
        "malformed_body": {"content": "{", "headers": JSON},
        "unsupported_media_type": {"content": "{}", "headers": {"content-type": "text/plain"}},
        "body_too_large": {"json": {"model_id": "m" * 300_000}},
        "local_sign_in": {"json": good, "headers": {"origin": "https://evil.example"}},
    }


def test_a_refused_request_leaves_its_key_free(server: Server) -> None:
    for code, refused in refusals(server).items():
        before, key = server.rows(), {"idempotency-key": code}
        headers = refused.pop("headers", {}) | key
        answer = server.post("/deployments", headers=headers, **refused)
        assert problem_of(answer, answer.status_code)["code"] == code
        assert [each for each in server.rows() if each[2].startswith("r-")] == [
            each for each in before if each[2].startswith("r-")
        ]

        answer = server.send_keyed(code, {"model_id": server.upload(), "description": code})
        assert answer.status_code == 202
        assert "idempotent-replayed" not in answer.headers


def test_a_refused_upload_leaves_its_key_free(server: Server) -> None:
    def post(content: bytes) -> httpx.Response:
        files = {"file": ("m.pkl", content)}
        return server.post("/models", data={"model_name": "m"}, files=files, headers=HEADERS)

    assert problem_of(post(b"no model"), 422)["code"] == "not_a_model"
    assert problem_of(post(b"x" * 300_000), 413)["code"] == "upload_too_large"
    assert server.rows() == []
    assert post(model_bytes()).status_code == 201


def test_who_has_too_much_unfinished_is_told_when_to_come_again_and_keeps_the_key(
    server: Server,
) -> None:
    server.settings = server.settings.model_copy(update={"max_unfinished_per_user": 1})
    server.use(server.ports)
    body = {"model_id": server.upload()}
    first = server.send_keyed("first", body).json()["deployment_id"]

    refused = server.send_keyed(KEY, body)
    assert server.send_keyed("first", body).status_code == 202  # a replay is no new one
    server.finish(first, status=Status.ACTIVE)
    server.clock.advance(int(refused.headers["retry-after"]))
    again = server.send_keyed(KEY, body)

    assert problem_of(refused, 429)["code"] == "too_many_unfinished"
    assert again.status_code == 202
    assert "idempotent-replayed" not in again.headers


def test_who_asks_too_fast_is_told_when_to_come_again(server: Server) -> None:
    server.settings = server.settings.model_copy(update={"deploys_per_minute_per_user": 1})
    server.use(server.ports)
    body = {"model_id": server.upload()}
    answers = [server.post("/deployments", json=body) for _ in range(30)]

    refused = [each for each in answers if each.status_code != 202]
    assert problem_of(refused[0], 429)["code"] == "too_many_requests"
    server.clock.advance(int(refused[0].headers["retry-after"]))
    assert server.post("/deployments", json=body).status_code == 202
