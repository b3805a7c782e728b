"""HTTP functions answer as on the real host: routes, bodies, headers, errors, limits."""

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local import processes
from local.host.process import RunningHost, start
from tests.local.host.conftest import APPS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[RunningHost]:
    env = {"WAIT_FOR": str(folder / "go"), "PYTHON_THREADPOOL_THREAD_COUNT": "2"}
    with start(APPS / "web", env=env, log=folder / "host.log") as host:
        yield host


@pytest.fixture
def http(running: RunningHost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, timeout=30, trust_env=False) as client:
        yield client


def test_a_multipart_upload_reaches_fastapi_whole(http: httpx.Client) -> None:
    content = bytes(range(256)) * 40_000

    answer = http.post("/upload", files={"file": ("m.pkl", content)}, data={"name": "iris"})

    assert answer.json() == {
        "name": "iris",
        "file": "m.pkl",
        "size": len(content),
        "head": "00010203",
    }


def test_a_chunked_body_is_handed_over_whole(http: httpx.Client) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 10_000

    assert http.post("/plain/text", content=parts()).text == "POST 500000"


def test_a_streamed_response_arrives_complete(http: httpx.Client) -> None:
    answer = http.get("/stream")

    assert answer.text == "part 0\npart 1\npart 2\n"
    assert answer.headers["content-length"] == "21"


def test_query_and_escapes_reach_fastapi_as_sent(http: httpx.Client) -> None:
    seen = http.get("/echo?tag=a&tag=b&empty=&plus=1%2B1&word=%C3%BC").json()

    assert seen["query"] == [
        ["tag", "a"],
        ["tag", "b"],
        ["empty", ""],
        ["plus", "1+1"],
        ["word", "ü"],
    ]
    assert http.get("/items/a%20b%C3%A9").json() == "a bé"


def test_repeated_headers_and_queries_are_joined_and_empty_ones_dropped(
    http: httpx.Client,
) -> None:
    headers = [("X-Tag", "a"), ("x-tag", "b"), ("X-Empty", "")]

    seen = http.get("/plain/7?tag=a&tag=b&empty=", headers=headers).json()

    assert seen["headers"]["x-tag"] == "a,b"
    assert "x-empty" not in seen["headers"]
    assert seen["query"] == {"tag": "a,b"}
    assert seen["url"].endswith("/plain/7?tag=a&tag=b&empty=")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("DELETE", "/nothing", 204), ("GET", "/unchanged", 304)]
)
def test_a_status_without_body_has_none(
    http: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = http.request(method, path)

    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-length" not in answer.headers
    assert http.get("/stream").status_code == 200  # the connection is still in step


def test_every_cookie_is_kept(http: httpx.Client) -> None:
    cookies = http.get("/cookies").headers.get_list("set-cookie")

    assert [cookie.split(";")[0] for cookie in cookies] == ["one=1", "two=2"]


def test_a_sync_function_runs_beside_the_loop_with_its_route_values(http: httpx.Client) -> None:
    seen = http.get("/PLAIN/12/more/").json()

    assert (seen["route"], seen["sync"]) == ({"id": "12", "extra": "more"}, True)


@pytest.mark.parametrize(
    "request_line",
    ["GET /plain/x", "POST /plain/1", "GET /plain/1/2/3"],
    ids=["constraint-not-met", "wrong-method", "too-long"],
)
def test_what_no_route_takes_falls_to_the_next_function(
    http: httpx.Client, request_line: str
) -> None:
    method, path = request_line.split()

    answer = http.request(method, path)

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_without_a_next_function_a_wrong_method_is_404(folder: Path) -> None:
    options = ["--port", "0", "--functions", "plain"]
    with (
        start(APPS / "web", env={}, log=folder / "only.log", options=options) as host,
        httpx.Client(base_url=host.url, trust_env=False) as http,
    ):
        assert http.get("/plain/1").status_code == 200
        assert http.post("/plain/1").status_code == 404
        assert http.get("/stream").status_code == 404


def test_an_exception_is_an_empty_500_and_logged(http: httpx.Client, running: RunningHost) -> None:
    answer = http.get("/plain/fails")

    assert (answer.status_code, answer.content) == (500, b"")
    assert "no answer for" in running.log.read_text()


def test_a_body_beyond_100_mb_is_413(http: httpx.Client) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(101):
            yield b"\0" * (1 << 20)

    assert http.post("/plain/text", content=parts()).status_code == 413
    assert http.post("/plain/text", content=b"\0" * 4096).text == "POST 4096"


def test_requests_beyond_the_limit_are_429(http: httpx.Client, folder: Path) -> None:
    threads = [threading.Thread(target=http.get, args=("/plain/waits",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    started = folder / "go.started"
    processes.wait_until(
        lambda: started.exists() and len(started.read_text().splitlines()) == 2,
        seconds=20,
        what="two requests under way",
    )

    refused = http.get("/plain/text").status_code
    (folder / "go").touch()
    for thread in threads:
        thread.join()

    assert (refused, http.get("/plain/text").status_code) == (429, 200)


def test_an_answer_does_not_wait_for_the_clients_acknowledgement(http: httpx.Client) -> None:
    took = []
    for _ in range(25):
        start = time.perf_counter()
        assert http.get("/plain/text").status_code == 200
        took.append(time.perf_counter() - start)

    assert statistics.median(took) < 0.03  # a delayed acknowledgement costs 40 ms each


def test_the_host_tells_its_state_before_any_route(http: httpx.Client) -> None:
    status = http.get("/admin/host/status")

    assert status.headers["content-type"] == "application/json"
    assert status.json()["state"] == "Running"
    assert http.post("/admin/functions/plain").status_code == 404


def test_sigterm_lets_a_request_end_and_refuses_others(tmp_path: Path) -> None:
    env = {"WAIT_FOR": str(tmp_path / "go")}
    with (
        start(APPS / "web", env=env, log=tmp_path / "host.log") as host,
        httpx.Client(base_url=host.url, trust_env=False) as http,
        ThreadPoolExecutor() as threads,
    ):
        waiting = threads.submit(http.get, "/plain/waits")
        processes.wait_until((tmp_path / "go.started").exists, seconds=20, what="it runs")
        host.process.terminate()
        processes.wait_until(
            lambda: "stopping" in host.log.read_text(), seconds=20, what="the signal is heard"
        )
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{host.url}/plain/text", trust_env=False).raise_for_status()
        (tmp_path / "go").touch()

        assert waiting.result().text == "waited"
        assert host.process.wait(10) == 0
