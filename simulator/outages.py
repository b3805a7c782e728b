"""Times in which a service does not answer at all, or refuses everybody: drawn once for a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.errors import CloudError, Trouble, Unavailable
from simulator.chance import Chance
from simulator.faults import Surprise
from simulator.timeline import SECOND


class What(StrEnum):
    """What is out."""

    STORAGE = "storage"
    TABLES = "tables"
    QUEUES = "queues"
    CLOUD = "cloud"
    SIGN_IN = "sign-in"
    SENSE = "sense"  # whatever the cloud is asked, the answer is no JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From a time on, for a while, in seconds."""

    what: What
    begins: float
    lasts: float


_PORTS = {
    What.STORAGE: ("tables", "queue", "blobs"),
    What.TABLES: ("tables",),
    What.QUEUES: ("queue",),
    What.CLOUD: ("cloud",),
    What.SIGN_IN: ("cloud",),
    What.SENSE: ("cloud",),
}


def draw_outages(chance: Chance, events: Sequence[float]) -> tuple[Outage, ...]:
    """None in most runs, one or two in the others: of seconds to minutes.

    One may begin with the first producer's message: it then fails until the host puts it aside.
    """
    count = (0, 0, 0, 1, 1, 2)[chance.whole(0, 5, "outages")]
    drawn = [_draw(chance, number) for number in range(count)]
    if events and chance.happens(0.5, "outage of an event"):
        lasts = round(chance.between(30, 120, "outage of an event lasts"), 1)
        drawn.append(Outage(what=What.TABLES, begins=events[0], lasts=lasts))
    return tuple(drawn)


def _draw(chance: Chance, number: int) -> Outage:
    return Outage(
        what=chance.pick((*What, What.TABLES), "outage of", number),
        begins=round(chance.between(0, 900, "outage begins", number), 1),
        lasts=round(4 * 100 ** chance.fraction("outage lasts", number), 1),
    )


class Outages:
    """The outages of a run, as calls meet them."""

    def __init__(self, outages: Sequence[Outage]) -> None:
        self.last_end = max((round(_end(each) * SECOND) for each in outages), default=0)
        self.met: set[What] = set()
        self._outages = outages

    def check(self, port: str, now: int) -> None:
        """Raises what a call of the port meets at this time."""
        if now > self.last_end:
            return
        seconds = now / SECOND
        for each in self._outages:
            if port in _PORTS[each.what] and each.begins <= seconds < _end(each):
                self.met.add(each.what)
                raise _error(each.what)


def _end(outage: Outage) -> float:
    return outage.begins + outage.lasts


def _error(what: What) -> Exception:
    if what is What.CLOUD:
        return CloudError(Trouble.TRANSIENT, "503", "the cloud does not answer")
    if what is What.SIGN_IN:
        return CloudError(Trouble.AUTH, "403", "the role has not spread yet")
    if what is What.SENSE:
        return Surprise("the answer is no JSON")
    return Unavailable(f"{what} does not answer")
