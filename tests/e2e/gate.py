"""A gate before a service: it passes bytes on, and swallows the requests it is told to."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 65536


class Gate:
    """Listens on `port` and passes everything on to a service's port, and its answers back."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._swallows = b""
        self._swallowed = threading.Event()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        _begin(self._accept)

    def swallow(self, start: str) -> None:
        """From now on requests that begin so are never answered, nor seen by the service."""
        self._swallowed.clear()
        self._swallows = start.encode()

    def wait_swallowed(self) -> None:
        """Waits until such a request has come; after it, all pass again."""
        assert self._swallowed.wait(30), f"no request began with {self._swallows!r}"
        self._swallows = b""

    def close(self) -> None:
        """Ends all connections."""
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            caller, _ = self._listening.accept()
            service = socket.create_connection(("127.0.0.1", self._target))
            self._open += [caller, service]
            _begin(self._pass_on, caller, service)
            _begin(self._pass_on, service, caller)

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        swallowing = False
        while data := here.recv(_CHUNK):
            if self._swallows and data.startswith(self._swallows):
                swallowing = True
                self._swallowed.set()
            if not swallowing:
                there.sendall(data)
        there.shutdown(socket.SHUT_WR)


def _begin(work: Callable[..., None], *sockets: socket.socket) -> None:
    """In a thread that ends when its connection does."""

    def until_closed() -> None:
        with suppress(OSError):
            work(*sockets)

    threading.Thread(target=until_closed, daemon=True).start()
