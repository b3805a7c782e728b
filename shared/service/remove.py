"""Accepts the deletion of a deployment: off the lists at once, torn down by the worker after."""

from dataclasses import replace
from datetime import timedelta

from shared.domain import endpoints, plans, progress
from shared.domain.errors import Conflict
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Endpoint, Plan, Status
from shared.ports import Delete, Insert, Operation, Ports, Replace
from shared.service import hints, settle, store
from shared.service.contention import until_written
from shared.service.owned import require_deployment
from shared.service.refusals import changed
from shared.service.store import Stored


def accept_delete(
    ports: Ports,
    policy: Policy,
    principal: Principal,
    deployment_id: str,
    *,
    traffic_to: str = "",
    if_match: str = "",
) -> Deployment:
    """Accepts a deletion, at any moment and any number of times.

    Raises NotFound; Conflict `carries_traffic` where others are active on the endpoint and
    `traffic_to` names none of them; PreconditionFailed where `if_match`, a row's etag, names another version.
    """

    def attempt() -> Deployment:
        stored = require_deployment(ports, principal, deployment_id)
        if stored.record.status is Status.DELETED:
            return stored.record
        if if_match and if_match != stored.row.etag:
            raise changed("deployment", f"/deployments/{deployment_id}")
        removed = _commit(ports, policy, stored, traffic_to)
        hints.send_hint_when_free(ports.queue, removed)
        return removed

    return until_written("deployment", attempt)


def _commit(
    ports: Ports, policy: Policy, stored: Stored[Deployment], traffic_to: str
) -> Deployment:
    old, now = stored.record, ports.clock.now()
    deadline = now + timedelta(seconds=policy.deploy_deadline)
    deleted = replace(
        old,
        status=Status.DELETED,
        deleted_at=now,
        torn_down_at=None,
        generation=old.generation + 1,
        work=plans.start_work(Plan.DELETE, now, deadline),
    )
    record, event = progress.event_after(deleted, "deleted", "Deletion accepted.", now, None)
    operations: list[Operation] = [
        Insert(store.deployment_row(record)),
        Delete(stored.row),
        Insert(store.event_row(record.user_key, event)),
        *_hand_over(ports, old, traffic_to),
    ]
    settle.announce(ports, record, 0)
    store.commit(ports.tables, ports.random, store.RECORDS, operations)
    return record


def _hand_over(ports: Ports, record: Deployment, traffic_to: str) -> list[Operation]:
    """The endpoint's row with the traffic it should have once the deployment is gone.

    It is written also where nothing changes on it: two of its members that go at once, or one that
    goes while another decides on traffic, then meet there, and the later one looks again.
    """
    stored = store.load_endpoint(ports.tables, record.user_key, record.endpoint_name)
    if stored is None or not endpoints.is_member(stored.record, record):
        return []
    heir = None
    if endpoints.coming_traffic(stored.record).get(record.deployment_name):
        heir = _require_heir(record, _heirs(ports, stored.record, record), traffic_to)
    handed = endpoints.hand_over(stored.record, record.deployment_name, heir)
    return [Replace(store.endpoint_row(handed, stored.row.etag))]


def _require_heir(record: Deployment, candidates: list[str], traffic_to: str) -> str | None:
    heir = {name.lower(): name for name in candidates}.get(traffic_to.lower())
    if traffic_to and not heir:
        raise Conflict(
            "traffic_target_not_active",
            f"{traffic_to!r} is no other active deployment of {record.endpoint_name}.",
            f"Choose one of: {', '.join(candidates)}."
            if candidates
            else "Leave traffic_to out: no other is active there, so nobody takes its traffic over.",
        )
    if candidates and not heir:
        raise Conflict(
            "carries_traffic",
            f"{record.deployment_name} has traffic, and others are active on {record.endpoint_name}.",
            "Say who takes it over: "
            + " or ".join(
                f"DELETE /deployments/{record.id}?traffic_to={name}" for name in candidates
            ),
        )
    return heir


def _heirs(ports: Ports, endpoint: Endpoint, leaving: Deployment) -> list[str]:
    others = [each.record for each in store.load_members(ports.tables, endpoint)]
    able = [each for each in others if each.id != leaving.id and endpoints.can_carry(each)]
    return sorted(each.deployment_name for each in able)
