"""An account whose connection loses, delays and garbles what Azurite answers, as told."""

import dataclasses
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.storage_account import StorageAccount

Send = Callable[[], requests.Response]
Fault = Callable[["Line", requests.PreparedRequest, Send], requests.Response]


class Line(HTTPAdapter):
    """The wire: each request meets the next fault planned, and goes through when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self.sent: list[str] = []
        self.requests: list[requests.PreparedRequest] = []

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        self.sent.append(request.method or "")
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else _none
        return fault(self, request, lambda: super(Line, self).send(request, *args, **kwargs))


@dataclasses.dataclass(frozen=True)
class Faulty:
    """An account, its wire, and the waits of its retries."""

    account: StorageAccount
    line: Line
    waits: list[float]

    @contextmanager
    def meeting(self, *faults: Fault) -> Iterator[list[str]]:
        """The next requests meet these faults; gives the methods of the requests sent."""
        self.line.faults = list(faults)
        self.line.sent = []
        yield self.line.sent
        assert not self.line.faults, "a planned fault was not met"


def connect(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """An account on this Azurite, without faults as yet, whose retries do not wait but note it."""
    account = storage_account.from_connection_string(azurite.connection_string)
    transport = account.transport
    assert isinstance(transport, RequestsTransport)
    assert transport.session
    line, waits = Line(), list[float]()
    transport.session.mount("http://", line)
    monkeypatch.setattr("time.sleep", waits.append)
    return Faulty(account, line, waits)


def lost_answer(_line: Line, _request: requests.PreparedRequest, send: Send) -> requests.Response:
    """The service does it; its answer never arrives."""
    send().close()
    raise requests.exceptions.ReadTimeout("no answer within 10 s")


def broken_line(_line: Line, _request: requests.PreparedRequest, send: Send) -> requests.Response:
    """The service does it; the connection breaks before its answer."""
    send().close()
    raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted."))


def doubled(_line: Line, _request: requests.PreparedRequest, send: Send) -> requests.Response:
    """Something along the way sends it twice; the answer to the second comes back."""
    send().close()
    return send()


def no_connection(
    _line: Line, _request: requests.PreparedRequest, _send: Send
) -> requests.Response:
    """Nothing is sent."""
    raise requests.exceptions.ConnectTimeout("no connection within 5 s")


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Nothing is done; this comes back."""

    def fault(line: Line, request: requests.PreparedRequest, _send: Send) -> requests.Response:
        return _response(line, request, status, body, headers)

    return fault


def garbled(body: bytes, kind: str = "application/json") -> Fault:
    """The service does it; its answer has this body and no other header."""

    def fault(line: Line, request: requests.PreparedRequest, send: Send) -> requests.Response:
        with send() as real:
            return _response(line, request, real.status_code, body, {"Content-Type": kind})

    return fault


def relabelled(**headers: str) -> Fault:
    """The service does it; these headers of its answer are others."""

    def fault(_line: Line, _request: requests.PreparedRequest, send: Send) -> requests.Response:
        response = send()
        response.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
        return response

    return fault


def _none(_line: Line, _request: requests.PreparedRequest, send: Send) -> requests.Response:
    return send()


def _response(
    line: Line,
    request: requests.PreparedRequest,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
) -> requests.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    raw = HTTPResponse(io.BytesIO(body), named, status, preload_content=False)
    return line.build_response(request, raw)
