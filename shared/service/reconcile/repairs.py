"""Carries out one repair: each is safe to begin again, conditional on what it meets, and leaves alone what is under way."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.cloud_ports import CloudEndpoint
from shared.domain import endpoints, ownership, plans, progress
from shared.domain.bookkeeping import index_entry
from shared.domain.errors import Changed, Exists
from shared.domain.failures import failure
from shared.domain.policy import Policy
from shared.domain.reconcile.compare_endpoints import (
    compare_active,
    has_old_tags,
    identity_of,
    is_alone,
    is_ours,
)
from shared.domain.reconcile.findings import Finding, Repair
from shared.domain.records import Deployment, Plan, Status, Turn as WhoseTurn
from shared.ports import Insert, Operation, Replace
from shared.reconcile_ports import ReconcilePorts
from shared.service import claims, hints, registered, route, settle, store
from shared.service.catalogue import withdraw
from shared.service.reconcile import artifact_repairs, look, old_rows
from shared.service.reconcile.in_the_way import NotNow, Stays
from shared.service.store import Stored

Act = Callable[[ReconcilePorts, Policy, Finding], None]


def carry_out(ports: ReconcilePorts, policy: Policy, finding: Finding) -> None:
    """Does what a finding needs, or asks the cloud for it. Raises NotNow, CloudError, StoreError."""
    repair = finding.rule.repair
    if repair is not None:
        try:
            _ACTS[repair](ports, policy, finding)
        except (Changed, Exists) as error:
            raise NotNow(f"it was changed meanwhile: {error}") from error


# ------------------------------------------------------------------ in the cloud


def _remove_deployment(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    """Takes it out of the traffic first: Azure removes none that has some."""
    endpoint_name, _, name = finding.subject.partition("/")
    endpoint = _require_idle(ports, endpoint_name)
    found = ports.view.find_deployment(endpoint_name, name)
    if endpoint is None or found is None or found.state == "Deleting":
        return
    _require_same(finding, found.tags, ownership.DEPLOYMENT_TAG, found.created_at)
    if any(routed.lower() == name.lower() for routed in endpoint.traffic):
        _withdraw_traffic(ports, endpoint, name)
        return
    ports.control.remove_deployment(endpoint_name, name)


def _withdraw_traffic(ports: ReconcilePorts, endpoint: CloudEndpoint, name: str) -> None:
    """Routes what the record says to the others. Raises Stays on an endpoint that is not ours."""
    seen = look.see_endpoint(ports, endpoint)
    if seen is None or not is_ours(seen):
        raise Stays("it has traffic, and its endpoint is not ours")
    recorded = seen.row.traffic if seen.row else {}
    others = {each.name for each in seen.deployments} - {name}
    rest = endpoints.keep_traffic(recorded, others)
    ports.control.put_endpoint(endpoint.name, tags=endpoint.tags, traffic=rest)


def _remove_endpoint(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    endpoint = _require_idle(ports, finding.subject)
    if endpoint is None or endpoint.state == "Deleting":
        return
    _require_same(finding, endpoint.tags, ownership.ENDPOINT_TAG, endpoint.created_at)
    seen = look.see_endpoint(ports, endpoint)
    if seen is not None and seen.deployments:
        told = f"it still has {', '.join(each.name for each in seen.deployments[:3])}"
        raise NotNow(told) if is_alone(seen) else Stays(f"{told}: not all of it is ours")
    ports.control.remove_endpoint(endpoint.name)


def _retag(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    """Gives an endpoint the tags of its row, and the traffic that it has."""
    endpoint = _require_idle(ports, finding.subject)
    seen = look.see_endpoint(ports, endpoint) if endpoint else None
    if endpoint is None or seen is None or seen.row is None or not has_old_tags(seen):
        raise NotNow("its tags are not those any more")
    if endpoint.state in ("Creating", "Updating", "Deleting"):  # as when it was asked for before
        raise NotNow(f"Azure ML says it is {endpoint.state}")
    tags = ownership.endpoint_tags(seen.row.user_key, seen.row.tag)
    ports.control.put_endpoint(endpoint.name, tags=tags, traffic=endpoint.traffic)


def _remove_model(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    name, _, version = finding.subject.rpartition(":")
    ports.view.remove_model(name, version)


def _require_idle(ports: ReconcilePorts, name: str) -> CloudEndpoint | None:
    """An endpoint that nobody of ours is changing. Raises NotNow."""
    found = ports.view.find_endpoint(name)
    if found is not None and look.is_busy(ports, found):
        raise NotNow("work on its endpoint is under way")
    return found


def _require_same(
    finding: Finding, tags: Mapping[str, str], tag: str, created_at: datetime | None
) -> None:
    """Raises NotNow where another thing has come to be under the name that was found."""
    if identity_of(tags, tag, created_at) != finding.identity:
        raise NotNow("something else is in its place")


# ------------------------------------------------------------------ on record


def _mark_failed(ports: ReconcilePorts, policy: Policy, finding: Finding) -> None:
    """An active deployment of which nothing is left fails, by the plan that clears away the rest of it."""
    stored = _require_record(ports, finding)
    now, old = ports.clock.now(), stored.record
    same = compare_active(old, shown=False)
    if same is None or same.key != finding.key:
        raise NotNow(f"the deployment is {old.status} by now")
    failed = replace(
        old,
        status=Status.FAILED,
        generation=old.generation + 1,
        failure=failure(
            "gone_from_cloud",
            f"{old.deployment_name} was deleted in Azure ML, by somebody else than Longshore.",
            WhoseTurn.YOU,
            "Where it is still wanted, bring it back.",
        ),
        work=plans.start_work(Plan.ABANDON, now, now + timedelta(seconds=policy.deploy_deadline)),
    )
    failed, event = progress.event_after(failed, "gone_from_cloud", finding.text, now, None)
    settle.announce(ports, failed, 0)
    operations: list[Operation] = [
        Replace(store.deployment_row(failed, stored.row.etag)),
        Insert(store.event_row(failed.user_key, event)),
    ]
    store.commit(ports.tables, ports.random, store.RECORDS, operations)
    hints.send_hint_when_free(ports.queue, failed)


def _forget_version(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    """A failed deployment is refused another try for a version that is gone: its owner is told before."""
    stored = _require_record(ports, finding)
    record = stored.record
    if record.status is not Status.FAILED:
        raise NotNow(f"the deployment is {record.status}")
    if f"{record.azure_model_name}:{record.azure_model_version}" != finding.subject:
        raise NotNow("the deployment names another version by now")
    registered.forget_version(ports, stored, f"{finding.subject} is not in the registry any more.")


def _restore_traffic(ports: ReconcilePorts, policy: Policy, finding: Finding) -> None:
    stored = store.load_endpoint(ports.tables, finding.user_key, finding.subject)
    if stored is None:
        raise NotNow("its record is gone")
    route.route_as_recorded(ports, policy, stored)


def _reindex(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    """Puts unfinished work on the index again; the sweep goes on from there."""
    record, now = _require_record(ports, finding).record, ports.clock.now()
    entry = index_entry(record, since=now, not_before=now)
    with suppress(Exists):
        store.insert(ports.tables, ports.random, store.INFLIGHT, store.inflight_row(entry))
    hints.send_hint(ports.queue, record.user_key, record.id)


def _release_name(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    if not claims.release_endpoint_name(
        ports.tables,
        ports.random,
        finding.subject,
        finding.user_key,
        at=ports.clock.now(),
    ):
        raise NotNow("somebody is about to use the name")


def _finish_deletion(ports: ReconcilePorts, _policy: Policy, finding: Finding) -> None:
    withdraw.finish_deletion(ports, finding.user_key, finding.subject)


def _require_record(ports: ReconcilePorts, finding: Finding) -> Stored[Deployment]:
    deployment_id = finding.identity.split()[0]
    stored = store.load_deployment(ports.tables, finding.user_key, deployment_id)
    if stored is None:
        raise NotNow("its record is gone")
    return stored


def _remove_old(ports: ReconcilePorts, policy: Policy, finding: Finding) -> None:
    old_rows.remove_old(ports, finding.case, policy.event_days)


def _on_files(act: Callable[[ReconcilePorts, Finding], None]) -> Act:
    return lambda ports, _policy, finding: act(ports, finding)


_ACTS: dict[Repair, Act] = {
    Repair.REMOVE_DEPLOYMENT: _remove_deployment,
    Repair.REMOVE_ENDPOINT: _remove_endpoint,
    Repair.REMOVE_MODEL: _remove_model,
    Repair.MARK_FAILED: _mark_failed,
    Repair.RETAG: _retag,
    Repair.RESTORE_TRAFFIC: _restore_traffic,
    Repair.FORGET_VERSION: _forget_version,
    Repair.REINDEX: _reindex,
    Repair.RELEASE_NAME: _release_name,
    Repair.FINISH_DELETION: _finish_deletion,
    Repair.REMOVE_OLD: _remove_old,
    **{repair: _on_files(act) for repair, act in artifact_repairs.ACTS.items()},
}
