"""Listening sockets that behave as a service in trouble does, and a line to Azurite that can be cut."""

import contextlib
import itertools
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from local import azurite as storage
from local.azurite import Azurite

_RESET = struct.pack("ii", 1, 0)  # close by a reset, whatever is still to be read
_HERE = "127.0.0.1"


class Meets(Enum):
    """What becomes of a request on the line."""

    NOTHING = "it goes through"
    LOST_ANSWER = "it is done, and the connection breaks before the answer"
    SILENCE = "it is done, and no answer ever comes"


class Line:
    """Stands before the services of an Azurite; each request to one meets what is planned for it."""

    def __init__(self, azurite: Azurite) -> None:
        self._ends = threading.Event()
        self._listeners = {name: socket.create_server((_HERE, 0)) for name in storage.SERVICES}
        self._plans = {name: iter([Meets.NOTHING][:0]) for name in storage.SERVICES}
        self._threads = [
            threading.Thread(target=self._listen, args=(name, azurite.ports[name]), daemon=True)
            for name in storage.SERVICES
        ]
        for thread in self._threads:
            thread.start()

    @property
    def connection_string(self) -> str:
        ports = {name: each.getsockname()[1] for name, each in self._listeners.items()}
        return storage.connection_string(ports)

    def plan(self, service: str, *meets: Meets) -> None:
        """The next requests to this service meet these; those after them go through."""
        self._plans[service] = iter(meets)

    def always(self, service: str, meets: Meets) -> None:
        """Every request to this service meets this, from now on."""
        self._plans[service] = itertools.repeat(meets)

    def close(self) -> None:
        self._ends.set()
        for listener in self._listeners.values():
            listener.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self, service: str, port: int) -> None:
        listener = self._listeners[service]
        while not self._ends.is_set():
            with contextlib.suppress(OSError):
                if select.select([listener], [], [], 0.05)[0]:
                    client, _ = listener.accept()
                    relay = threading.Thread(
                        target=self._relay, args=(service, client, port), daemon=True
                    )
                    relay.start()

    def _relay(self, service: str, client: socket.socket, port: int) -> None:
        """Passes bytes on both ways; a request has been done when its answer begins."""
        asked = False
        with client, socket.create_connection((_HERE, port)) as server:
            while not self._ends.is_set():
                ready = select.select([client, server], [], [], 0.05)[0]
                if client in ready:
                    data = client.recv(65536)
                    if not data:
                        return
                    server.sendall(data)
                    asked = True
                if server in ready:
                    data = server.recv(65536)
                    meets = next(self._plans[service], Meets.NOTHING) if asked else Meets.NOTHING
                    asked = False
                    if not data or meets is Meets.LOST_ANSWER:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        return
                    if meets is Meets.SILENCE:
                        self._ends.wait(60)
                        return
                    client.sendall(data)


@contextmanager
def silent() -> Iterator[int]:
    """A port whose connections are accepted, and nothing is ever answered."""
    with socket.create_server((_HERE, 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def unreachable() -> Iterator[int]:
    """A port to which no connection comes about: whatever asks for one gets no word back."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((_HERE, 0), backlog=0))
        port = int(listener.getsockname()[1])
        for _ in range(4):  # the queue of those that wait is full after one or two
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((_HERE, port))
        yield port


@contextmanager
def slow_reader(*, pieces: int, pause: float) -> Iterator[tuple[int, list[int]]]:
    """A port that takes a request in so many pieces, slowly, and then says 201; (port, bytes taken)."""
    taken: list[int] = []
    ends = threading.Event()
    listener = socket.create_server((_HERE, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            head, _, body = head.partition(b"\r\n\r\n")
            named = dict(line.lower().split(b": ") for line in head.splitlines()[1:])
            length, got = int(named[b"content-length"]), len(body)
            while got < length and not ends.wait(pause):
                goal = min(length, got + length // pieces)
                while got < goal:
                    got += len(client.recv(min(65536, goal - got)))
            taken.append(got)
            client.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nETag: x\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1]), taken
    finally:
        ends.set()
        thread.join(10)
