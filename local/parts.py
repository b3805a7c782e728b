"""The parts of the local cloud that are not hosts: Azurite and the Azure ML emulator.

`local.cloud` starts them once. Tests take one away for a while, as an outage would, and bring it
back where it was, with the state it has on disk.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local import processes

STOP_SECONDS = 20  # on its way out Azurite writes its whole state to disk


class Part:
    """A process that the cloud cannot do without.

    `start` starts it, at the same address each time; `wait` returns once it answers.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        wait: Callable[[], None],
    ) -> None:
        self.name = name
        self._start = start
        self._wait = wait
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begins to start it. It ends with the calling thread."""
        self._process = self._start()

    def stop(self) -> None:
        """Ends it regularly; a part that does not run is left alone."""
        if self._process is not None:
            processes.stop(self._process, seconds=STOP_SECONDS)

    @contextmanager
    def away(self, number: signal.Signals = signal.SIGKILL) -> Iterator[None]:
        """Ends it by a signal; after the block it is started again, and answers.

        Enter it from the thread that started the cloud: the part ends with that thread.
        """
        running, self._process = self._process, None
        if running is None:
            raise RuntimeError(f"{self.name} is not running")
        running.send_signal(number)
        running.wait(STOP_SECONDS)
        try:
            yield
        finally:
            self.start()
            self._wait()

    def ended(self) -> str:
        """That it has ended, where it should not have; "" where all is well."""
        if self._process is None or self._process.poll() is None:
            return ""
        return f"{self.name} ended with exit code {self._process.returncode}"
