"""Models by https: the address behind a name is checked before a byte is sent, and reached by no other name."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.adapters import source_stream
from shared.adapters.https_source import HttpsFiles, resolve
from shared.domain.addresses import is_public
from shared.domain.catalogue.sources import HttpsSource
from shared.domain.errors import Forbidden, NotFound, Refusal, SourceError
from tests.adapters.certificates import write_certificate
from tests.adapters.dripping import drip

HOST = "models.example.com"
BODY = bytes(range(256)) * 4_000
SOURCE = HttpsSource(HOST, "/model.pkl")


class Host:
    """A web host on this machine that answers as told, and what it was asked."""

    def __init__(self, certificate: Path) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = answering(200, BODY)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers["Host"]))
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_address[1])
        self.certificate = certificate
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def files(self, **options: object) -> HttpsFiles:
        """What reaches this host under its name, although its address is not public."""
        given = {"resolve": lambda _host: ["127.0.0.1"], "is_allowed": lambda _address: True}
        given |= options  # type: ignore[arg-type]  # functions by name
        return HttpsFiles(port=self.port, ca_file=str(self.certificate), **given)  # type: ignore[arg-type]  # see above


def answering(
    status: int, body: bytes = b"", *, length: int | None = None, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def host(certificate: Path) -> Iterator[Host]:
    host = Host(certificate)
    yield host
    host.server.shutdown()
    host.server.server_close()


def fetch(files: HttpsFiles, source: HttpsSource = SOURCE) -> bytes:
    [found] = files.find(source)
    with found.open() as file:
        return b"".join(iter(lambda: file.read(100_000), b""))


def test_a_file_is_fetched_under_the_name_it_was_asked_by(host: Host) -> None:
    assert fetch(host.files()) == BODY
    assert host.asked == [("/model.pkl", HOST)]


def test_an_address_that_is_not_public_is_not_connected_to(host: Host) -> None:
    with pytest.raises(Refusal) as caught:
        fetch(host.files(is_allowed=is_public))

    assert caught.value.code == "source_not_allowed"
    assert host.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["168.63.129.16"],
        ["93.184.216.34", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["93.184.216.34", "::1"],
        [],
    ],
)
def test_one_address_of_a_name_that_is_not_public_is_enough(addresses: list[str]) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("connected")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "connect", connect)
        with pytest.raises(Refusal):
            fetch(HttpsFiles(resolve=lambda _host: addresses))


def test_a_name_is_resolved_once_and_its_checked_address_used(host: Host) -> None:
    """A name that leads elsewhere the second time (rebinding) is not asked a second time."""
    answers = iter([["127.0.0.1"]])
    checked: list[str] = []

    def check(address: str) -> bool:
        checked.append(address)
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", only_numbers(socket.getaddrinfo))
        assert fetch(host.files(resolve=lambda _host: next(answers), is_allowed=check)) == BODY
    assert checked == ["127.0.0.1"]


def only_numbers(real: Callable[..., object]) -> Callable[..., object]:
    """A resolver that fails the test when it is asked for a name."""

    def ask(name: str, *args: object, **options: object) -> object:
        ipaddress.ip_address(name)
        return real(name, *args, **options)

    return ask


def test_a_host_without_a_certificate_for_the_name_is_not_trusted(
    tmp_path: Path,
) -> None:
    other = Host(write_certificate(tmp_path, "other.example.com"))
    with pytest.raises(SourceError, match=r"SSLError|Certificate"):
        fetch(other.files())
    assert other.asked == []
    other.server.shutdown()
    other.server.server_close()


@pytest.mark.parametrize(
    "to", ["https://169.254.169.254/latest", f"https://{HOST}/other", "/other", "//evil.example"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(host: Host, status: int, to: str) -> None:
    host.answer = answering(status, Location=to)

    with pytest.raises(Refusal) as caught:
        fetch(host.files())

    assert caught.value.code == "source_redirects"
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (404, NotFound),
        (410, NotFound),
        (401, Forbidden),
        (403, Forbidden),
        (204, Refusal),
        (206, Refusal),
        (400, Refusal),
        (429, SourceError),
        (500, SourceError),
        (503, SourceError),
    ],
)
def test_a_status_says_whether_it_may_pass(
    host: Host, status: int, meaning: type[Exception]
) -> None:
    host.answer = answering(status, Retry_After="7")

    with pytest.raises(meaning) as caught:
        fetch(host.files())

    if isinstance(caught.value, SourceError):
        assert caught.value.retry_after == 7


def test_what_is_compressed_on_its_way_is_not_taken(host: Host) -> None:
    host.answer = answering(200, b"\x1f\x8b", Content_Encoding="gzip")

    with pytest.raises(Refusal) as caught:
        fetch(host.files())
    assert caught.value.code == "source_refused"


def test_a_file_that_ends_early_is_tried_again(host: Host) -> None:
    host.answer = answering(200, BODY, length=len(BODY) + 1)

    with pytest.raises(SourceError, match=r"IncompleteRead|Protocol"):
        fetch(host.files())


def test_a_host_that_drips_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_stream, "LONGEST_SECONDS", 0.5)
    host.answer = drip
    [found] = host.files().find(SOURCE)
    begin = time.monotonic()

    with found.open() as file, pytest.raises(SourceError, match="minutes"):
        file.read(4 * 1024 * 1024)

    assert time.monotonic() - begin < 5


def test_a_name_that_does_not_resolve_and_a_port_that_is_closed_may_pass() -> None:
    def nowhere(_host: str) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SourceError, match="gaierror"):
        fetch(HttpsFiles(resolve=nowhere))
    with pytest.raises(SourceError, match=r"NewConnectionError|ConnectTimeout"):
        fetch(HttpsFiles(resolve=lambda _host: ["127.0.0.1"], is_allowed=lambda _: True, port=9))


def test_names_are_resolved_to_all_their_addresses() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}
