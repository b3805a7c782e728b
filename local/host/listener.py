"""What the host asks of everything that runs functions without a request: queues and timers."""

import asyncio
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
