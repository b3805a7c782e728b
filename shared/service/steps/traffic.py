"""Traffic: given to a verified deployment, withdrawn from one that goes; read back each time."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shared.cloud_ports import CloudEndpoint
from shared.domain import endpoints, plans
from shared.domain.errors import CloudError, Trouble
from shared.domain.failures import endpoint_taken, failure_of, past_deadline
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Endpoint, Plan, Step
from shared.service import pace, store
from shared.service.steps.endpoint import gone, tell_failed_change
from shared.service.store import Stored
from shared.service.turn import Turn

_LOOK_AGAIN = 10  # seconds
_CHANGING = ("Creating", "Updating", "Deleting")  # in any other state Azure may be asked


def ensure_traffic(turn: Turn) -> Outcome:
    """All traffic where nothing on the endpoint has any, else none until told otherwise.

    A change of traffic that is under way is left to the deployment that carries it.
    """
    held = _hold(turn)
    if held is None:
        return Wait(why="the endpoint's row is not there", seconds=2)
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    if found is None:
        return Wait(why="Azure does not show the endpoint", seconds=2)
    if not ours:
        return Failed(failure=endpoint_taken(found.name))
    if found.state in _CHANGING:
        return _changing(found)
    return _take_traffic(turn, held, found)


def _take_traffic(turn: Turn, held: Stored[Endpoint], found: CloudEndpoint) -> Outcome:
    name, routed = turn.record.deployment_name, _routed(found)
    if held.record.wanted is not None:
        return Done(text=_has(name, routed), frees_endpoint=True)
    staying = _find_there(turn, found, _find_staying(turn, held.record))
    wanted = endpoints.decide_traffic(held.record, name, routed, staying)
    by_hand = routed if staying.issuperset(routed) else None
    if routed == wanted:
        pace.learn(turn, Step.TRAFFIC)
        return Done(text=_has(name, routed), frees_endpoint=True, routed=by_hand)
    if name not in wanted and routed:
        return Done(text=_has(name, routed), frees_endpoint=True, routed=by_hand)
    return _route(turn, held, found, wanted)


def ensure_routed(turn: Turn) -> Outcome:
    """Gives the cloud the traffic that is wanted, unless a later change has taken its place."""
    held = _hold(turn)
    if held is None:
        return Done(text="It is on no endpoint any more.")
    if isinstance(held, Wait):
        return held
    wanted = held.record.wanted
    if wanted is None or held.record.carrier != turn.record.id:
        return Done(text="A later change has taken its place.", frees_endpoint=True)
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        return Failed(failure=gone(turn.record.endpoint_name))
    if found.state in _CHANGING:
        return _changing(found)
    routed = _routed(found)
    if routed == wanted:
        pace.learn(turn, Step.ROUTE)
        text = f"Traffic is routed: {endpoints.in_words(routed)}."
        return Done(text=text, frees_endpoint=True, routed=routed)
    return _route_carried(turn, held, found, wanted)


def _route_carried(
    turn: Turn, held: Stored[Endpoint], found: CloudEndpoint, wanted: Mapping[str, int]
) -> Outcome:
    """Routes the change, or gives it up in its grace, with what the cloud routes by hand on the row."""
    shown = _adopt(turn, held, _routed(found))
    if shown is None:
        return _changed_meanwhile()
    if plans.is_past_deadline(turn.record.work, turn.ports.clock.now()):
        return Failed(failure=past_deadline(turn.record))
    return _route(turn, shown, found, wanted)


def ensure_no_traffic(turn: Turn) -> Outcome:
    """Takes a deployment that goes out of the traffic; Azure removes none that has some.

    A change of traffic that it carries is routed on the way; one that Azure refuses is given up.
    Where it has failed with all traffic, that goes to one who got none because of it.
    """
    name = turn.record.deployment_name
    held = _hold(turn)
    if held is None:
        return _withdraw_left(turn)
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        return Done(text="There is no endpoint of ours in the cloud.")
    if found.state in _CHANGING:
        return _changing(found)
    routed, row = _routed(found), held.record
    carried = row.wanted if row.carrier == turn.record.id else None
    if carried is None and (nothing := _find_nothing(turn, routed)):
        return nothing
    wanted = _find_rest(turn, row, found, carried)
    if routed == wanted:
        pace.learn(turn, Step.WITHDRAW_TRAFFIC)
        return Done(text=f"{name} has no traffic.", routed=routed)
    try:
        return _route(turn, held, found, wanted)
    except CloudError as error:
        if carried is None or error.trouble is not Trouble.PERMANENT:
            raise
        trouble = failure_of(turn.record, Step.ROUTE, error, "")
        turn.save_endpoint(held, endpoints.give_up_route(row, turn.record.id, trouble))
        return Wait(why="the change of traffic that it carried was refused", seconds=1)


def _withdraw_left(turn: Turn) -> Outcome:
    """As `ensure_no_traffic` of one that had left its endpoint: a late call may have brought it back, traffic and all.

    It cannot hold the row, if there is one still, so it waits until nobody does; what that says goes to the others.
    """
    record, (found, ours) = turn.record, turn.cloud_endpoint()
    if found is None or not ours or _find_nothing(turn, _routed(found)):
        return Done(text="It is on no endpoint any more.")
    stored = store.load_endpoint(turn.ports.tables, record.user_key, record.endpoint_name)
    row = stored.record if stored and stored.record.tag == record.endpoint_tag else None
    if row and (row.holder or row.wanted is not None):
        return Wait(why="the endpoint is being changed", seconds=_LOOK_AGAIN)
    if found.state in _CHANGING:
        return _changing(found)
    recorded = dict(row.traffic) if row else _routed(found)
    others = _find_there(turn, found, recorded.keys() - {record.deployment_name})
    turn.before_change()
    turn.ports.control.put_endpoint(
        found.name, tags=turn.endpoint_tags(), traffic=endpoints.keep_traffic(recorded, others)
    )
    return Wait(why="Azure takes what a late call has left out of the traffic", began=True)


def _find_nothing(turn: Turn, routed: Mapping[str, int]) -> Done | None:
    """The step's end where no traffic is the deployment's: none at all, or somebody else's of its name."""
    name = turn.record.deployment_name
    if name not in routed:
        return Done(text=f"{name} has no traffic.")
    found, ours = turn.cloud_deployment()
    if found is None or ours:
        return None
    return Done(text=f"The traffic of {name} in the cloud is not ours.")


def _find_rest(
    turn: Turn, row: Endpoint, found: CloudEndpoint, carried: Mapping[str, int] | None
) -> dict[str, int]:
    """The traffic without the deployment: as carried, else as recorded, else as routed."""
    name = turn.record.deployment_name
    rest = endpoints.move_traffic(row.traffic if carried is None else carried, name, None)
    wanted = endpoints.keep_traffic(rest, _find_there(turn, found, rest))
    if wanted or carried is not None:
        return wanted
    routed = endpoints.move_traffic(_routed(found), name, None)  # nobody loses traffic by its going
    if routed or turn.record.work.plan is Plan.DELETE:
        return routed
    return endpoints.fall_back(row, _find_there(turn, found, _find_staying(turn, row)))


def _route(
    turn: Turn, held: Stored[Endpoint], found: CloudEndpoint, wanted: Mapping[str, int]
) -> Outcome:
    """Asks the cloud for the traffic, which is at rest and has another; the next look tells."""
    carried = held.record.carrier == turn.record.id
    row = held.record if carried else replace(held.record, traffic=dict(wanted))
    if row != held.record and turn.save_endpoint(held, row) is None:
        return _changed_meanwhile()
    tell_failed_change(turn, found)
    turn.before_change()
    turn.ports.control.put_endpoint(
        turn.record.endpoint_name, tags=turn.endpoint_tags(), traffic=wanted
    )
    return Wait(why="Azure changes the endpoint's traffic", began=True)


def _adopt(turn: Turn, held: Stored[Endpoint], routed: dict[str, int]) -> Stored[Endpoint] | None:
    """The row with what the cloud routes by hand, unless somebody has a share who goes; None if it changed."""
    if routed == held.record.traffic or not _find_staying(turn, held.record).issuperset(routed):
        return held
    return turn.save_endpoint(held, replace(held.record, traffic=routed))


def _changed_meanwhile() -> Wait:
    return Wait(why="the endpoint's row was changed meanwhile", seconds=1)


def _hold(turn: Turn) -> Stored[Endpoint] | Wait | None:
    stored = turn.endpoint()
    return None if stored is None else turn.hold_endpoint(stored)


def _changing(found: CloudEndpoint) -> Wait:
    return Wait(why=f"Azure says the endpoint is {found.state}")


def _routed(found: CloudEndpoint) -> dict[str, int]:
    return {name: share for name, share in found.traffic.items() if share}


def _has(name: str, traffic: Mapping[str, int]) -> str:
    return f"{name} has {traffic.get(name, 0)} % of the traffic."


def _find_staying(turn: Turn, endpoint: Endpoint) -> set[str]:
    """The members that can go on carrying traffic: one that is deleted or has failed will not."""
    members = [each.record for each in store.load_members(turn.ports.tables, endpoint)]
    return {each.deployment_name for each in members if endpoints.can_carry(each)}


def _find_there(turn: Turn, found: CloudEndpoint, names: Iterable[str]) -> set[str]:
    """Those of the deployments that Azure has: it refuses all of a traffic that names another."""
    view, endpoint_name = turn.ports.view, found.name
    return {
        name
        for name in names
        if found.traffic.get(name) or view.find_deployment(endpoint_name, name)
    }
