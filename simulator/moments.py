"""Those who act at the very moment of something else: they wait until an effect begins."""

from dataclasses import dataclass, field

from simulator.effects import Effect
from simulator.timeline import Actor, Timeline


@dataclass(eq=False, slots=True)
class Waiting:
    """An actor who waits for an effect to begin; of their own deployment, where they have one."""

    actor: Actor
    effect: str
    about: str

    def is_for(self, effect: Effect) -> bool:
        """Whether this is the effect."""
        return effect.name == self.effect and (not self.about or self.about in effect.about)


@dataclass(slots=True)
class Moments:
    """Who waits for what."""

    timeline: Timeline
    _waiting: list[Waiting] = field(default_factory=list)

    def wait(self, effect: str, about: str, until: int) -> bool:
        """The current actor goes on as such an effect begins, or at a time; whether it has begun."""
        waiting = Waiting(self.timeline.current, effect, about)
        self._waiting.append(waiting)
        self.timeline.wait_until(until)
        if waiting not in self._waiting:
            return True
        self._waiting.remove(waiting)
        return False

    def notice(self, effect: Effect) -> bool:
        """An effect begins: whether somebody waited for it, who acts now."""
        called = [each for each in self._waiting if each.is_for(effect)]
        for waiting in called:
            self._waiting.remove(waiting)
            self.timeline.wake(waiting.actor, self.timeline.now)
        return bool(called)
