"""What people do in a run, as data: drawn from the seed, or kept with a regression.

Anna and Bert share little but the region: Anna keeps several deployments on one endpoint, Bert has
his own. At least four deployments, one of which crashes and is tried again, a change of traffic and
a delete are in every run; what else there is, when, and how impatiently, is drawn.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum

from simulator.catalogue import EFFECTS, LEADS_TO, SELDOM
from simulator.chance import Chance
from simulator.faults import FEWEST, Hit, list_cells, plan_faults
from simulator.outages import Outage, What, draw_outages
from simulator.unrest import Unrest, draw_unrest, lead_to

USERS = ("anna", "bert")
PERSISTENT = 100
"""Tries of somebody who outlives two outages, one after the other."""


class Verb(StrEnum):
    """What somebody asks for."""

    DEPLOY = "deploy"
    EVENT = "event"  # a producer's message instead of a request
    DELETE = "delete"
    RETRY = "retry"
    REDEPLOY = "redeploy"
    TRAFFIC = "traffic"
    DELETE_MODEL = "delete model"  # that of the deployment which it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing somebody does.

    It begins `at` seconds; or, if `upon` names an effect, as such an effect begins, within a while
    after that time. `of` is the place of the action whose deployment it is about; `waits_for` the
    status of that deployment which they wait for. `again` are seconds after which the same request
    is sent once more, answered or not.
    """

    user: str
    verb: Verb
    at: float
    upon: str = ""
    of: int = 0
    waits_for: str = ""
    endpoint: str = ""
    name: str = ""
    keyed: bool = True
    again: tuple[float, ...] = ()
    tries: int = PERSISTENT
    fragile: bool = False
    share: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything about a run that is drawn before it begins.

    `skews` are the clocks of the machines, in seconds, and `slowness` how many times as long as usual
    their calls take; `operation` is about how long the cloud takes for a change, in seconds. Beside
    the planned `faults`, others come until there are `fewest_faults`.
    """

    actions: tuple[Action, ...]
    outages: tuple[Outage, ...] = ()
    skews: tuple[float, ...] = (0.0,)
    slowness: tuple[float, ...] = (1.0,)
    operation: float = 30.0
    deadline: float = 3600.0
    lease: float = 60.0
    cores: int = 100
    faults: tuple[Hit, ...] = ()
    fewest_faults: int = 0
    unrest: Unrest = field(default_factory=Unrest)


_MOMENTS = (
    "settle",  # the moment between unfinished and finished, so thrice
    "settle",
    "settle",
    "checkpoint",
    "checkpoint endpoint",
    "lease",
    "hold",
    "wait",
    "pace",
    "put endpoint",
    "put traffic",
    "put deployment",
    "remove deployment",
    "remove endpoint",
    "hint",
    "fail",
    "inflight",
    "inflight again",
    "release name",
)
_EVENT_AT = 100.0
_WAITS = {Verb.DELETE_MODEL: ("", "failed", "deleted")}
_CELLS = list_cells(EFFECTS, SELDOM)
_SKEW, _SLOW = 300.0, 30.0


def draw_scenario(chance: Chance) -> Scenario:
    """The scenario of a seed."""
    faults = plan_faults(chance, _CELLS, LEADS_TO)
    planned = {each.effect for each in faults}
    actions = [*_always(chance), *_more(chance)]
    outages = draw_outages(chance, [each.at for each in actions if each.verb is Verb.EVENT])
    if "send event again" in planned:  # nobody can look at it for longer than the host tries
        outages += (Outage(what=What.TABLES, begins=_EVENT_AT, lasts=90),)
    actions += _lead_to(planned, len(actions))
    skewed = chance.happens(0.3, "skewed")
    skews = [chance.between(-_SKEW, _SKEW, "skew", each) if skewed else 0.0 for each in range(6)]
    return Scenario(
        actions=tuple(actions),
        outages=outages,
        skews=tuple(round(each, 1) for each in skews),
        slowness=tuple(_SLOW if chance.happens(0.08, "slow", each) else 1.0 for each in range(6)),
        operation=chance.pick((1.0, 4.0, 12.0), "operation"),
        deadline=chance.pick((3600.0, 3600.0, 3600.0, 900.0), "deadline"),
        lease=chance.pick((60.0, 60.0, 15.0), "lease"),
        cores=chance.pick((100, 100, 100, 8), "cores"),
        faults=faults,
        fewest_faults=chance.whole(FEWEST, FEWEST + 3, "fewest faults"),
        unrest=lead_to(draw_unrest(chance), planned),
    )


def _lead_to(planned: Collection[str], count: int) -> list[Action]:
    """What others' late calls need: an endpoint that is given up, or one whose name is taken again after that."""
    actions = []
    if not {"clear traffic", "clear endpoint"}.isdisjoint(planned):
        actions.append(Action(user="bert", verb=Verb.DELETE, at=120, of=2, waits_for="active"))
    if "retag endpoint" in planned:
        first = count + len(actions)
        deploy = Action(user="bert", verb=Verb.DEPLOY, at=5, endpoint="kiosk")
        delete = Action(user="bert", verb=Verb.DELETE, at=40, of=first, waits_for="active")
        actions += [deploy, delete, replace(deploy, at=200)]
    if "send event again" in planned:
        depot = Action(user="bert", verb=Verb.DEPLOY, at=5, endpoint="depot")
        actions += [depot, replace(depot, verb=Verb.EVENT, at=_EVENT_AT)]
    if "mark staying" in planned:
        for endpoint in ("booth", "stall", "kiosk"):
            actions += _wanted_again(endpoint, count + len(actions))
    return actions


def _wanted_again(endpoint: str, first: int) -> list[Action]:
    """A model that nobody uses any more is deleted just as somebody deploys it once more."""
    deploy = Action(user="bert", verb=Verb.DEPLOY, at=5, endpoint=endpoint)
    return [
        deploy,
        Action(user="bert", verb=Verb.DELETE, at=30, of=first, waits_for="active"),
        Action(user="bert", verb=Verb.DELETE_MODEL, at=60, of=first, waits_for="deleted"),
        replace(deploy, at=60, upon="mark leaving"),
    ]


def _always(chance: Chance) -> list[Action]:
    def at(number: int, low: float, high: float) -> float:
        return round(chance.between(low, high, "at", number), 3)

    ask = chance.pick((Verb.DEPLOY, Verb.DEPLOY, Verb.EVENT), "bert asks by")
    same = ask is Verb.DEPLOY and chance.happens(0.1, "same name")  # no producer would ask again
    bert = "Shop" if same else chance.pick(("till", ""), "bert's")
    shop = Action(user="anna", verb=Verb.DEPLOY, at=0, endpoint="shop")
    fragile_user = chance.pick(USERS, "fragile")
    fragile_at = "shop" if fragile_user == "anna" and chance.happens(0.5, "joins") else "desk"
    return [
        _impatient(chance, 0, replace(shop, at=at(0, 0, 5))),
        _impatient(chance, 1, replace(shop, at=at(1, 0, 90), name="blue")),
        _impatient(chance, 2, Action(user="bert", verb=ask, at=at(2, 0, 90), endpoint=bert)),
        Action(
            user=fragile_user, verb=Verb.DEPLOY, at=at(3, 0, 90), endpoint=fragile_at, fragile=True
        ),
        Action(
            user=fragile_user,
            verb=Verb.RETRY,
            at=at(4, 100, 300),
            of=3,
            waits_for="failed",
            tries=chance.pick((1, PERSISTENT), "retries"),
        ),
        Action(
            user="anna",
            verb=Verb.TRAFFIC,
            at=at(5, 60, 400),
            of=chance.whole(0, 1, "routes to"),
            waits_for="active",
            share=chance.pick((100, 100, 0, 30), "share"),
            tries=chance.pick((1, PERSISTENT), "routes"),
        ),
        _moved(chance, 6, Action(user="anna", verb=Verb.DELETE, at=at(6, 5, 900), of=0)),
    ]


def _more(chance: Chance) -> list[Action]:
    return [_one_more(chance, number) for number in range(7, 7 + chance.whole(0, 3, "more"))]


def _one_more(chance: Chance, number: int) -> Action:
    user = chance.pick(USERS, "user", number)
    verb = chance.pick((*Verb, Verb.DELETE, Verb.DELETE, Verb.DELETE_MODEL), "verb", number)
    at = round(chance.between(0, 1000, "at", number), 3)
    endpoint = {"anna": ("shop", "shop", "desk"), "bert": ("till", "", "desk")}[user]
    action = Action(
        user=user,
        verb=verb,
        at=at,
        of=chance.whole(0, number - 1, "of", number),
        endpoint=chance.pick(endpoint, "endpoint", number),
        name=chance.pick(("", "blue", "green", "no--name"), "name", number),
        fragile=verb in (Verb.DEPLOY, Verb.EVENT) and chance.happens(0.3, "fragile", number),
        waits_for=chance.pick(_WAITS.get(verb, ("", "active", "failed")), "waits", number),
        share=chance.pick((100, 0, 50), "share", number),
    )
    return _impatient(chance, number, _moved(chance, number, action))


def _moved(chance: Chance, number: int, action: Action) -> Action:
    """The action, often at the very moment of something else, and often tried only once."""
    action = replace(action, tries=chance.pick((1, PERSISTENT), "tries", number))
    if chance.happens(0.5, "moved", number):
        return action
    return replace(action, upon=chance.pick(_MOMENTS, "upon", number), waits_for="")


def _impatient(chance: Chance, number: int, action: Action) -> Action:
    """The action, sometimes without a key, or sent twice."""
    keyed = chance.happens(0.5, "keyed", number)
    after = (round(chance.between(0, 0.3, "again", number), 3),)
    return replace(action, keyed=keyed, again=after if chance.happens(0.2, "twice", number) else ())
