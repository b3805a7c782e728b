"""Every error is a problem document: wrong paths, wrong methods, our own faults, the cloud's and storage's."""

import logging
from dataclasses import replace
from typing import NoReturn

import pytest

from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_tables import MemoryTables
from shared.domain.errors import CloudError, Trouble, Unavailable
from shared.settings import Settings
from shared.wiring import Front
from tests.api.serving import ENV, Server, problem_of


class Failing(MemoryTables):
    """Tables of which every read fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, *_: str) -> NoReturn:
        raise self._error


class Unwilling(MemoryCloud):
    """A cloud of which every look fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def find_endpoint(self, _name: str) -> NoReturn:
        raise self._error


@pytest.mark.parametrize("path", ["/nothing", "/deployments/1/2/3", "/models/", "/%00", "/../etc"])
def test_an_unknown_path_is_a_problem(server: Server, path: str) -> None:
    answer = server.get(path)
    while answer.is_redirect:
        answer = server.get(answer.headers["location"])

    if answer.status_code != 200:
        assert problem_of(answer, 404)["code"] in ("no_such_path", "model_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/deployments", {"GET", "HEAD", "POST"}),
        ("DELETE", "/models", {"GET", "HEAD", "POST"}),
        ("PUT", "/deployments/20260101000000000000", {"GET", "HEAD", "DELETE"}),
        ("OPTIONS", "/models", {"GET", "HEAD", "POST"}),
        ("TRACE", "/health", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_with_those_there_are(
    server: Server, method: str, path: str, allowed: set[str]
) -> None:
    answer = server.send(method, path)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert problem_of(answer, 405)["code"] == "method_not_allowed"


def test_our_own_fault_is_told_without_what_it_was(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.use(replace(server.ports, tables=Failing(RuntimeError("secret in a message"))))

    answer = server.get("/deployments/20260101000000000000")

    assert problem_of(answer, 500)["code"] == "internal"
    assert "secret" not in answer.text
    [line] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "http_failed" in line.getMessage()
    assert line.exc_info is not None


def test_storage_that_does_not_answer_is_503(server: Server) -> None:
    server.use(replace(server.ports, tables=Failing(Unavailable("AccountKey=abc"))))

    answer = server.get("/deployments/20260101000000000000")

    assert problem_of(answer, 503)["code"] == "storage_unavailable"
    assert int(answer.headers["retry-after"]) > 0
    assert "abc" not in answer.text


@pytest.mark.parametrize(("told", "header"), [(-3600.0, "5"), (1e300, "900")])
def test_an_absurd_time_that_the_cloud_tells_is_bounded(
    server: Server, told: float, header: str
) -> None:
    server.deploy(server.upload(), endpoint_name="flowers")
    error = CloudError(Trouble.THROTTLED, "Words", "words", retry_after=told)
    server.use(replace(server.ports, view=Unwilling(error)))
    assert server.get("/endpoints/flowers/keys").headers["retry-after"] == header


@pytest.mark.parametrize(
    ("trouble", "status", "code", "retry_after"),
    [
        (Trouble.TRANSIENT, 503, "cloud_unavailable", "5"),
        (Trouble.THROTTLED, 503, "cloud_unavailable", "18"),
        (Trouble.AUTH, 502, "cloud_denied", None),
        (Trouble.PERMANENT, 502, "cloud_refused", None),
    ],
)
def test_what_the_cloud_does_is_told_by_its_class(
    server: Server, trouble: Trouble, status: int, code: str, retry_after: str | None
) -> None:
    server.deploy(server.upload(), endpoint_name="flowers")
    after = 17.2 if trouble is Trouble.THROTTLED else None
    error = CloudError(trouble, "Words", "of /subscriptions/s", retry_after=after)
    server.use(replace(server.ports, view=Unwilling(error)))

    for path in ("/endpoints/flowers", "/endpoints/flowers/keys"):
        answer = server.get(path)
        assert problem_of(answer, status)["code"] == code
        assert answer.headers.get("retry-after") == retry_after
        assert "/subscriptions" not in answer.text


def test_wrong_settings_are_told_by_name_only(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def front() -> Front:
        Settings.from_env({**ENV, "AUTH_MODE": "jwt", "UPLOAD_LIMIT": "s3cret"})
        raise AssertionError

    server.serve(front)

    for path in ("/health", "/models", "/deployments/list"):
        answer = server.get(path)
        problem = problem_of(answer, 500)
        assert problem["code"] == "settings_wrong"
        assert {each["field"] for each in problem["problems"]} == {"AUTH_MODE", "UPLOAD_LIMIT"}
        assert "not built yet" in answer.text
        assert "s3cret" not in answer.text
    assert "settings_wrong" in caplog.text
    assert "s3cret" not in caplog.text


def test_health_is_ok_where_the_settings_are_right(server: Server) -> None:
    assert server.get("/health").json()["status"] == "ok"


def test_the_root_leads_to_the_documentation(server: Server) -> None:
    answer = server.get("/")

    assert answer.is_redirect
    page = server.get(answer.headers["location"])
    assert page.status_code == 200
    assert "cdn" not in page.text  # it works without the internet
