"""What Longshore asks of Azure ML, as small protocols; `shared.ports` bundles them with the rest.

`shared.adapters` implements each twice: for the real thing and in memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

KeyName = Literal["primary", "secondary"]
"""Which of an endpoint's two keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryModel:
    """A model version in the registry; `kind` and `uri`, of its files, are in Azure's words."""

    name: str
    version: str
    tags: Mapping[str, str]
    kind: str = "mlflow_model"
    uri: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEndpoint:
    """An endpoint in the cloud. `state` is its provisioning state in Azure's words."""

    name: str
    state: str
    tags: Mapping[str, str]
    traffic: Mapping[str, int]
    scoring_uri: str = ""
    swagger_uri: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudDeployment:
    """A deployment in the cloud; `error` is the cloud's own account of a failure.

    `instance_type` and `instance_count` are what is paid for.
    """

    name: str
    endpoint_name: str
    state: str
    tags: Mapping[str, str]
    error: str = ""
    instance_type: str = ""
    instance_count: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a quota is used, in cores."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How a deployment was used in a span of time; None is what the cloud does not tell, and never nothing.

    `client_errors` were answered with a status of 4xx, `server_errors` with 5xx. `latency_ms` is the mean
    of all requests; `cpu_percent` and `memory_percent` are means, of an instance.
    """

    requests: int | None = None
    client_errors: int | None = None
    server_errors: int | None = None
    latency_ms: float | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of an endpoint; read on request, never stored."""

    primary: str = field(repr=False)
    secondary: str = field(repr=False)


class CloudView(Protocol):
    """What can be seen of Azure ML, and two changes that need no more than one light call.

    Light enough for the HTTP path. Every method raises `CloudError`.
    """

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """A model version; None where there is none."""
        ...

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        ...

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment; None where there is none."""
        ...

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint; none where there is no endpoint. Waits for nobody."""
        ...

    def list_endpoints(self) -> Iterator[CloudEndpoint]:
        """All endpoints of the workspace, a page at a time.

        Waits where a page fails for the moment. What cannot be read to its end raises, and so does a
        workspace that is not there: an end without an error is the end of the list.
        """
        ...

    def list_models(self) -> Iterator[str]:
        """The names of all models of the registry that have a version, archived or not; read in the same way."""
        ...

    def list_versions(self, name: str) -> Sequence[RegistryModel]:
        """The versions of a model, archived or not; none where there is no such model. Waits likewise."""
        ...

    def list_usages(self) -> Sequence[Usage]:
        """Used cores and limits of the region, by SKU family."""
        ...

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """The last lines of a deployment's serving container."""
        ...

    def read_metrics(
        self, endpoint_name: str, name: str, *, since: datetime, until: datetime
    ) -> Metrics:
        """How a deployment was used from `since` to before `until`, which are whole minutes in UTC.

        Requests that no deployment was found for are nobody's. PERMANENT `not_found` where there is no such deployment.
        """
        ...

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys."""
        ...

    def rotate_key(self, endpoint_name: str, which: KeyName) -> None:
        """Begins to replace one key; the other goes on. `read_keys` shows the new one at its end.

        CONFLICT while another operation runs on the endpoint. Not to be repeated blindly: after an
        AMBIGUOUS answer, a key that differs from the one read before has been replaced.
        """
        ...

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; done where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """What to register."""

    name: str
    version: str
    path: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployment:
    """What to create on an endpoint."""

    name: str
    endpoint_name: str
    model_name: str
    model_version: str
    instance_type: str
    instance_count: int
    environment_variables: Mapping[str, str]
    tags: Mapping[str, str]


class CloudControl(Protocol):
    """Changes to Azure ML. Each begins and returns; what came of it is seen by `CloudView`.

    Every method raises `CloudError`.
    """

    def register_model(self, model: NewModel) -> None:
        """Registers a folder of the datastore as an MLflow model."""
        ...

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """Creates an endpoint, or gives it these tags and this traffic."""
        ...

    def put_deployment(self, deployment: NewDeployment) -> None:
        """Creates a deployment on an endpoint."""
        ...

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """Removes a deployment; done where there is none."""
        ...

    def remove_endpoint(self, name: str) -> None:
        """Removes an endpoint; done where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a scoring call gave: HTTP status, the deployment that answered, and the text."""

    status: int
    deployment_name: str
    text: str


class Scorer(Protocol):
    """Calls a live endpoint as its users do."""

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """One scoring call to a named deployment. Raises CloudError without an answer."""
        ...
