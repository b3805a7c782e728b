"""Where processes run: when one has died, the next one starts in its place."""

from dataclasses import replace

from shared.service.claims import Mint
from simulator.chance import Counted
from simulator.timeline import Actor, Process, Timeline

_LONGEST_START = 20.0


class Machine:
    """Runs one process at a time, each as `first` was when it began."""

    def __init__(self, first: Process, timeline: Timeline, chance: Counted) -> None:
        self._timeline, self._chance = timeline, chance
        self._process = first
        self._mint: Mint | None = None

    def enter(self, actor: Actor) -> None:
        """The actor goes on in the process that runs here, which may have to start first."""
        actor.process = None
        while not (process := self._process).alive:
            self._timeline.sleep(1 + _LONGEST_START * self._chance.fraction("start", process.name))
            if self._process is process:  # no other actor has seen it start
                self._process, self._mint = replace(process, alive=True), None
        actor.process = self._process

    def mint(self, new: Mint) -> Mint:
        """The mint of the process that runs here: `new` where it has none yet."""
        self._mint = self._mint or new
        return self._mint
