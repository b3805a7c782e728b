"""Azure ML in memory: `CloudView`, `CloudControl` and `Scorer` on a clock that is given.

For tests and the simulation. Keeps the rules that `tests/contracts/test_cloud.py` holds the
emulator to; an operation ends when the clock has passed its time and somebody looks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.adapters import memory_cloud_rules as rules
from shared.adapters.memory_cloud_rules import Deployment, Endpoint, Operation
from shared.cloud_ports import (
    Answer,
    CloudDeployment,
    CloudEndpoint,
    Keys,
    NewDeployment,
    NewModel,
    RegistryModel,
    Usage,
)


def predict_zeros(_path: str, payload: Mapping[str, object]) -> str:
    """The answer of a model that predicts 0 for each row."""
    table = payload.get("input_data")
    rows = table.get("data", []) if isinstance(table, dict) else []
    return json.dumps([0] * len(rows))


class MemoryCloud:
    """One workspace. Its public attributes may be changed at any time.

    `operation_seconds` is how long what begins now takes; `cores` the quota; containers of models
    at `broken_paths` crash; `taken_names` are endpoints of somebody else in the region;
    `predict` scores, from a model's path and the payload to the answer's text.
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
        self.cores = cores
        self.broken_paths: set[str] = set()
        self.taken_names: set[str] = set()
        self._now = now
        self._has_path = has_path
        self._predict = predict
        self._models: dict[tuple[str, str], NewModel] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._failure = ""

    def fail_next(self, code: str, message: str) -> None:
        """The next operation that begins will fail with this error."""
        self._failure = f"{code}: {message}"

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """A model version; None where there is none."""
        held = self._models.get((name, version))
        return RegistryModel(name=name, version=version, tags=held.tags) if held else None

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        held = self._find_endpoint(name)
        return held.shown() if held else None

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment, with the cause where it has failed; None where there is none."""
        held = self._find(endpoint_name, name)
        return held.shown(error=held.error) if held else None

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint, without the causes of failed ones."""
        endpoint = self._find_endpoint(endpoint_name)
        return [held.shown() for held in endpoint.deployments.values()] if endpoint else []

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

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys; PERMANENT `not_found` where there is none."""
        name = self._require_endpoint(endpoint_name).name
        return Keys(primary=f"{name}-primary", secondary=f"{name}-secondary")

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; CONFLICT while a deployment uses it."""
        self._settle()
        if rules.is_deployed(self._endpoints.values(), name, version):
            raise rules.conflict("ModelVersionInUse", f"{name}:{version} is deployed")
        self._models.pop((name, version), None)

    def register_model(self, model: NewModel) -> None:
        """Registers a version, or gives one with the same path other tags."""
        known = self._models.get((model.name, model.version))
        if known and known.path != model.path:
            raise rules.refused("UserError", "Asset paths cannot be updated.")
        if not known and not self._has_path(model.path):
            raise rules.refused("ModelAssetPathNotFoundInStorage", f"no files at {model.path}")
        self._models[(model.name, model.version)] = model

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """Creates an endpoint, or gives it these tags and this traffic when the operation ends."""
        shares = {deployment: share for deployment, share in traffic.items() if share}
        request = ("put", name.lower(), dict(tags), shares)
        endpoint = self._find_endpoint(name)
        if endpoint is None:
            rules.require_name(name, self.taken_names)
            rules.require_traffic(shares, ())
            endpoint = self._endpoints[name.lower()] = Endpoint(name, dict(tags))
        elif rules.is_repeated(endpoint, request):
            return
        else:
            rules.require_free(endpoint)
            rules.require_traffic(shares, endpoint.deployments)
            endpoint.state = "Updating"

        def end() -> None:
            endpoint.tags, endpoint.traffic, endpoint.state = dict(tags), shares, "Succeeded"

        self._begin(endpoint, request, [endpoint], end)

    def put_deployment(self, deployment: NewDeployment) -> None:
        """Creates a deployment, or replaces one that has not failed."""
        endpoint = self._require_endpoint(deployment.endpoint_name)
        if rules.is_repeated(endpoint, deployment):
            return
        rules.require_ready(endpoint, deployment.name)
        known = endpoint.deployments.get(deployment.name.lower())
        used = rules.used(self._endpoints.values(), without=known)
        path = self._path(deployment)
        rules.require_quota(deployment, used, self.cores)
        rules.require_name(deployment.name, ())
        held = known or Deployment(deployment)
        held.given, held.state = deployment, "Updating" if known else "Creating"
        endpoint.deployments[deployment.name.lower()] = held

        def end() -> None:
            if path in self.broken_paths:
                held.log = f"Traceback (most recent call last):\n{path} cannot be loaded"
                held.state, held.error = "Failed", rules.CRASHED
            else:
                held.log, held.state = "the model is loaded", "Succeeded"

        self._begin(endpoint, deployment, [held], end)

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """Removes a deployment without traffic; done where there is none."""
        held, endpoint = self._find(endpoint_name, name), self._find_endpoint(endpoint_name)
        request = ("remove", endpoint_name.lower(), name.lower())
        if endpoint is None or held is None or rules.is_repeated(endpoint, request):
            return
        rules.require_free(endpoint)
        if any(routed.lower() == name.lower() for routed in endpoint.traffic):
            raise rules.refused("BadRequest", f"{name} has traffic")
        held.state = "Deleting"
        self._begin(endpoint, request, [held], lambda: endpoint.forget(name))

    def remove_endpoint(self, name: str) -> None:
        """Removes an endpoint with all its deployments; done where there is none."""
        endpoint, request = self._find_endpoint(name), ("remove", name.lower())
        if endpoint is None or rules.is_repeated(endpoint, request):
            return
        rules.require_free(endpoint)
        targets: list[Endpoint | Deployment] = [endpoint, *endpoint.deployments.values()]
        for held in targets:
            held.state = "Deleting"
        self._begin(endpoint, request, targets, lambda: self._forget(name))

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
        if held.state not in ("Succeeded", "Updating"):
            return Answer(status=503, deployment_name=held.given.name, text="no healthy upstream")
        text = self._predict(self._path(held.given), payload)
        return Answer(status=200, deployment_name=held.given.name, text=text)

    def _begin(
        self,
        endpoint: Endpoint,
        request: object,
        targets: Sequence[Endpoint | Deployment],
        end: Callable[[], None],
    ) -> None:
        due = self._now() + timedelta(seconds=self.operation_seconds)
        endpoint.operation = Operation(request, due, targets, end, self._failure)
        self._failure = ""

    def _settle(self) -> None:
        for endpoint in list(self._endpoints.values()):
            endpoint.settle(self._now())

    def _forget(self, name: str) -> None:
        del self._endpoints[name.lower()]

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

    def _path(self, given: NewDeployment) -> str:
        model = self._models.get((given.model_name, given.model_version))
        if model is None:
            raise rules.no_model(given)
        return model.path
