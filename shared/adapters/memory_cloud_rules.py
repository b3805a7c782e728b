"""What `memory_cloud` is made of: its resources, and the rules by which a change is refused.

Azure's rules as far as the service meets them (names, traffic, one operation at a time, quota
with its reserve), in the errors that the real adapters give for them.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from shared.cloud_ports import CloudDeployment, CloudEndpoint, NewDeployment
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason

GONE_WRONG = ("Failed", "Canceled")
FAMILY = "standardDSv2Family"
CRASHED = "ResourceNotReady: the container crashed"
_CORES = {f"standard_ds{number}_v2": int(2 ** (number - 1)) for number in range(1, 6)}
_NAME = re.compile(r"(?=.{3,32}$)[A-Za-z](-?[A-Za-z0-9])*")
_MOST_INSTANCES = 50
_DOMAIN = ".invalid"


class ModelFailed(Exception):
    """A model has raised where it was scored."""


@dataclass(slots=True)
class Deployment:
    """A deployment in the cloud; `log` is what its container wrote."""

    given: NewDeployment
    since: datetime
    state: str = "Creating"
    error: str = ""
    log: str = ""

    def shown(self, *, error: str = "") -> CloudDeployment:
        """The deployment as the port shows it."""
        return CloudDeployment(
            name=self.given.name,
            endpoint_name=self.given.endpoint_name,
            state=self.state,
            tags=self.given.tags,
            error=error,
            instance_type=self.given.instance_type,
            instance_count=self.given.instance_count,
            created_at=self.since,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """How an operation fails: with which error, in which state, and after how many seconds."""

    error: str
    state: str
    seconds: float | None


@dataclass(slots=True)
class Operation:
    """What runs on an endpoint or below it until `due`; with a `failure` its targets fail."""

    request: object
    due: datetime
    targets: Sequence["Endpoint | Deployment"]
    end: Callable[[], None]
    failure: Failure | None


@dataclass(slots=True)
class Endpoint:
    """An endpoint with its deployments by lower-case name, as Azure tells names apart."""

    name: str
    tags: Mapping[str, str]
    since: datetime
    state: str = "Creating"
    error: str = ""
    traffic: Mapping[str, int] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    operation: Operation | None = None
    removed: list[tuple[datetime, Deployment]] = field(default_factory=list)
    rotations: dict[str, int] = field(default_factory=lambda: {"primary": 1, "secondary": 1})

    @property
    def keys(self) -> dict[str, str]:
        """Both keys by name."""
        return {name: f"{self.name}-{name}-{number}" for name, number in self.rotations.items()}

    def rotate(self, which: str) -> None:
        """Replaces a key."""
        self.rotations[which] += 1

    def listed(self, seen: datetime) -> list[Deployment]:
        """The deployments that there were at a time."""
        kept = [held for held in self.deployments.values() if held.since <= seen]
        return kept + [held for gone, held in self.removed if held.since <= seen < gone]

    def shown(self) -> CloudEndpoint:
        """The endpoint as the port shows it."""
        base = f"https://{self.name}{_DOMAIN}"
        return CloudEndpoint(
            name=self.name,
            state=self.state,
            tags=self.tags,
            traffic=self.traffic,
            scoring_uri=f"{base}/score",
            swagger_uri=f"{base}/swagger.json",
            created_at=self.since,
        )

    def settle(self, now: datetime) -> None:
        """Ends the operation if its time has come."""
        operation = self.operation
        if operation is None or operation.due > now:
            return
        self.operation = None
        if operation.failure is None:
            operation.end()
            return
        for held in operation.targets:
            held.state, held.error = operation.failure.state, operation.failure.error

    def forget(self, deployment: str, now: datetime) -> None:
        """Takes a deployment out; listings of before still have it."""
        self.removed.append((now, self.deployments.pop(deployment.lower())))


def endpoint_of(uri: str) -> str:
    """The endpoint that a scoring address belongs to."""
    return (urlsplit(uri).hostname or "").removesuffix(_DOMAIN)


def is_repeated(endpoint: Endpoint, request: object) -> bool:
    """Whether just this is what runs on the endpoint: then nothing more is begun."""
    return endpoint.operation is not None and endpoint.operation.request == request


def is_deployed(endpoints: Iterable[Endpoint], model: str, version: str) -> bool:
    """Whether any deployment, also a failed one, names a model version."""
    return any(
        (held.given.model_name, held.given.model_version) == (model, version)
        for endpoint in endpoints
        for held in endpoint.deployments.values()
    )


def require_free(endpoint: Endpoint) -> None:
    """Raises CONFLICT while an operation runs on the endpoint or below it."""
    if endpoint.operation:
        raise conflict("Conflict", f"another operation runs on {endpoint.name}")


def require_ready(endpoint: Endpoint, deployment: str) -> None:
    """Raises unless a deployment of this name may be put on the endpoint now."""
    if endpoint.state != "Succeeded":
        raise conflict(Reason.BUSY, f"{endpoint.name} is in {endpoint.state} provisioning state")
    require_free(endpoint)
    known = endpoint.deployments.get(deployment.lower())
    if known and known.state in GONE_WRONG:
        raise refused("BadRequest", f"{deployment} has failed: it can only be removed")


def require_name(name: str, taken: Collection[str]) -> None:
    """Raises PERMANENT for a name that Azure does not allow or somebody else has."""
    if not _NAME.fullmatch(name):
        raise refused("invalid", f"{name} is not a name of 3 to 32 letters, digits and dashes")
    if name in taken:
        raise refused(
            Reason.NAME_TAKEN, f"{name}: endpoint name needs to be unique within a region"
        )


def require_traffic(shares: Mapping[str, int], deployments: Collection[str]) -> None:
    """Raises PERMANENT unless shares add up to 0 or 100 and belong to deployments."""
    unknown = {name for name in shares if name.lower() not in deployments}
    if unknown or sum(shares.values()) not in (0, 100):
        text = f"traffic is not 0 or 100 % of existing deployments: {dict(shares)}"
        raise refused("InferencingClientUpdateEndpointFailed", text)


def require_quota(given: NewDeployment, used_cores: int, limit: int) -> None:
    """Raises PERMANENT for an unknown size, too many instances, or too few cores (`quota`)."""
    if given.instance_type.lower() not in _CORES:
        raise refused(Reason.SIZE, f"Not supported VM Size {given.instance_type}.")
    if not 1 <= given.instance_count <= _MOST_INSTANCES:
        raise _undeployable(f"{given.instance_count} instances are not 1 to {_MOST_INSTANCES}")
    needed = _needed(given)
    if used_cores + needed > limit:
        text = f"Not enough quota available for {given.instance_type} in SubscriptionId memory."
        numbers = f"Current usage/limit: {used_cores}/{limit}. Additional needed: {needed}"
        raise refused(Reason.QUOTA, f"{text} {numbers}")


def used(endpoints: Iterable[Endpoint], *, without: Deployment | None = None) -> int:
    """Cores of all deployments that have not gone wrong."""
    return sum(
        _needed(held.given)
        for endpoint in endpoints
        for held in endpoint.deployments.values()
        if held.state not in GONE_WRONG and held is not without
    )


def no_model(given: NewDeployment) -> CloudError:
    """The model version of a deployment does not exist."""
    return _undeployable(f"there is no model {given.model_name}:{given.model_version}")


def refused(code: str, message: str) -> CloudError:
    """The same call will fail again."""
    return CloudError(Trouble.PERMANENT, code, message)


def conflict(code: str, message: str) -> CloudError:
    """Something else has to end first."""
    return CloudError(Trouble.CONFLICT, code, message)


def not_found(name: str) -> CloudError:
    """There is no such thing."""
    return refused(Reason.NOT_FOUND, f"{name} does not exist")


def _undeployable(message: str) -> CloudError:
    return refused("InferencingClientCreateDeploymentFailed", message)


def _needed(given: NewDeployment) -> int:
    """Cores with the fifth that Azure keeps in reserve, in whole instances."""
    return _CORES[given.instance_type.lower()] * math.ceil(given.instance_count * 12 / 10)
