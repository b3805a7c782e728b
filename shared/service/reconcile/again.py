"""Reads one finding's thing again, on both sides, now: nothing is repaired on what a listing said."""

from collections.abc import Callable, Iterable

from shared.domain import ownership
from shared.domain.reconcile.compare_endpoints import compare_active, compare_endpoint
from shared.domain.reconcile.compare_records import compare_model, compare_name, compare_unfinished
from shared.domain.reconcile.compare_registry import (
    compare_referenced,
    compare_registered,
    compare_version,
    needs_registered,
)
from shared.domain.reconcile.findings import Case, Finding
from shared.ports import Ports
from shared.reconcile_ports import ReconcilePorts
from shared.service import store
from shared.service.catalogue import shelf
from shared.service.reconcile import artifact_repairs, look
from shared.service.reconcile.named import NamedNow

Look = Callable[[Ports, Finding], Iterable[Finding | None]]


def look_again(ports: ReconcilePorts, named: NamedNow, finding: Finding) -> Finding | None:
    """The same finding as it is now; None where it is not so any more, or of another thing of the same name.

    Raises CloudError, StoreError, UnreadableRow.
    """
    if finding.rule.in_bulk:  # each row is read again when it is removed
        return finding
    if at_files := artifact_repairs.LOOKS.get(finding.case):
        return at_files(ports, named, finding)
    found = _LOOKS[finding.case](ports, finding)
    return next((each for each in found if each and each.key == finding.key), None)


def _endpoint(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    found = ports.view.find_endpoint(finding.subject)
    seen = look.see_endpoint(ports, found) if found else None
    return compare_endpoint(seen) if seen else ()


def _deployment(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    seen = look.see_place(ports, *finding.subject.split("/", 1))
    return compare_endpoint(seen) if seen else ()


def _active(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    stored = store.load_deployment(ports.tables, finding.user_key, finding.identity.split()[0])
    if stored is None:
        return ()
    record = stored.record
    found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
    shown = found is not None and found.tags.get(ownership.DEPLOYMENT_TAG) == record.id
    return (compare_active(record, shown=shown),)


def _version(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    name, _, version = finding.subject.rpartition(":")
    found = ports.view.find_model(name, version)
    return (compare_version(look.see_version(ports, found)),) if found else ()


def _registered(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    stored = store.load_deployment(ports.tables, finding.user_key, finding.identity)
    if stored is None or not needs_registered(stored.record):
        return ()
    record = stored.record
    found = ports.view.find_model(record.azure_model_name, record.azure_model_version)
    return (compare_registered(record, registered=found is not None),)


def _referenced(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    stored = shelf.load_leaving(ports.tables, finding.user_key, finding.identity)
    if stored is None:
        return ()
    found = ports.view.find_model(stored.record.registry_name, stored.record.registry_version)
    return (compare_referenced(stored.record, registered=found is not None),)


def _unfinished(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    deployment_id = finding.identity.split()[0]
    entry = store.load_inflight(ports.tables, finding.user_key, deployment_id)
    stored = store.load_deployment(ports.tables, finding.user_key, deployment_id)
    if stored is None:
        return ()
    now = ports.clock.now()
    return (compare_unfinished(stored.record, indexed=entry is not None, now=now),)


def _name(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    claim = store.load_claim(ports.tables, finding.subject)
    if claim is None:
        return ()
    row = store.load_endpoint(ports.tables, claim.record.user_key, finding.subject)
    return (compare_name(claim.record, used=row is not None),)


def _model(ports: Ports, finding: Finding) -> Iterable[Finding | None]:
    stored = shelf.load_leaving(ports.tables, finding.user_key, finding.subject)
    if stored is None:
        return ()
    return (compare_model(stored.record, deployed=False, now=ports.clock.now(), days=0),)


_LOOKS: dict[Case, Look] = {
    Case.DEPLOYMENT_WITHOUT_RECORD: _deployment,
    Case.DEPLOYMENT_LEFT_OVER: _deployment,
    Case.DEPLOYMENT_GONE: _active,
    Case.DEPLOYMENT_BROKEN: _deployment,
    Case.DEPLOYMENT_REPLACED: _deployment,
    Case.ENDPOINT_WITHOUT_RECORD: _endpoint,
    Case.ENDPOINT_TAGS_OLD: _endpoint,
    Case.TRAFFIC_DIFFERS: _endpoint,
    Case.MODEL_WITHOUT_RECORD: _version,
    Case.MODEL_GONE: _registered,
    Case.DEPLOYED_MODEL_GONE: _registered,
    Case.REFERENCED_MODEL_GONE: _referenced,
    Case.NEVER_REGISTERED: _model,
    Case.TEARDOWN_UNFINISHED: _unfinished,
    Case.DEPLOYING_TOO_LONG: _unfinished,
    Case.NOT_INDEXED: _unfinished,
    Case.NAME_UNUSED: _name,
    Case.DELETION_UNFINISHED: _model,
}
