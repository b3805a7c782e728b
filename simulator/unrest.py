"""What gives the reconciliation something to do in a run, as data: runs that people ask for, and what happens behind our back.

People delete in Azure ML by hand what is ours. Calls of workers that died long ago land at last. Strangers make things that
look like ours. Rows and files are lost or left lying, and listings fail, break off or lag.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shared.domain.reconcile.findings import PROMPT, Area, Repair
from simulator.chance import Chance

AREAS = tuple(Area)


class Deed(StrEnum):
    """What happens that Longshore does not do."""

    DROP_DEPLOYMENT = "drop deployment"  # by hand, of ours
    DROP_ENDPOINT = "drop endpoint"
    DROP_MODEL = "drop model"
    BRING_BACK = "bring back"  # what was dropped, with our tags
    LATE_DEPLOYMENT = "late deployment"  # a call of long ago lands
    LATE_ENDPOINT = "late endpoint"
    LATE_MODEL = "late model"
    LATE_TAGS = "late tags"  # of a time when an endpoint's name was ours before
    LOSE_INDEX = "lose index"  # a row is gone
    LEAVE_CLAIM = "leave claim"  # a name that nobody needs
    OLD_ROWS = "old rows"  # whose time is over
    COPY_TAGS = "copy tags"  # strangers
    OTHER_INSTALLATION = "other installation"
    UNTAGGED = "untagged"
    MAKE_ANEW = "make anew"  # what was ours and left over, under the same name
    STRAY_FILES = "stray files"  # a content and a package that nobody has on record
    THEIR_FILES = "their files"  # in the same store
    THROW_AWAY = "throw away"  # a content that is on record, into the trash
    LOSE_DESCRIPTION = "lose description"  # of a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """A deed, `at` seconds or, where `upon` names an effect, as such an effect begins after that time.

    It waits until there is something to do it to; `which` chooses among several.
    """

    deed: Deed
    at: float
    upon: str = ""
    which: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A run that an operator asks for. Where one waits for approval, they send a `wrong` number, or `approve`, or both."""

    at: float
    dry_run: bool = False
    areas: tuple[Area, ...] = AREAS
    wrong: bool = False
    approve: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """The numbers of the reconciliation, and of the listings that it reads; times are in seconds.

    `trash` is how long a file lies there before it goes for good. `breaks` is how often a listing fails or breaks off, and
    `lag` how old what it shows may be. `restores`: whether traffic that was changed by hand is routed back.
    `forgets`: the events of what was torn down are not kept.
    """

    every: float = 600.0
    gap: float = 150.0
    grace: float = 0.0
    cap: int = 10
    trash: float = 900.0
    breaks: float = 0.0
    lag: float = 0.0
    restores: bool = False
    forgets: bool = False
    asks: tuple[Ask, ...] = ()
    deeds: tuple[Disturbance, ...] = ()


_LATE = (Deed.LATE_DEPLOYMENT, Deed.LATE_ENDPOINT, Deed.LATE_MODEL, Deed.LATE_TAGS)
_UPON = ("begin repair", "plan run", "keep findings", "begin repair")
_MORE = (
    *_LATE,
    *_LATE,
    Deed.DROP_DEPLOYMENT,
    Deed.DROP_ENDPOINT,
    Deed.DROP_MODEL,
    Deed.LOSE_INDEX,
    Deed.LEAVE_CLAIM,
    Deed.LEAVE_CLAIM,
    Deed.OLD_ROWS,
    Deed.OLD_ROWS,
    Deed.COPY_TAGS,
    Deed.OTHER_INSTALLATION,
    Deed.UNTAGGED,
    Deed.STRAY_FILES,
    Deed.STRAY_FILES,
    Deed.THEIR_FILES,
    Deed.THROW_AWAY,
    Deed.LOSE_DESCRIPTION,
)
_AT_THE_MOMENT = (Deed.MAKE_ANEW, Deed.MAKE_ANEW, Deed.BRING_BACK, Deed.BRING_BACK)


def draw_unrest(chance: Chance) -> Unrest:
    """That of a seed."""
    return Unrest(
        every=chance.pick((300.0, 600.0), "every"),
        gap=chance.pick((60.0, 150.0), "gap"),
        grace=chance.pick((0.0, 0.0, 100.0), "grace"),
        cap=chance.pick((10, 10, 1, 0), "cap"),
        trash=chance.pick((600.0, 1200.0), "trash"),
        breaks=chance.pick((0.0, 0.0, 0.02, 0.06), "breaks"),
        lag=chance.pick((0.0, 0.0, 20.0, 120.0), "lag"),
        restores=chance.happens(0.5, "restores"),
        forgets=chance.happens(0.25, "forgets"),
        asks=tuple(_ask(chance, each) for each in range(chance.whole(0, 2, "asks"))),
        deeds=tuple(_disturb(chance, each) for each in range(chance.whole(2, 5, "deeds"))),
    )


def _ask(chance: Chance, number: int) -> Ask:
    areas = chance.pick((AREAS, AREAS, *((each,) for each in AREAS)), "areas", number)
    return Ask(
        at=round(chance.between(100, 1200, "asked at", number), 1),
        dry_run=chance.happens(0.4, "dry", number),
        areas=areas,
        wrong=chance.happens(0.4, "wrong", number),
        approve=chance.happens(0.7, "approves", number),
    )


def _disturb(chance: Chance, number: int) -> Disturbance:
    which = chance.whole(0, 999, "which", number) / 1000
    if number and chance.happens(0.3, "at the moment", number):
        return Disturbance(
            deed=chance.pick(_AT_THE_MOMENT, "deed", number),
            at=round(chance.between(100, 900, "done at", number), 1),
            upon=chance.pick(_UPON, "done upon", number),
            which=which,
        )
    return Disturbance(
        deed=chance.pick(_MORE, "deed", number),
        at=round(chance.between(60, 1200, "done at", number), 1),
        which=which,
    )


def lead_to(unrest: Unrest, effects: Collection[str]) -> Unrest:
    """The same with cause for those of these effects that few runs have while things still go wrong."""
    for effect, cause in _CAUSES.items():
        if effect in effects:
            unrest = cause(unrest)
    return unrest


def _leave(deed: Deed, *times: float) -> Callable[[Unrest], Unrest]:
    """Something of one kind is done again and again, and a run follows soon that may repair it."""
    deeds = tuple(Disturbance(deed=deed, at=at) for at in times)

    def leave(unrest: Unrest) -> Unrest:
        return replace(
            unrest, every=300.0, gap=60.0, grace=0.0, cap=10, deeds=(*unrest.deeds, *deeds)
        )

    return leave


def _tag_late(unrest: Unrest) -> Unrest:
    """A late call gives an endpoint the tags of before, as soon as its name was given up and taken again."""
    return replace(
        unrest, every=300.0, deeds=(*unrest.deeds, Disturbance(deed=Deed.LATE_TAGS, at=300.0))
    )


def _wait_for_approval(unrest: Unrest) -> Unrest:
    """Nothing may be taken away without it, there is something to take away, and an operator asks again and again."""
    asks = tuple(Ask(at=at) for at in (450.0, 800.0, 1100.0))
    claims = tuple(Disturbance(deed=Deed.LEAVE_CLAIM, at=at) for at in (60.0, 500.0))
    return replace(
        unrest,
        every=300.0,
        gap=60.0,
        grace=0.0,
        cap=0,
        asks=(*unrest.asks, *asks),
        deeds=(*unrest.deeds, *claims),
    )


_CAUSES: Mapping[str, Callable[[Unrest], Unrest]] = {
    "clear traffic": _leave(
        Deed.LATE_ENDPOINT, 200.0, 260.0
    ),  # an odd one is brought back with traffic
    "clear endpoint": _leave(Deed.LATE_ENDPOINT, 200.0, 260.0),
    "clear deployment": _leave(Deed.LATE_DEPLOYMENT, 200.0, 500.0),
    "clear model": _leave(Deed.LATE_MODEL, 200.0, 500.0),
    "forget version": _leave(Deed.DROP_MODEL, 100.0, 400.0),
    "mark failed": _leave(Deed.DROP_DEPLOYMENT, 200.0, 500.0),
    "reindex": _leave(Deed.LOSE_INDEX, 10.0, 30.0, 60.0, 100.0, 200.0, 400.0),
    "bring back": _leave(Deed.THROW_AWAY, 120.0, 420.0, 800.0),
    "approve run": _wait_for_approval,
    "retag endpoint": _tag_late,
}


def numbers_of(unrest: Unrest) -> dict[str, Any]:
    """What a reconciliation decides by, in the time that a run of the simulator has."""
    return {
        "reconcile_days": 0,
        "sighting_gap": unrest.gap,
        "paid_grace": unrest.grace,
        "most_deletes": unrest.cap,
        "trash_days": unrest.trash / 86_400,
        "event_days": 0 if unrest.forgets else 365,
        "reconcile_repairs": frozenset(Repair) if unrest.restores else PROMPT,
    }
