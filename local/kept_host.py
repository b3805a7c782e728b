"""A function host that is started again whenever it ends; `local.cloud` keeps several.

A thread starts it and watches it, as long as it is wanted: the kernel ends a child with the thread
that started it, so nothing is left even if this process is killed.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from local.host.process import RunningHost

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_JOIN_SECONDS = 30


class KeptHost:
    """One instance of the app. `start` gives it the same port each time; its output is in `log`."""

    def __init__(
        self,
        name: str,
        start: Callable[[], RunningHost],
        *,
        log: Path,
        say: Callable[[str], None],
    ) -> None:
        self.name = name
        self.log = log
        self._start = start
        self._say = say
        self._url: Future[str] = Future()
        self._running: RunningHost | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keep-{name}", daemon=True)

    def start(self) -> None:
        """Begins to start it; `url` waits until it serves."""
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it serves. Waits for the first start; raises RuntimeError if that failed."""
        return self._url.result()

    @property
    def pid(self) -> int | None:
        """Of the process that serves; None while there is none."""
        running = self._running
        return running.process.pid if running else None

    def kill(self) -> None:
        """Kills the process as a crash would, if there is one; it is started again at once."""
        if running := self._running:
            running.process.kill()

    def begin_stop(self) -> None:
        """Asks it to drain and end; `stop` waits for that."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends it, and all it has started."""
        self.begin_stop()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _keep(self) -> None:
        delay = FIRST_DELAY_SECONDS
        while not self._stopping.is_set():
            try:
                running = self._start()
            except (RuntimeError, TimeoutError, OSError) as error:
                if not self._url.done():
                    self._url.set_exception(RuntimeError(f"{self.name}: {error}"))
                    return
                ended = f"could not be started: {error}"
                delay = min(2 * delay, LONGEST_DELAY_SECONDS)
            else:
                ended = f"ended with exit code {self._serve(running)}"
                delay = FIRST_DELAY_SECONDS
            if not self._stopping.is_set():
                self._say(f"{self.name} {ended}; it starts again in {delay:g} s (log: {self.log})")
                self._stopping.wait(delay)

    def _serve(self, running: RunningHost) -> int:
        """Watches a host until it ends or is no longer wanted; returns its exit code."""
        self._running = running
        if not self._url.done():
            self._url.set_result(running.url)
        while running.process.poll() is None and not self._stopping.wait(_LOOK_SECONDS):
            continue
        self._running = None
        return running.stop()
