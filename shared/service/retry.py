"""Accepts another try: of a failed deployment in its own record, or of a past one as a new deployment.

A retry keeps the id, the registered model and the history, and comes back to its endpoint, whose name
is claimed anew where it was freed. It is accepted also while the failed try is still being cleared
away: the plan of a retry begins with what is left of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from shared import telemetry
from shared.domain import phases, plans, progress
from shared.domain.errors import Changed, Conflict, Exists, Missing, Refusal
from shared.domain.failures import MODEL_GONE, NOT_IN_REGISTRY
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Grant, Model, Plan, Status
from shared.domain.requests import fingerprint, parse_deploy_request
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import allowance, claims, hints, places, registered, settle, store
from shared.service.catalogue.preconditions import Presence, admit_deployable
from shared.service.claims import Mint
from shared.service.contention import until_written
from shared.service.keyed import Accepted, Keyed, answer_operation, find_replay, once
from shared.service.owned import require_deployment
from shared.service.refusals import changed
from shared.service.store import Stored
from shared.service.submit import accept_keyed
from shared.telemetry import Happened

_NAMES_TAKEN = ("endpoint_taken", "deployment_name_taken", "endpoint_full")
_ANEW = (
    "A retry and a redeploy keep the names there were: deploy the model with POST /deployments, under "
    "other names or none."
)


def accept_retry(
    ports: Ports,
    policy: Policy,
    principal: Principal,
    deployment_id: str,
    *,
    key: str = "",
    if_match: str = "",
) -> Accepted:
    """Accepts another try of a failed deployment.

    `key` and `if_match` are as for `accept_deploy` and `accept_delete`. Raises NotFound; Conflict where it has not
    failed (`not_failed`), its model is gone (`model_deleted`, `model_not_in_registry`), may not be deployed any more or
    was registered under another exception (`exception_renewed`), or its place is taken; PreconditionFailed; TooMany.
    """
    keyed = Keyed(key=key, fingerprint=fingerprint("retry", {"id": deployment_id}))

    def attempt() -> Accepted:
        stored = require_deployment(ports, principal, deployment_id)
        if stored.record.status is not Status.FAILED:
            raise _not_failed(stored.record)
        if if_match and if_match != stored.row.etag:
            raise changed("deployment", f"/deployments/{deployment_id}")
        model = _require_model(ports, stored.record)
        record = replace(stored.record, grant=admit_deployable(ports, policy, Presence(), model))
        if model.registry_name:  # it was never packaged here, and its version may have come back
            name, version = model.registry_name, model.registry_version
            record = replace(record, azure_model_name=name, azure_model_version=version)
        else:
            _require_same_grant(stored.record, record.grant)
            _require_registered(ports, stored)
        allowance.require_room(ports.tables, policy, principal.user_key)
        with _names_kept():
            record = _commit(ports, policy, principal, replace(stored, record=record), keyed)
        telemetry.tell(Happened.RETRIED, record.id, endpoint=record.endpoint_name)
        hints.send_hint_when_free(ports.queue, record)
        return Accepted(record=record)

    return once(ports, principal, keyed, lambda: until_written("deployment", attempt))


def accept_redeploy(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    deployment_id: str,
    *,
    key: str = "",
) -> Accepted:
    """Accepts a new deployment with the settings of one that has failed or was deleted.

    Raises as `accept_deploy`, and Conflict where the old one is live or being deployed (`not_over`) or
    its model is gone (`model_deleted`).
    """
    keyed = Keyed(key=key, fingerprint=fingerprint("redeploy", {"id": deployment_id}))
    if earlier := find_replay(ports, principal, keyed):
        return Accepted(record=earlier, replayed=True)
    record = require_deployment(ports, principal, deployment_id).record
    if record.status not in (Status.FAILED, Status.DELETED):
        raise Conflict(
            "not_over",
            f"{record.deployment_name} is {record.status}; only what has failed or was deleted is "
            "deployed again.",
            "To deploy its model a second time, use POST /deployments.",
        )
    _require_model(ports, record)
    request = parse_deploy_request(dict(record.deployment_config))
    with _names_kept():
        return accept_keyed(ports, mint, policy, principal, request, keyed)


@contextmanager
def _names_kept() -> Iterator[None]:
    """Gives a name that is taken the advice that fits who cannot choose another one here."""
    try:
        yield
    except Conflict as error:
        if error.code not in _NAMES_TAKEN or error.retry_after is not None:
            raise
        raise Conflict(error.code, error.detail, _ANEW) from error


def _require_same_grant(record: Deployment, grant: Grant | None) -> None:
    """A retry serves what is registered, so what a later exception installs would not be there. Raises Conflict."""
    before = record.grant.number if record.grant else 0
    if not record.azure_model_version or grant is None or grant.number == before:
        return
    raise Conflict(
        "exception_renewed",
        f"It was packaged and registered before exception {grant.number} of its content, and a retry serves what is "
        "registered: not what that exception installs.",
        f"Make it anew, with what holds now: POST /deployments/{record.id}/redeploy",
    )


def _require_registered(ports: Ports, stored: Stored[Deployment]) -> None:
    """A retry serves what is registered. Where that is gone, the record forgets it, and every retry is refused.

    Raises Conflict; Changed, Missing where the record was written meanwhile.
    """
    record = stored.record
    if not (record.failure and record.failure.code == NOT_IN_REGISTRY):
        if not record.azure_model_version or registered.may_be_there(ports, record):
            return
        registered.forget_version(ports, stored, MODEL_GONE)
    raise Conflict(
        NOT_IN_REGISTRY,
        MODEL_GONE,
        f"Make it anew, registered under a name of its own: POST /deployments/{record.id}/redeploy",
    )


def _require_model(ports: Ports, record: Deployment) -> Model:
    stored = store.load_model(ports.tables, record.user_key, record.model_id)
    if stored is None:
        raise Conflict(
            "model_deleted", MODEL_GONE, "Upload the model again with POST /models, and deploy it."
        )
    return stored.record


def _commit(
    ports: Ports, policy: Policy, principal: Principal, stored: Stored[Deployment], keyed: Keyed
) -> Deployment:
    """Writes the index entry, then all of the acceptance in one transaction."""
    record = _retried(ports, policy, stored.record)
    place = places.find_place(ports, policy, record)
    entry = settle.announce(ports, record, policy.rehint_after)
    try:
        endpoint = place.endpoint or places.new_endpoint(ports, record)
    except Refusal:
        settle.call_off(ports, entry, stored)
        raise
    record = replace(record, endpoint_name=endpoint.name, endpoint_tag=endpoint.tag)
    now = record.work.step_since
    record, event = progress.event_after(record, "retried", "Retry accepted.", now, None)
    operations: list[Operation] = [
        Replace(store.deployment_row(record, stored.row.etag)),
        Insert(store.event_row(record.user_key, event)),
        places.endpoint_operation(endpoint, place),
        *answer_operation(principal, keyed, record.id, now),
    ]
    try:
        store.commit(ports.tables, ports.random, store.RECORDS, operations)
    except (Exists, Changed, Missing):
        if place.endpoint is None:  # its name may have been claimed for nothing
            claims.release_endpoint_name(
                ports.tables, ports.random, endpoint.name, record.user_key, at=now
            )
        raise
    return record


def _retried(ports: Ports, policy: Policy, record: Deployment) -> Deployment:
    now = ports.clock.now()
    deadline = now + timedelta(seconds=policy.deploy_deadline)
    return replace(
        record,
        status=Status.DEPLOYING,
        failure=None,
        model_deleted=False,  # a deletion that was called off may have marked it
        torn_down_at=None,
        generation=record.generation + 1,
        phases={phases.ACCEPTED: now},
        work=plans.start_work(Plan.RETRY, now, deadline),
    )


def _not_failed(record: Deployment) -> Conflict:
    if record.status is Status.DELETED:
        return Conflict(
            "not_failed",
            f"{record.deployment_name} was deleted.",
            f"Deploy it again as a new one: POST /deployments/{record.id}/redeploy",
        )
    return Conflict(
        "not_failed",
        f"{record.deployment_name} is {record.status}: there is nothing to retry.",
        f"Look at it with GET /deployments/{record.id}.",
    )
