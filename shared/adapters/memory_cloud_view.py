"""What can be seen of Azure ML in memory, and how its operations run: the base of `MemoryCloud`.

Also its `Scorer`, and the two changes that `CloudView` has. What a test or the simulation may ask
for is told at `MemoryCloudView`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters import memory_cloud_rules as rules
from shared.adapters.memory_cloud_metrics import MemoryMonitor
from shared.adapters.memory_cloud_rules import Deployment, Endpoint, Failure, Operation
from shared.cloud_ports import (
    Answer,
    CloudDeployment,
    CloudEndpoint,
    KeyName,
    Keys,
    Metrics,
    NewDeployment,
    NewModel,
    RegistryModel,
    Usage,
)

_DATASTORE = "azureml://datastores/workspaceblobstore/paths"


def predict_zeros(_path: str, payload: Mapping[str, object]) -> str:
    """The answer of a model that predicts 0 for each row. Raises ModelFailed of a payload without `input_data`."""
    if "input_data" not in payload:
        raise rules.ModelFailed("input_data is missing")
    table = payload["input_data"]
    rows = table.get("data", []) if isinstance(table, dict) else []
    return json.dumps([0] * len(rows))


class MemoryCloudView:
    """One workspace. Its public attributes may be changed at any time.

    `operation_seconds` is how long what begins now takes; `lag_seconds` how old a listing is;
    `cores` the quota; containers of models at `broken_paths` crash; `taken_names` are endpoints of
    somebody else in the region; `predict` scores, from a model's path and the payload to the
    answer's text, or it raises ModelFailed. `monitor` counts the calls. `fail_next` decides how one operation ends.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        operation_seconds: float = 0,
        cores: int = 24,
        has_path: Callable[[str], bool] = lambda _path: True,
        predict: Callable[[str, Mapping[str, object]], str] = predict_zeros,
    ) -> None:
        self.operation_seconds = operation_seconds
        self.lag_seconds = 0.0
        self.cores = cores
        self.broken_paths: set[str] = set()
        self.taken_names: set[str] = set()
        self.monitor = MemoryMonitor(now)
        self._now = now
        self._has_path = has_path
        self._predict = predict
        self._models: dict[tuple[str, str], NewModel] = {}
        self._registered: dict[tuple[str, str], datetime] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._gone_models: list[tuple[datetime, NewModel, datetime]] = []
        self._gone_endpoints: list[tuple[datetime, Endpoint]] = []
        self._failure: Failure | None = None

    def fail_next(
        self, code: str, message: str, *, state: str = "Failed", seconds: float | None = None
    ) -> None:
        """The next operation that begins will fail with this error.

        What it works on is then in `state` ("Canceled", or any word). A long time in `seconds`, in
        place of `operation_seconds`, makes an operation that is stuck.
        """
        self._failure = Failure(f"{code}: {message}", state, seconds)

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """A model version; None where there is none."""
        if not (name and version):
            raise ValueError("a version without a name or a number is at no address")
        held = self._models.get((name, version))
        return _shown(held, self._registered[(name, version)]) if held else None

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        held = self._find_endpoint(name)
        return held.shown() if held else None

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment, with the cause where it has failed; None where there is none."""
        held = self._find(endpoint_name, name)
        return held.shown(error=held.error) if held else None

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint as of `lag_seconds` ago, without the causes of failed ones."""
        endpoint = self._find_endpoint(endpoint_name)
        return [held.shown() for held in endpoint.listed(self._seen())] if endpoint else []

    def list_endpoints(self) -> Iterator[CloudEndpoint]:
        """All endpoints as of `lag_seconds` ago, in their state of now."""
        self._settle()
        seen = self._seen()
        kept = [held for held in self._endpoints.values() if held.since <= seen]
        gone = [held for end, held in self._gone_endpoints if held.since <= seen < end]
        yield from [held.shown() for held in (*kept, *gone)]

    def list_models(self) -> Iterator[str]:
        """The names of all models as of `lag_seconds` ago."""
        yield from list(dict.fromkeys(held.name for held, _ in self._listed_models()))

    def list_versions(self, name: str) -> Sequence[RegistryModel]:
        """The versions of a model as of `lag_seconds` ago."""
        return [_shown(held, since) for held, since in self._listed_models() if held.name == name]

    def list_usages(self) -> Sequence[Usage]:
        """The one SKU family there is."""
        self._settle()
        used = rules.used(self._endpoints.values())
        return [Usage(name=rules.FAMILY, used=used, limit=self.cores)]

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """The last lines of a deployment's log; PERMANENT `not_found` where there is none."""
        held = self._find(endpoint_name, name)
        if held is None:
            raise rules.not_found(f"{endpoint_name}/{name}")
        return "\n".join(held.log.splitlines()[-lines:])

    def read_metrics(
        self, endpoint_name: str, name: str, *, since: datetime, until: datetime
    ) -> Metrics:
        """How a deployment was used; PERMANENT `not_found` where there is none."""
        held = self._find(endpoint_name, name)
        if held is None:
            raise rules.not_found(f"{endpoint_name}/{name}")
        return self.monitor.read(held, since, until)

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys; PERMANENT `not_found` where there is none."""
        return Keys(**self._require_endpoint(endpoint_name).keys)

    def rotate_key(self, endpoint_name: str, which: KeyName) -> None:
        """Begins to replace one key; CONFLICT while another operation runs on the endpoint."""
        endpoint = self._require_endpoint(endpoint_name)
        rules.require_free(endpoint)
        self._begin(endpoint, ("rotate", which), [], lambda: endpoint.rotate(which))

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; CONFLICT while a deployment uses it."""
        self._settle()
        if rules.is_deployed(self._endpoints.values(), name, version):
            raise rules.conflict("ModelVersionInUse", f"{name}:{version} is deployed")
        if held := self._models.pop((name, version), None):
            since = self._registered.pop((name, version))
            self._gone_models.append((self._now(), held, since))

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """One scoring call to a named deployment, by the address that the endpoint shows."""
        name = rules.endpoint_of(uri)
        endpoint, held = self._find_endpoint(name), self._find(name, deployment_name)
        if endpoint is None:
            return Answer(status=404, deployment_name="", text="there is no such endpoint")
        keys = self.read_keys(name)
        if key not in (keys.primary, keys.secondary):
            return Answer(status=401, deployment_name="", text="the key is not valid")
        if held is None:
            return Answer(status=404, deployment_name="", text="there is no such deployment")
        status, text = self._ask(held, payload)
        self.monitor.count(held, status)
        return Answer(status=status, deployment_name=held.given.name, text=text)

    def _ask(self, held: Deployment, payload: Mapping[str, object]) -> tuple[int, str]:
        """Status and text of a deployment's answer: 424 is an error of the model."""
        if held.state not in ("Succeeded", "Updating"):
            return 503, "no healthy upstream"
        try:
            return 200, self._predict(self._path(held.given), payload)
        except rules.ModelFailed as error:
            return 424, str(error)

    def _begin(
        self,
        endpoint: Endpoint,
        request: object,
        targets: Sequence[Endpoint | Deployment],
        end: Callable[[], None],
    ) -> None:
        failure, self._failure = self._failure, None
        seconds = self.operation_seconds
        if failure and failure.seconds is not None:
            seconds = failure.seconds
        due = self._now() + timedelta(seconds=seconds)
        endpoint.operation = Operation(request, due, targets, end, failure)

    def _settle(self) -> None:
        for endpoint in list(self._endpoints.values()):
            endpoint.settle(self._now())

    def _find_endpoint(self, name: str) -> Endpoint | None:
        self._settle()
        return self._endpoints.get(name.lower())

    def _find(self, endpoint_name: str, name: str) -> Deployment | None:
        endpoint = self._find_endpoint(endpoint_name)
        return endpoint.deployments.get(name.lower()) if endpoint else None

    def _require_endpoint(self, name: str) -> Endpoint:
        endpoint = self._find_endpoint(name)
        if endpoint is None:
            raise rules.not_found(name)
        return endpoint

    def _seen(self) -> datetime:
        """The time that a listing of now shows."""
        return self._now() - timedelta(seconds=self.lag_seconds)

    def _listed_models(self) -> Sequence[tuple[NewModel, datetime]]:
        """The versions that a listing shows, and since when they are there."""
        seen = self._seen()
        kept = ((held, self._registered[key]) for key, held in self._models.items())
        gone = ((held, since) for end, held, since in self._gone_models if seen < end)
        return [(held, since) for held, since in (*kept, *gone) if since <= seen]

    def _path(self, given: NewDeployment) -> str:
        model = self._models.get((given.model_name, given.model_version))
        if model is None:
            raise rules.no_model(given)
        return model.path


def _shown(held: NewModel, since: datetime) -> RegistryModel:
    return RegistryModel(
        name=held.name,
        version=held.version,
        tags=held.tags,
        uri=f"{_DATASTORE}/{held.path}",
        created_at=since,
    )
