"""Traffic: given to a verified deployment, withdrawn from one that goes; read back each time."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shared.cloud_ports import CloudEndpoint
from shared.domain import endpoints, plans
from shared.domain.failures import endpoint_taken, past_deadline
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Endpoint, Step
from shared.service import pace, store
from shared.service.steps.endpoint import gone, tell_failed_change
from shared.service.store import Stored
from shared.service.turn import Turn

_CHANGING = ("Creating", "Updating", "Deleting")  # in any other state Azure may be asked


def ensure_traffic(turn: Turn) -> Outcome:
    """All traffic where nothing on the endpoint has any, else none until told otherwise."""
    name = turn.record.deployment_name
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
    staying = _find_there(turn, found, _staying(turn, held.record))
    wanted = endpoints.decide_traffic(held.record, name, found.traffic, staying)
    outcome = _route(turn, held, found, wanted, Step.TRAFFIC)
    if outcome is not None:
        return outcome
    share = wanted.get(name, 0)
    return Done(text=f"{name} has {share} % of the traffic.", frees_endpoint=True, routed=wanted)


def ensure_routed(turn: Turn) -> Outcome:
    """Gives the cloud the traffic that the endpoint's row wants."""
    held = _hold(turn)
    if held is None:
        return Done(text="It is on no endpoint any more.")
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        return Failed(failure=gone(turn.record.endpoint_name))
    wanted = held.record.traffic
    outcome = _route(turn, held, found, wanted, Step.ROUTE)
    if outcome is not None:
        return outcome
    text = f"Traffic is routed: {endpoints.in_words(wanted)}."
    return Done(text=text, frees_endpoint=True, routed=wanted)


def ensure_no_traffic(turn: Turn) -> Outcome:
    """Takes a deployment that goes out of the traffic; Azure removes none that has some."""
    name = turn.record.deployment_name
    held = _hold(turn)
    if held is None:
        return Done(text="It is on no endpoint any more.")
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        return Done(text="There is no endpoint of ours in the cloud.")
    wanted = endpoints.move_traffic(held.record, name, None)
    wanted = endpoints.keep_traffic(wanted, _find_there(turn, found, wanted))
    outcome = _route(turn, held, found, wanted, Step.WITHDRAW_TRAFFIC)
    if outcome is not None:
        return outcome
    return Done(text=f"{name} has no traffic.", routed=wanted)


def _staying(turn: Turn, endpoint: Endpoint) -> set[str]:
    """The members that can go on carrying traffic: one that is deleted or has failed will not."""
    loaded = [
        store.load_deployment(turn.ports.tables, turn.record.user_key, member.deployment_id)
        for member in endpoint.members
    ]
    return {
        each.record.deployment_name for each in loaded if each and endpoints.can_carry(each.record)
    }


def _find_there(turn: Turn, found: CloudEndpoint, names: Iterable[str]) -> set[str]:
    """Those of the deployments that Azure has: it refuses all of a traffic that names another."""
    view, endpoint_name = turn.ports.view, found.name
    return {
        name
        for name in names
        if found.traffic.get(name) or view.find_deployment(endpoint_name, name)
    }


def _hold(turn: Turn) -> Stored[Endpoint] | Wait | None:
    stored = turn.endpoint()
    return None if stored is None else turn.hold_endpoint(stored)


def _route(
    turn: Turn,
    held: Stored[Endpoint],
    found: CloudEndpoint,
    wanted: Mapping[str, int],
    step: Step,
) -> Wait | Failed | None:
    """Writes what is wanted on the row, then in the cloud; None once the cloud shows it.

    What the cloud shows at rest goes on the row as well: it is what holds if the change is given up.
    """
    at_rest = found.state not in _CHANGING
    routed = {name: share for name, share in found.traffic.items() if share}
    row = replace(held.record, traffic=dict(wanted))
    if at_rest and routed != (row.routed or {}):
        row = replace(row, routed=routed)
    if row != held.record and turn.save_endpoint(held, row) is None:
        return Wait(why="the endpoint's row was changed meanwhile", seconds=1)
    if not at_rest:
        return Wait(why=f"Azure says the endpoint is {found.state}")
    if routed == wanted:
        pace.learn(turn, step)
        return None
    if step is Step.ROUTE and plans.is_past_deadline(turn.record.work, turn.ports.clock.now()):
        return Failed(failure=past_deadline(turn.record))
    tell_failed_change(turn, found)
    turn.before_change()
    turn.ports.control.put_endpoint(
        turn.record.endpoint_name, tags=turn.endpoint_tags(), traffic=wanted
    )
    return Wait(why="Azure changes the endpoint's traffic", began=True)
