"""Models by https from allowed hosts: the name is resolved once, every address it has must be public, and the
connection goes to an address that was checked, with TLS for the name. Redirects are not followed.

Not by `httpx-secure`: it is for asynchronous clients only, and finds an address by connecting to it before
the check. Facts: `shared.domain.addresses`.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

import urllib3
from urllib3.exceptions import HTTPError

from shared.adapters.cloud_errors import read_retry_after
from shared.adapters.source_stream import open_stream
from shared.adapters.store_sources import denied, missing
from shared.domain.addresses import is_public
from shared.domain.catalogue.sources import HttpsSource
from shared.domain.errors import Refusal, SourceError
from shared.intake_ports import SourceFile

PORT = 443
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 30.0
_MAY_PASS = frozenset({408, 425, 429})
Resolve = Callable[[str], list[str]]


def resolve(host: str) -> list[str]:
    """The addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class HttpsFiles:
    """Files by https. What tests replace: how names are resolved, which addresses are let through, port and CA."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        is_allowed: Callable[[str], bool] = is_public,
        port: int = PORT,
        ca_file: str | None = None,
    ) -> None:
        self._resolve, self._is_allowed = resolve, is_allowed
        self._port, self._ca_file = port, ca_file

    def find(self, source: HttpsSource) -> list[SourceFile]:
        """The file, which is asked for when it is opened."""
        return [SourceFile(path="", open=partial(self._open, source))]

    def _open(self, source: HttpsSource) -> BinaryIO:
        translated = partial(_translated, source)
        with translated():
            response = self._get(source)
        try:
            _require_file(response, source)
        except BaseException:
            response.close()
            raise
        return open_stream(response.read1, response.close, translated)

    def _get(self, source: HttpsSource) -> Any:
        pool = urllib3.HTTPSConnectionPool(
            self._checked_address(source.host),
            self._port,
            server_hostname=source.host,
            assert_hostname=source.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self._ca_file,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=False,
            maxsize=1,
        )
        headers = {"Host": source.host, "Accept-Encoding": "identity", "User-Agent": "longshore"}
        return pool.urlopen(
            "GET", source.path, headers=headers, redirect=False, preload_content=False
        )

    def _checked_address(self, host: str) -> str:
        """An address of the name; all it has are checked, so that none is reached by chance."""
        found = self._resolve(host)
        if not found or not all(self._is_allowed(each) for each in found):
            raise Refusal(
                "source_not_allowed",
                f"{host} is not on the public internet.",
                "Name a host that is, or upload the file: POST /models, or POST /uploads for a big one.",
            )
        return found[0]


def _require_file(response: Any, source: HttpsSource) -> None:
    """Raises a Refusal for what will not become a file, SourceError for what may."""
    status = int(response.status)
    encoding = response.headers.get("content-encoding", "identity").lower()
    if status == 200 and encoding == "identity":
        return
    if status >= 500 or status in _MAY_PASS:
        wait = read_retry_after(response.headers)
        raise SourceError(f"{source} answered {status}", retry_after=wait)
    if status in (404, 410):
        raise missing(source)
    if status in (401, 403):
        raise denied(source)
    if 300 <= status < 400:
        raise Refusal(
            "source_redirects",
            f"{source} answered {status}: it leads elsewhere, and Longshore does not follow.",
            "Name the place it leads to, if its host is allowed.",
        )
    raise Refusal(
        "source_refused",
        f"{source} answered {status} ({encoding}), which is no file.",
        "Look at what it answers to a plain GET.",
    )


@contextmanager
def _translated(source: HttpsSource) -> Iterator[None]:
    begin = time.monotonic()
    try:
        yield
    except (HTTPError, OSError) as error:
        after = f"after {time.monotonic() - begin:.0f} s"
        raise SourceError(f"{source}: {type(error).__name__} {after}") from error
