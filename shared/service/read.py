"""Answers questions about a user's deployments and endpoints. Reads only; decides nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.cloud_ports import CloudEndpoint
from shared.domain import endpoints, ownership, plans
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind, is_elsewhere
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.errors import CloudError, Missing, NotFound
from shared.domain.principal import Principal
from shared.domain.reconcile.marks import Mark
from shared.domain.records import Deployment, Endpoint, Event, Model, Status
from shared.ports import Ports
from shared.service import late_tags, listing, marks, store
from shared.service.catalogue import content
from shared.service.owned import require_deployment, require_endpoint
from shared.service.pages import Page, cut_page


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A deployment, the etag of its row, its marks, and its endpoint and model where they are still there."""

    record: Deployment
    etag: str
    marks: Sequence[Mark]
    endpoint: Endpoint | None
    model: Model | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """An endpoint, the etag of its row, what the cloud has of it, and whose work changes it now."""

    record: Endpoint
    etag: str
    found: CloudEndpoint | None
    changed_by: Deployment | None


def list_deployments(
    ports: Ports, principal: Principal, status: Status | None, *, limit: int, after: str = ""
) -> Page[Deployment]:
    """The user's deployments of a status, newest first; all but the deleted where it is None."""
    deleted = status is Status.DELETED
    key = principal.user_key
    rows = listing.list_deployments(ports.tables, key, deleted=deleted, after=after)
    found = (each for each in rows if status in (None, each.status))
    statuses = listing.list_statuses(ports.tables, key, deleted=deleted)
    total = sum(1 for each, _ in statuses if status in (None, each))
    return replace(cut_page(found, limit, total), marks=marks.list_marks(ports.tables, key))


def list_models(ports: Ports, principal: Principal, *, limit: int, after: str = "") -> Page[Model]:
    """The user's catalogue entries, newest first."""
    found = listing.list_models(ports.tables, principal.user_key, after=after)
    return cut_page(found, limit, listing.count_models(ports.tables, principal.user_key))


def list_artifacts(
    ports: Ports, principal: Principal, kind: ArtifactKind, *, limit: int, after: str = ""
) -> Page[Model] | Page[Artifact]:
    """The user's artifacts of a type, newest first."""
    if kind is ArtifactKind.MODEL:
        return list_models(ports, principal, limit=limit, after=after)
    found = listing.list_files(ports.tables, principal.user_key, kind, after=after)
    return cut_page(found, limit, listing.count_files(ports.tables, principal.user_key, kind))


def list_uploads(
    ports: Ports, principal: Principal, state: IntakeState | None, *, limit: int, after: str = ""
) -> Page[Intake]:
    """The user's files on their way in, and those that have ended, of a state or of all, newest first."""
    key = principal.user_key
    states = listing.list_intake_states(ports.tables, key)
    total = sum(1 for each in states if state in (None, each))
    rows = listing.list_intakes(ports.tables, key, after=after)
    return cut_page((each for each in rows if state in (None, each.state)), limit, total)


def find_content(ports: Ports, records: Iterable[Model | Artifact]) -> dict[str, bool]:
    """Whether each content of some artifacts is in the store, by digest: a light call each, unless it has to be brought back.

    A model of the workspace's registry has none there, and is not looked for.
    """
    digests = {each.content_digest for each in records if not is_elsewhere(each)}
    return {each: content.is_present(ports.artifacts, each) for each in digests}


def list_events(ports: Ports, principal: Principal, deployment_id: str) -> list[Event]:
    """What happened to one of the user's deployments, in order. Raises NotFound."""
    record = require_deployment(ports, principal, deployment_id).record
    return list(listing.list_events(ports.tables, record.user_key, record.id))


def require_view(ports: Ports, principal: Principal, deployment_id: str) -> View:
    """One of the user's deployments with what is shown beside it. Raises NotFound."""
    stored = require_deployment(ports, principal, deployment_id)
    record = stored.record
    endpoint = store.load_endpoint(ports.tables, record.user_key, record.endpoint_name)
    model = store.load_model(ports.tables, record.user_key, record.model_id)
    return View(
        record=record,
        etag=stored.row.etag,
        marks=marks.list_marks(ports.tables, record.user_key, record.id),
        endpoint=endpoint.record
        if endpoint and endpoints.is_member(endpoint.record, record)
        else None,
        model=model.record if model else None,
    )


def require_endpoint_view(ports: Ports, principal: Principal, name: str) -> EndpointView:
    """One of the user's endpoints with what is shown beside it. Raises NotFound, CloudError."""
    stored = require_endpoint(ports, principal, name)
    return EndpointView(
        record=stored.record,
        etag=stored.row.etag,
        found=find_cloud_endpoint(ports, stored.record),
        changed_by=_find_holder(ports, stored.record),
    )


def _find_holder(ports: Ports, endpoint: Endpoint) -> Deployment | None:
    """Whose work changes the endpoint; one that is finished holds it no more."""
    if endpoint.holder is None:
        return None
    stored = store.load_deployment(ports.tables, endpoint.user_key, endpoint.holder.deployment_id)
    return stored.record if stored and not plans.is_finished(stored.record) else None


def find_cloud_endpoint(ports: Ports, endpoint: Endpoint) -> CloudEndpoint | None:
    """The endpoint as the cloud has it now, where it is ours. Raises CloudError.

    A name on record may be somebody else's in the cloud until the worker has found out.
    """
    found = ports.view.find_endpoint(endpoint.name)
    ours = ownership.endpoint_tags(endpoint.user_key, endpoint.tag)
    if found is None or ownership.is_ours(found.tags, ours):
        return found
    return found if late_tags.is_ours(ports, found, ours) else None


def read_logs(ports: Ports, principal: Principal, deployment_id: str, lines: int) -> str:
    """The serving log: as saved when it failed, else live, else as saved of an earlier try.

    Raises NotFound where there is none, CloudError where the cloud does not answer.
    """
    record = require_deployment(ports, principal, deployment_id).record
    log = _saved_log(ports, record) if record.status is Status.FAILED else None
    log = log or _live_log(ports, record, lines) or _saved_log(ports, record)
    if log is not None:
        return "\n".join(log.splitlines()[-lines:])
    raise NotFound(
        "no_logs",
        f"{record.deployment_name} has no container, so there is no log.",
        f"See what happened with GET /deployments/{record.id}/events.",
    )


def _saved_log(ports: Ports, record: Deployment) -> str | None:
    key = record.saved_log or content.log_key(record.id, 1)  # 0.1 did not put it on record
    try:
        with ports.blobs.open(key) as saved:
            return saved.read().decode("utf-8", "replace")
    except Missing:
        return None


def _live_log(ports: Ports, record: Deployment, lines: int) -> str | None:
    try:
        found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
        if found and ownership.is_ours(found.tags, ownership.deployment_tags(record)):
            return ports.view.read_logs(record.endpoint_name, record.deployment_name, lines=lines)
    except CloudError as error:
        if error.code != "not_found":
            raise
    return None
