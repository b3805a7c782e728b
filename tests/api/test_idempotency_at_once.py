"""Requests under one key at once, cut off, and while storage is away: one thing is made."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from threading import Event
from typing import Any, BinaryIO

import httpx
import pytest
from fastapi import Response

from shared.domain.errors import Unavailable
from shared.domain.inspection import Inspection
from shared.domain.principal import Principal
from shared.domain.requests import UPLOAD_SECONDS, request_key
from shared.service import store
from shared.service.catalogue import models, uploads
from tests.api.serving import Server, key_of, model_bytes, problem_of

KEY = "run-17"
HEADERS = {"idempotency-key": KEY}


class Stopping:
    """Tables that stop answering after so many commits; the last one lands."""

    def __init__(self, real: Any, commits: int) -> None:
        self._real, self._left = real, commits

    def commit(self, *given: Any) -> Any:
        if self._left > 0:
            self._left -= 1
            done = self._real.commit(*given)
            if self._left:
                return done
        raise Unavailable("no answer")

    def __getattr__(self, name: str) -> Any:
        if self._left <= 0:
            raise Unavailable("no answer")
        return getattr(self._real, name)


def test_a_request_that_storage_did_not_answer_is_completed_or_replayed(server: Server) -> None:
    working, body, seen = server.ports, {"model_id": server.upload()}, set()
    for commits in range(1, 8):
        before, key = server.count(), f"key {commits}"
        server.use(replace(working, tables=Stopping(server.tables, commits)))
        answer = server.send_keyed(key, body)
        server.use(working)
        landed = store.load_request(server.tables, key_of("local"), request_key("", key))
        again = server.send_keyed(key, body)

        if answer.status_code != 202:
            assert problem_of(answer, 503)["code"] == "storage_unavailable"
            assert int(answer.headers["retry-after"]) > 0
        assert again.status_code == 202
        assert server.count() == before + 1
        assert ("idempotent-replayed" in again.headers) == (landed is not None)
        seen.add((answer.status_code, landed is not None))
    assert seen == {(503, False), (503, True), (202, True)}


def test_a_caller_who_was_gone_before_the_answer_gets_it_by_the_same_request(
    server: Server,
) -> None:
    body = {"model_id": server.upload()}

    async def send_and_go() -> None:
        async def gone(_message: Any) -> None:
            raise ConnectionError

        async def hung_up(scope: Any, receive: Any, unused: Any) -> None:
            await server.api(scope, receive, gone)
            await Response(status_code=499)(scope, receive, unused)

        transport = httpx.ASGITransport(hung_up)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.post("/deployments", json=body, headers=HEADERS)

    server.runner.run(send_and_go())
    answer = server.send_keyed(KEY, body)

    assert answer.headers["idempotent-replayed"] == "true"
    assert server.count() == 1


@pytest.mark.parametrize("many", [2, 100])
def test_many_at_once_under_one_key_are_one_deployment(server: Server, many: int) -> None:
    sent = {"json": {"model_id": server.upload(), "endpoint_name": "flowers"}, "headers": HEADERS}

    answers = server.send_together(*[("POST", "/deployments", sent)] * many)

    assert {each.status_code for each in answers} == {202}
    assert len({each.json()["deployment_id"] for each in answers}) == 1
    assert sum("idempotent-replayed" not in each.headers for each in answers) == 1
    assert server.count() == 1
    assert len(list(store.list_inflight(server.tables))) == 1


def test_many_at_once_for_one_name_under_keys_of_their_own_have_one_winner(server: Server) -> None:
    body = {"model_id": server.upload(), "endpoint_name": "flowers", "deployment_name": "blue"}
    wanted = [
        ("POST", "/deployments", {"json": body, "headers": {"idempotency-key": f"k{number}"}})
        for number in range(20)
    ]

    answers = server.send_together(*wanted)

    codes = Counter(each.json().get("code", "accepted") for each in answers)
    assert codes["accepted"] == 1
    assert codes["deployment_name_taken"] + codes["endpoint_busy"] == 19
    assert server.count() == 1


def test_many_at_once_of_different_content_under_one_key_have_one_winner(server: Server) -> None:
    model_id = server.upload()
    wanted = [
        (
            "POST",
            "/deployments",
            {"json": {"model_id": model_id, "instance_count": number}, "headers": HEADERS},
        )
        for number in range(1, 11)
    ]

    answers = server.send_together(*wanted)

    codes = Counter(each.json().get("code", "accepted") for each in answers)
    assert codes == {"accepted": 1, "idempotency_key_reused": 9}
    assert server.count() == 1
    assert len(list(store.list_inflight(server.tables))) == 1


def test_many_uploads_at_once_under_one_key_are_one_model(server: Server) -> None:
    sent = {
        "data": {"model_name": "iris"},
        "files": {"file": ("iris.pkl", model_bytes())},
        "headers": HEADERS,
    }

    answers = server.send_together(*[("POST", "/models", sent)] * 20)

    made = [each for each in answers if each.status_code == 201]
    assert len({each.json()["id"] for each in made}) == 1
    for each in answers:
        if each not in made:
            assert problem_of(each, 409)["code"] == "idempotency_in_progress"
    assert server.get("/models").json()["total"] == 1


class Gate:
    """A reader that says when it has begun, and goes on when it is let."""

    def __init__(self, real: Any) -> None:
        self._real, self.begun, self.go_on = real, Event(), Event()

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        self.begun.set()
        assert self.go_on.wait(20)
        read: Inspection = self._real.read(content, digest=digest)
        return read


def test_an_upload_that_is_under_way_is_told_to_the_next_with_when_to_ask(server: Server) -> None:
    gate = Gate(server.ports.reader)
    server.use(replace(server.ports, reader=gate))
    sent: Any = {"data": {"model_name": "iris"}, "headers": HEADERS}

    async def both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(server.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            files = {"file": ("iris.pkl", model_bytes())}
            first = asyncio.create_task(client.post("/models", files=files, **sent))
            await asyncio.to_thread(gate.begun.wait, 20)
            second = await client.post("/models", files=files, **sent)
            other = await client.post("/models", files={"file": ("iris.pkl", b"other")}, **sent)
            gate.go_on.set()
            return [await first, second, other]

    first, second, other = server.runner.run(both())

    assert problem_of(second, 409)["code"] == "idempotency_in_progress"
    assert int(second.headers["retry-after"]) > 0
    assert problem_of(other, 422)["code"] == "idempotency_key_reused"
    assert first.status_code == 201
    assert server.send_model(key=KEY).json() == first.json()


class Died(BaseException):
    """The process is gone."""


class Dying:
    def read(self, _content: BinaryIO, *, digest: str) -> Inspection:
        raise Died(digest)


def test_an_upload_whose_process_died_is_taken_over_after_its_time(server: Server) -> None:
    dying = replace(server.ports, reader=Dying())
    wanted = models.Upload(file=BytesIO(model_bytes()), filename="iris.pkl", model_name="iris")
    ann = Principal(user_id="local", issuer="local")
    policy, key = server.settings.policy, request_key("", "run-17")
    with suppress(Died):
        uploads.accept_upload(dying, server.mint, policy, ann, wanted, key=key)

    assert problem_of(server.send_model(key=KEY), 409)["code"] == "idempotency_in_progress"
    server.clock.advance(UPLOAD_SECONDS)
    taken_over = server.send_model(key=KEY)

    assert taken_over.status_code == 201
    assert "idempotent-replayed" not in taken_over.headers
    assert server.send_model(key=KEY).json() == taken_over.json()
