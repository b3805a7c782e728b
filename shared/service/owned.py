"""A user's own deployments, endpoints and models; another user's are as if they were not there."""

from shared.domain import ids
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.errors import NotFound
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Endpoint, Model
from shared.ports import Ports
from shared.service import store
from shared.service.catalogue import shelf
from shared.service.store import Stored


def require_deployment(
    ports: Ports, principal: Principal, deployment_id: str
) -> Stored[Deployment]:
    """The principal's own deployment, live or deleted. Raises NotFound."""
    stored = None
    if ids.parse_id(deployment_id) is not None:
        stored = store.load_deployment(ports.tables, principal.user_key, deployment_id)
    if stored is None:
        raise NotFound(
            "deployment_not_found",
            f"You have no deployment {deployment_id[:40]!r}.",
            "List yours with GET /deployments/list.",
        )
    return stored


def require_endpoint(ports: Ports, principal: Principal, name: str) -> Stored[Endpoint]:
    """The principal's own endpoint. Raises NotFound."""
    stored = None
    if len(name) <= 32 and name.replace("-", "").isalnum() and name.isascii():
        stored = store.load_endpoint(ports.tables, principal.user_key, name)
    if stored is None:
        raise NotFound(
            "endpoint_not_found",
            f"You have no endpoint {name[:40]!r}.",
            "Your deployments and their endpoints are in GET /deployments/list.",
        )
    return stored


def require_model(ports: Ports, principal: Principal, model_id: str) -> Stored[Model]:
    """The principal's own model. Raises NotFound."""
    stored = store.load_model(ports.tables, principal.user_key, model_id)
    if stored is None:
        raise _no_model(model_id)
    return stored


def require_leaving(ports: Ports, principal: Principal, model_id: str) -> Stored[Model]:
    """The same, also where its deletion has begun. Raises NotFound."""
    stored = shelf.load_leaving(ports.tables, principal.user_key, model_id)
    if stored is None:
        raise _no_model(model_id)
    return stored


def require_file(
    ports: Ports, principal: Principal, kind: ArtifactKind, artifact_id: str
) -> Stored[Artifact]:
    """The principal's own dataset or code. Raises NotFound."""
    stored = shelf.load_file(ports.tables, principal.user_key, artifact_id)
    if stored is None or stored.record.kind is not kind:
        raise NotFound(
            "artifact_not_found",
            f"You have no {kind} {artifact_id[:64]!r}.",
            f"List yours with GET /artifacts/{kind}.",
        )
    return stored


def require_artifact(
    ports: Ports, principal: Principal, kind: ArtifactKind, artifact_id: str
) -> Model | Artifact:
    """The principal's own artifact of a type. Raises NotFound."""
    if kind is ArtifactKind.MODEL:
        return require_model(ports, principal, artifact_id).record
    return require_file(ports, principal, kind, artifact_id).record


def require_deletable(
    ports: Ports, principal: Principal, kind: ArtifactKind, artifact_id: str
) -> Stored[Model] | Stored[Artifact]:
    """The same with its row, also a model whose deletion has begun. Raises NotFound."""
    if kind is ArtifactKind.MODEL:
        return require_leaving(ports, principal, artifact_id)
    return require_file(ports, principal, kind, artifact_id)


def _no_model(model_id: str) -> NotFound:
    return NotFound(
        "model_not_found",
        f"You have no model {model_id[:64]!r}.",
        "List your models with GET /models, or upload one with POST /models.",
    )
