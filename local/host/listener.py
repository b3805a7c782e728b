"""What the host asks of everything that runs functions without a request: queues and timers."""

import asyncio
import logging
from typing import Protocol


class Listener(Protocol):
    """Runs one function on its own account."""

    async def run(self) -> None:
        """Returns after `stop`, when what was running has ended."""

    def stop(self) -> None:
        """Starts nothing new from now on."""

    def wake(self) -> None:
        """Looks for work now instead of at its next turn."""

    async def invoke(self, text: str) -> None:
        """Runs the function now, on `text` where it takes any. Raises InvocationError."""


async def is_set(event: asyncio.Event, *, within: float) -> bool:
    """Waits for `event` at most `within` seconds and says whether it is set."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True


class Trouble:
    """Logs that something cannot be reached when that begins and ends, not at every attempt."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._said = ""

    def goes_on(self, error: Exception) -> None:
        """It failed, maybe again."""
        said = str(error).partition("\n")[0]
        if said != self._said:
            self._log.warning("%s cannot be reached, trying on: %s", self._what, said)
        self._said = said

    def is_over(self) -> None:
        """It worked, maybe as before."""
        if self._said:
            self._log.warning("%s can be reached again", self._what)
        self._said = ""
