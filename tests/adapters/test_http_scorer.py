"""Scoring over HTTP: every status is an answer, silence and danger are errors."""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local import processes
from shared.adapters import http_scorer
from shared.adapters.http_scorer import HttpScorer
from shared.cloud_ports import Answer
from shared.domain.errors import CloudError, Trouble

TIMEOUT = 0.6


class Endpoint(BaseHTTPRequestHandler):
    """Answers as its path says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers["Content-Length"]))
        getattr(self, self.path.strip("/"))(body)

    def echo(self, body: bytes) -> None:
        told = {name: self.headers[name] for name in ("Authorization", http_scorer.ROUTED)}
        self._answer(200, json.dumps(told | {"body": json.loads(body)}).encode())

    def model_error(self, _body: bytes) -> None:
        self._answer(424, b"the model is unhappy")

    def elsewhere(self, _body: bytes) -> None:
        self._answer(307, b"", Location="/echo")

    def silent(self, _body: bytes) -> None:
        assert isinstance(self.server, Server)
        self.server.released.wait(10)

    def chunked(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (b"one ", b"two"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def cut(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")

    def bad_chunk(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"no length\r\nx\r\n")

    def no_http(self, _body: bytes) -> None:
        self.wfile.write(b"what do you want\r\n\r\n")

    def long_header(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("X", "y" * 100_000)
        self.end_headers()

    def reset(self, _body: bytes) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def bytes_of_no_text(self, _body: bytes) -> None:
        self._answer(200, b"\xff\xfe", **{"Content-Type": "text/plain; charset=martian"})

    def packed(self, _body: bytes) -> None:
        self._answer(200, gzip.compress(b"0" * 1000), **{"Content-Encoding": "gzip"})

    def endless(self, _body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(http_scorer.LONGEST_ANSWER // 65_536 + 1):
            self.wfile.write(b"x" * 65_536)

    def dripping(self, _body: bytes) -> None:
        assert isinstance(self.server, Server)
        self.send_response(200)
        self.end_headers()
        while not self.server.released.wait(0.1):
            self.wfile.write(b"x")

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header(http_scorer.ROUTED, "blue")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Its handlers wait for `released`, and may be left by their callers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Endpoint)
        self.released = threading.Event()

    def handle_error(self, *_arguments: object) -> None:
        """A caller that has gone is what the test wants."""


@pytest.fixture
def url() -> Iterator[str]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def scorer() -> HttpScorer:
    return HttpScorer(timeout=TIMEOUT)


def score(scorer: HttpScorer, uri: str) -> Answer:
    return scorer.score(uri, key="k", deployment_name="blue", payload={"input_data": [1]})


def test_a_call_brings_key_deployment_and_payload(scorer: HttpScorer, url: str) -> None:
    answer = score(scorer, f"{url}/echo")
    assert (answer.status, answer.deployment_name) == (200, "blue")
    assert json.loads(answer.text) == {
        "Authorization": "Bearer k",
        "azureml-model-deployment": "blue",
        "body": {"input_data": [1]},
    }


def test_an_error_of_the_model_is_an_answer(scorer: HttpScorer, url: str) -> None:
    assert score(scorer, f"{url}/model_error") == Answer(
        status=424, deployment_name="blue", text="the model is unhappy"
    )


def test_an_answer_may_come_in_chunks_and_a_cut_one_is_no_answer(
    scorer: HttpScorer, url: str
) -> None:
    assert score(scorer, f"{url}/chunked").text == "one two"
    with pytest.raises(CloudError) as caught:
        score(scorer, f"{url}/cut")
    assert caught.value.trouble is Trouble.TRANSIENT


def test_a_key_does_not_follow_a_redirect(scorer: HttpScorer, url: str) -> None:
    assert score(scorer, f"{url}/elsewhere").status == 307


@pytest.mark.parametrize("path", ["silent", "dripping"])
def test_an_answer_that_does_not_end_in_time_is_transient(
    scorer: HttpScorer, url: str, path: str
) -> None:
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        score(scorer, f"{url}/{path}")
    assert caught.value.trouble is Trouble.TRANSIENT
    assert time.monotonic() - began < TIMEOUT + 5


def test_an_answer_without_end_is_refused(scorer: HttpScorer, url: str) -> None:
    with pytest.raises(CloudError) as caught:
        score(scorer, f"{url}/endless")
    assert (caught.value.trouble, caught.value.code) == (Trouble.PERMANENT, "too_long")


@pytest.mark.parametrize("path", ["cut", "bad_chunk", "no_http", "long_header", "reset"])
def test_an_answer_that_breaks_off_or_is_no_http_is_transient(
    scorer: HttpScorer, url: str, path: str
) -> None:
    with pytest.raises(CloudError) as caught:
        score(scorer, f"{url}/{path}")
    assert caught.value.trouble is Trouble.TRANSIENT


@pytest.mark.parametrize("path", ["bytes_of_no_text", "packed"])
def test_an_answer_may_be_anything(scorer: HttpScorer, url: str, path: str) -> None:
    assert score(scorer, f"{url}/{path}").status == 200


def test_a_server_that_does_not_speak_tls_and_a_name_nobody_has_are_transient(
    scorer: HttpScorer, url: str
) -> None:
    for uri in (url.replace("http:", "https:"), "https://no-such-host.invalid/score"):
        with pytest.raises(CloudError) as caught:
            score(scorer, uri)
        assert caught.value.trouble is Trouble.TRANSIENT


def test_a_key_that_would_break_the_request_is_refused(scorer: HttpScorer, url: str) -> None:
    with pytest.raises(CloudError) as caught:
        scorer.score(f"{url}/echo", key="k\r\nX: y", deployment_name="blue", payload={})
    assert caught.value.trouble is Trouble.PERMANENT


@pytest.mark.parametrize(
    "uri",
    [
        "https://[::1/score",
        "https://127.0.0.1:99999/score",
        "https://127.0.0.1:port/score",
        f"https://{'a' * 70}.invalid/score",
        "https://xn--/score",
        "https://.invalid/score",
        "https:///score",
    ],
)
def test_an_address_that_is_none_is_refused_or_not_found(scorer: HttpScorer, uri: str) -> None:
    with pytest.raises(CloudError) as caught:
        score(scorer, uri)
    assert caught.value.trouble in (Trouble.PERMANENT, Trouble.TRANSIENT)


def test_nobody_there_is_transient(scorer: HttpScorer) -> None:
    with pytest.raises(CloudError) as caught:
        score(scorer, f"http://127.0.0.1:{processes.free_port()}/score")
    assert caught.value.trouble is Trouble.TRANSIENT


@pytest.mark.parametrize("uri", ["http://example.com/score", "ftp://127.0.0.1/", ""])
def test_a_key_does_not_go_out_in_the_open(scorer: HttpScorer, uri: str) -> None:
    with pytest.raises(CloudError) as caught:
        score(scorer, uri)
    assert (caught.value.trouble, caught.value.code) == (Trouble.PERMANENT, "unsafe_address")


def test_no_thread_outlives_a_call(scorer: HttpScorer, url: str) -> None:
    score(scorer, f"{url}/echo")
    before = {thread for thread in threading.enumerate() if "process_request" not in thread.name}
    score(scorer, f"{url}/echo")
    after = {thread for thread in threading.enumerate() if "process_request" not in thread.name}
    assert after == before
