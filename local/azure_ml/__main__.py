"""`python -m local.azure_ml`: the Azure ML emulator on a loopback port until it is told to end.

Prints `azure ml ready: URL` once it answers. SIGTERM and SIGINT end it within a second or two, and
every scoring process with it; after SIGKILL the kernel ends those.
"""

import asyncio
import contextlib
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator

import uvicorn

from local.azure_ml import app, settings

_HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """uvicorn, but a signal ends it like any other stop, after the application's own end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"azure ml ready: http://{_HOST}:{self.config.port}", flush=True)

    def _end(self) -> None:
        self.should_exit = True


def main() -> int:
    """Runs the emulator; 0 after a regular end, 1 if it could not start."""
    wanted = settings.parse()
    try:
        application = app.build(wanted)
    except sqlite3.OperationalError as error:
        print(f"{wanted.state} is in use by another emulator: {error}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        application,
        host=_HOST,
        port=wanted.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=600,
        lifespan="on",
    )
    server = _Server(config)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
