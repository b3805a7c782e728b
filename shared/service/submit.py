"""Accepts a deploy request: claims its id and its endpoint's name, and admits it in one transaction.

The order is what makes it durable: the id, the inflight row, the endpoint's name, the admission, the
hint. The inflight row comes before the name, so that whatever breaks off is found by the sweep, which
frees the name; an acceptance that is refused after that row ends itself in the same way.
"""

from dataclasses import replace

from shared import telemetry
from shared.domain import ids, names, phases, plans
from shared.domain.bookkeeping import ClaimKind
from shared.domain.catalogue.exceptions import tell_grant
from shared.domain.errors import (
    Changed,
    Conflict,
    Exists,
    Missing,
    Refusal,
)
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Event, Model, Plan
from shared.domain.requests import DeployRequest, fingerprint
from shared.ports import Insert, Operation, Ports
from shared.service import hints, places, settle, store
from shared.service.catalogue.preconditions import admit_deployable
from shared.service.claims import Mint
from shared.service.contention import TRIES
from shared.service.keyed import Accepted, Keyed, answer_operation, find_replay, once
from shared.service.owned import require_model
from shared.service.places import Place
from shared.telemetry import Happened

_BUSY = 2.0  # seconds until it is worth another try


def accept_deploy(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    request: DeployRequest,
    *,
    key: str = "",
) -> Accepted:
    """Accepts a request to deploy a model of the catalogue.

    `key` (of `requests.request_key`) makes it answer the same deployment when it comes again.
    Raises NotFound, Conflict, InvalidRequest, TooMany; StoreError where nothing was accepted.
    """
    return accept_keyed(ports, mint, policy, principal, request, name_request(request, key))


def accept_keyed(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    principal: Principal,
    request: DeployRequest,
    keyed: Keyed,
) -> Accepted:
    """As `accept_deploy`, for a request that is known by something else than its content."""

    def accept() -> Accepted:
        model = require_model(ports, principal, request.model_id).record
        grant = admit_deployable(ports, policy, mint.presence, model)
        pause = mint.allowance.take(principal.user_key)
        deployment_id = ids.render_id(mint.claim(ClaimKind.DEPLOYMENT, principal.user_key))
        record = _first_record(ports, policy, principal, request, model, deployment_id)
        record = replace(record, work=plans.begin_later(record.work, pause), grant=grant)
        place = places.find_place(ports, policy, record)
        entry = settle.announce(ports, record, policy.rehint_after + pause)
        try:
            accepted = _admit(ports, policy, principal, record, place, keyed)
        except Refusal:
            settle.bury(ports, entry)
            raise
        if accepted.replayed:
            settle.bury(ports, entry)
        return accepted

    return once(ports, principal, keyed, accept)


def name_request(request: DeployRequest, key: str) -> Keyed:
    """What a request to deploy is known by."""
    content = request.model_dump(mode="json", exclude_defaults=True)
    return Keyed(key=key, fingerprint=fingerprint("deploy", content))


def _first_record(
    ports: Ports,
    policy: Policy,
    principal: Principal,
    request: DeployRequest,
    model: Model,
    deployment_id: str,
) -> Deployment:
    now = ports.clock.now()
    deadline = ids.to_datetime(ids.to_moment(now) + round(policy.deploy_deadline * 1e6))
    return Deployment(
        id=deployment_id,
        user_id=principal.user_id,
        user_key=principal.user_key,
        model_id=model.id,
        model_name=model.model_name,
        algorithm=model.algorithm,
        deployment_name=request.deployment_name or names.generated_deployment_name(deployment_id),
        endpoint_name=request.endpoint_name or names.generated_endpoint_name(deployment_id),
        endpoint_tag="",
        azure_model_name=model.registry_name
        or names.registry_name(model.model_name, deployment_id),
        azure_model_version=model.registry_version,
        instance_type=request.instance_type,
        instance_count=request.instance_count,
        content_digest=model.content_digest,
        description=request.description,
        deployment_config=request.model_dump(mode="json"),
        environment_variables=request.environment_variables,
        created_at=now,
        phases={phases.ACCEPTED: now},
        work=plans.start_work(Plan.DEPLOY, now, deadline),
        events=1,
    )


def _admit(
    ports: Ports,
    policy: Policy,
    principal: Principal,
    record: Deployment,
    place: Place,
    keyed: Keyed,
) -> Accepted:
    """Admits the record to its endpoint; replays the winner where the same key was faster."""
    for _ in range(TRIES):
        endpoint = place.endpoint or places.new_endpoint(ports, record)
        admitted = replace(record, endpoint_name=endpoint.name, endpoint_tag=endpoint.tag)
        answer = answer_operation(principal, keyed, record.id, record.created_at)
        operations = [*_admission(admitted), places.endpoint_operation(endpoint, place), *answer]
        try:
            store.commit(ports.tables, ports.random, store.RECORDS, operations)
        except (Exists, Changed, Missing):
            if earlier := find_replay(ports, principal, keyed):
                return Accepted(record=earlier, replayed=True)
            place = places.find_place(ports, policy, record)  # the endpoint changed: look again
            continue
        telemetry.tell(Happened.ACCEPTED, record.id, model=record.model_id, endpoint=endpoint.name)
        pause = (record.work.due_at - record.created_at).total_seconds()
        hints.send_hint(ports.queue, record.user_key, record.id, delay=pause)
        return Accepted(record=admitted)
    raise Conflict(
        "endpoint_busy",
        f"The endpoint {record.endpoint_name!r} kept changing while the request was accepted.",
        "Send the request again.",
        retry_after=_BUSY,
    )


def _admission(record: Deployment) -> list[Operation]:
    grant = f" {tell_grant(record.grant)}" if record.grant else ""
    event = Event(
        deployment_id=record.id,
        number=1,
        at=record.created_at,
        name="accepted",
        text=f"Accepted: {record.model_name} will be served at {record.endpoint_name}.{grant}",
    )
    return [
        Insert(store.deployment_row(record)),
        Insert(store.event_row(record.user_key, event)),
    ]
