"""S3 as a process of its own: moto's server, made to answer as S3 does where two conditional writes meet.

moto looks whether a key is there and writes it, in two steps; S3 lets one such write of a key be
under way, and answers 409 ConditionalRequestConflict to another. Run as `python s3_server.py PORT`.
`POST /_control/fail?times=N&status=S&code=C&method=M` makes the next N such requests fail; with
`&done=1` they are done all the same, and only their answers lost. `GET /_control/left` tells how many are left.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


@dataclass(frozen=True)
class Server:
    """A running one."""

    url: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def fail(
        self,
        method: str,
        code: str,
        *,
        status: int,
        times: int = 1,
        done: bool = False,
        about: str = "",
        every: int = 1,
    ) -> None:
        """The next requests of this method fail with this code, of those with `about` in their query.

        With `every`, one in so many of them, and none of a key that has failed so before: S3 refuses a write
        because of another one, which then lands.
        """
        query: dict[str, str | int] = {
            "method": method,
            "code": code,
            "status": status,
            "times": times,
            "about": about,
            "every": every,
        }
        query |= {"done": 1} if done else {}
        httpx.post(f"{self.url}/_control/fail", params=query).raise_for_status()

    def failures_left(self) -> int:
        """How many of those are still to come."""
        return int(httpx.get(f"{self.url}/_control/left").raise_for_status().text)


@contextmanager
def running(log: Path) -> Iterator[Server]:
    """Runs until the `with` block ends."""
    from local import processes  # noqa: PLC0415 - the server itself needs none of it

    port = processes.free_port()
    env = {"PATH": "/usr/bin:/bin", "MOTO_S3_CUSTOM_ENDPOINTS": f"http://127.0.0.1:{port}"}
    command = [sys.executable, str(Path(__file__)), str(port)]
    process = processes.start(command, env=env, log=log)
    try:
        processes.wait_until(lambda: _answers(port), seconds=60, what="the S3 server")
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        processes.stop(process, seconds=10)


def _answers(port: int) -> bool:
    import socket  # noqa: PLC0415 - for those who start it

    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Conditional:
    """The application, behind what S3 does with conditional writes of one key at once."""

    def __init__(self, app: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._failures: list[dict[str, str]] = []
        self._met = 0
        self._failed: set[str] = set()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/_control/fail":
            told = {name: given[0] for name, given in parse_qs(environ["QUERY_STRING"]).items()}
            self._failures = [told] * int(told["times"])
            start("200 OK", [])
            return [b""]
        if path == "/_control/left":
            start("200 OK", [])
            return [str(len(self._failures)).encode()]
        if failure := self._next_failure(environ):
            if failure.get("done"):
                list(self._app(environ, lambda *_: None))
            return _refuse(start, failure["status"], failure["code"])
        if environ.get("HTTP_IF_NONE_MATCH") != "*":
            return self._app(environ, start)
        return self._write(path, environ, start)

    def _next_failure(self, environ: Environ) -> dict[str, str] | None:
        with self._lock:
            if not self._failures or self._failures[0]["method"] != environ["REQUEST_METHOD"]:
                return None
            if self._failures[0].get("about", "") not in environ["QUERY_STRING"]:
                return None
            if (every := int(self._failures[0].get("every", "1"))) > 1:
                self._met += 1
                if self._met % every or environ["PATH_INFO"] in self._failed:
                    return None
                self._failed.add(environ["PATH_INFO"])
            return self._failures.pop(0)

    def _write(self, path: str, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if path in self._under_way:
                return _refuse(start, "409", "ConditionalRequestConflict")
            self._under_way.add(path)
        try:
            return list(self._app(environ, start))
        finally:
            with self._lock:
                self._under_way.discard(path)


def _refuse(start: StartResponse, status: str, code: str) -> Iterable[bytes]:
    start(f"{status} Refused", [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code><Message>planned</Message></Error>".encode()]


def _serve(port: int) -> None:
    from moto.server import (  # noqa: PLC0415 - seconds of import, for the server alone
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415 - see above

    app = Conditional(DomainDispatcherApplication(create_backend_app))
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
