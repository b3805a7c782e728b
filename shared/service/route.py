"""Accepts a change of an endpoint's traffic: wanted on its row at once, routed by the worker after.

The work is carried by one of its active deployments, in that one's record, through the same line for
the endpoint as everything else that changes it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from shared import telemetry
from shared.domain import endpoints, plans, progress
from shared.domain.errors import Conflict
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Endpoint, Plan, Status
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import hints, settle, store
from shared.service.contention import until_written
from shared.service.owned import require_endpoint
from shared.service.refusals import changed
from shared.service.store import Stored
from shared.telemetry import Happened


def accept_traffic(
    ports: Ports,
    policy: Policy,
    principal: Principal,
    name: str,
    shares: Mapping[str, int],
    *,
    if_match: str = "",
) -> Endpoint:
    """The endpoint's row with the traffic wanted: whole percents by deployment, 0 or 100 in sum.

    Raises NotFound; Conflict where a share is for none of its active deployments
    (`traffic_target_not_active`) or none is active (`nothing_active`); PreconditionFailed where
    `if_match`, a row's etag, names another version.
    """

    def attempt() -> Endpoint:
        stored = require_endpoint(ports, principal, name)
        if if_match and if_match != stored.row.etag:
            raise changed("endpoint", f"/endpoints/{name}")
        return _commit(ports, policy, stored, shares)

    return until_written("endpoint", attempt)


def route_as_recorded(ports: Ports, policy: Policy, stored: Stored[Endpoint]) -> Endpoint:
    """Has the traffic routed again that the endpoint's row has. Raises Conflict, Changed."""
    return _commit(ports, policy, stored, stored.record.traffic)


def _commit(
    ports: Ports, policy: Policy, stored: Stored[Endpoint], shares: Mapping[str, int]
) -> Endpoint:
    members = store.load_members(ports.tables, stored.record)
    wanted = _name_as_recorded(stored.record.name, members, shares)
    carrier = endpoints.choose_carrier(stored.record, [each.record for each in members], wanted)
    if carrier is None:
        raise _nothing_active(stored.record.name)
    etag = next(each.row.etag for each in members if each.record is carrier)
    now = ports.clock.now()
    deadline = now + timedelta(seconds=policy.deploy_deadline)
    carrier = replace(
        carrier,
        generation=carrier.generation + 1,
        work=plans.start_work(Plan.TRAFFIC, now, deadline),
    )
    text = f"Traffic accepted: {endpoints.in_words(wanted)}."
    carrier, event = progress.event_after(carrier, "traffic_accepted", text, now, None)
    endpoint = endpoints.reroute(stored.record, wanted, carrier)
    operations: list[Operation] = [
        Replace(store.deployment_row(carrier, etag)),
        Insert(store.event_row(carrier.user_key, event)),
        Replace(store.endpoint_row(endpoint, stored.row.etag)),
    ]
    settle.announce(ports, carrier, policy.rehint_after)
    store.commit(ports.tables, ports.random, store.RECORDS, operations)
    telemetry.tell(Happened.REROUTED, carrier.id, endpoint=endpoint.name)
    hints.send_hint_when_free(ports.queue, carrier)
    return endpoint


def _name_as_recorded(
    name: str, members: list[Stored[Deployment]], shares: Mapping[str, int]
) -> dict[str, int]:
    """The shares that are not 0, by the names as their deployments have them.

    Raises Conflict for one that is of no active deployment of the endpoint, and where none is active.
    """
    active = {
        each.record.deployment_name.lower(): each.record.deployment_name
        for each in members
        if each.record.status is Status.ACTIVE
    }
    unknown = sorted(each for each in shares if each.lower() not in active)
    if unknown and not active:
        raise _nothing_active(name)
    if unknown:
        raise Conflict(
            "traffic_target_not_active",
            f"No active deployment of {name}: {', '.join(unknown)}.",
            f"Choose among: {', '.join(sorted(active.values()))}.",
        )
    return {active[each.lower()]: share for each, share in shares.items() if share}


def _nothing_active(name: str) -> Conflict:
    return Conflict(
        "nothing_active",
        f"No deployment of {name} is active, so there is no traffic to set.",
        "Wait until one is active; the first gets all traffic.",
    )
