"""The `Random` port of the simulation."""

from simulator.chance import Counted
from simulator.timeline import Timeline


class SimulatedRandom:
    """Chance of the service: of the seed, and of who asks."""

    def __init__(self, timeline: Timeline, chance: Counted) -> None:
        self._timeline, self._chance = timeline, chance

    def nonce(self) -> str:
        """See `Random`."""
        return self._chance.name("nonce", self._timeline.current.name)

    def jump(self) -> int:
        """See `Random`."""
        return 1 + int(1000 * self._chance.fraction("jump", self._timeline.current.name))

    def jitter(self) -> float:
        """See `Random`."""
        return self._chance.fraction("jitter", self._timeline.current.name)
