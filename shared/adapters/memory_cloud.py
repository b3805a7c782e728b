"""Azure ML in memory: `CloudView`, `CloudControl` and `Scorer` on a clock that is given.

For tests and the simulation. Keeps the rules that `tests/contracts/test_cloud.py` holds the
emulator to; operations end when the clock has passed their time and somebody looks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from shared.adapters import memory_cloud_rules as rules
from shared.adapters.memory_cloud_rules import Deployment, Endpoint, Operation
from shared.ports import (
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
        return held and RegistryModel(name=name, version=version, tags=held.tags)

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        self._settle()
        held = self._endpoints.get(name.lower())
        if held is None:
            return None
        base = f"https://{held.name}.invalid"
        return CloudEndpoint(
            name=held.name,
            state=held.state,
            tags=held.tags,
            traffic=held.traffic,
            scoring_uri=f"{base}/score",
            swagger_uri=f"{base}/swagger.json",
        )

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment, with the cause where it has failed; None where there is none."""
        self._settle()
        held = self._find(endpoint_name, name)
        return held and _shown(held, held.error)

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint, without the causes of failed ones."""
        self._settle()
        endpoint = self._endpoints.get(endpoint_name.lower())
        return [_shown(held, "") for held in endpoint.deployments.values()] if endpoint else []

    def list_usages(self) -> Sequence[Usage]:
        """The one SKU family there is."""
        self._settle()
        return [
            Usage(name=rules.FAMILY, used=rules.used(self._endpoints.values()), limit=self.cores)
        ]

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """The last lines of a deployment's log; PERMANENT `not_found` where there is none."""
        self._settle()
        held = self._find(endpoint_name, name)
        if held is None:
            raise rules.not_found(f"{endpoint_name}/{name}")
        return "\n".join(held.log.splitlines()[-lines:])

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys; PERMANENT `not_found` where there is none."""
        self._settle()
        endpoint = self._require(endpoint_name)
        return Keys(primary=f"{endpoint.name}-primary", secondary=f"{endpoint.name}-secondary")

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; CONFLICT while a deployment uses it."""
        self._settle()
        for endpoint in self._endpoints.values():
            for held in endpoint.deployments.values():
                if (held.given.model_name, held.given.model_version) == (name, version):
                    raise rules.conflict("ModelVersionInUse", f"{name}:{version} is deployed")
        self._models.pop((name, version), None)

    def register_model(self, model: NewModel) -> None:
        """Registers a version, or gives one with the same path other tags."""
        known = self._models.get((model.name, model.version))
        if known and known.path != model.path:
            raise rules.refused("UserError", "Asset paths cannot be updated.")
        if not known and not self._has_path(model.path):
            raise rules.refused(
                "ModelAssetPathNotFoundInStorage", f"there are no files at {model.path}"
            )
        self._models[(model.name, model.version)] = model

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """Creates an endpoint, or gives it these tags and this traffic when the operation ends."""
        self._settle()
        shares = {deployment: share for deployment, share in traffic.items() if share}
        request = ("put", name.lower(), dict(tags), shares)
        endpoint = self._endpoints.get(name.lower())
        if endpoint is None:
            rules.require_name(name, self.taken_names)
            rules.require_traffic(shares, ())
            endpoint = Endpoint(name, dict(tags))
            self._endpoints[name.lower()] = endpoint
        elif rules.is_repeated(endpoint, request):
            return
        else:
            rules.require_free(endpoint)
            rules.require_traffic(shares, endpoint.deployments)
            endpoint.state = "Updating"

        def succeed() -> None:
            endpoint.tags, endpoint.traffic, endpoint.state = dict(tags), shares, "Succeeded"

        self._begin(endpoint, request, succeed, lambda _error: rules.fail(endpoint))

    def put_deployment(self, deployment: NewDeployment) -> None:
        """Creates a deployment, or replaces one that has not failed."""
        self._settle()
        endpoint, key = self._require(deployment.endpoint_name), deployment.name.lower()
        if rules.is_repeated(endpoint, deployment):
            return
        if endpoint.state != "Succeeded":
            raise rules.conflict("Conflict", f"{endpoint.name} is in {endpoint.state} state")
        rules.require_free(endpoint)
        known = endpoint.deployments.get(key)
        if known and known.state == "Failed":
            raise rules.refused("BadRequest", f"{deployment.name} has failed: delete it first")
        path = self._path(deployment)
        self._require_room(deployment, known)
        rules.require_name(deployment.name, ())
        held = endpoint.deployments.setdefault(key, Deployment(deployment))
        held.given, held.state = deployment, "Updating" if known else "Creating"

        def succeed() -> None:
            if path in self.broken_paths:
                held.log = f"Traceback (most recent call last):\n{path} cannot be loaded"
                held.state, held.error = "Failed", rules.CRASHED
            else:
                held.log, held.state = "the model is loaded", "Succeeded"

        def fail(error: str) -> None:
            held.state, held.error = "Failed", error

        self._begin(endpoint, deployment, succeed, fail)

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """Removes a deployment without traffic; done where there is none."""
        self._settle()
        endpoint, held = self._endpoints.get(endpoint_name.lower()), self._find(endpoint_name, name)
        request = ("remove", endpoint_name.lower(), name.lower())
        if endpoint is None or held is None or rules.is_repeated(endpoint, request):
            return
        rules.require_free(endpoint)
        if any(routed.lower() == name.lower() for routed in endpoint.traffic):
            raise rules.refused("BadRequest", f"{name} has traffic")
        held.state = "Deleting"

        def fail(error: str) -> None:
            held.state, held.error = "Failed", error

        self._begin(endpoint, request, lambda: rules.drop(endpoint.deployments, name), fail)

    def remove_endpoint(self, name: str) -> None:
        """Removes an endpoint with all its deployments; done where there is none."""
        self._settle()
        endpoint, request = self._endpoints.get(name.lower()), ("remove", name.lower())
        if endpoint is None or rules.is_repeated(endpoint, request):
            return
        rules.require_free(endpoint)
        for held in (endpoint, *endpoint.deployments.values()):
            held.state = "Deleting"
        self._begin(
            endpoint,
            request,
            lambda: rules.drop(self._endpoints, name),
            lambda _error: rules.fail(endpoint, *endpoint.deployments.values()),
        )

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """One scoring call to a named deployment, by the endpoint's own address."""
        self._settle()
        name = (urlsplit(uri).hostname or "").removesuffix(".invalid")
        endpoint, held = self._endpoints.get(name), self._find(name, deployment_name)
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
        succeed: Callable[[], None],
        fail: Callable[[str], None],
    ) -> None:
        due = self._now() + timedelta(seconds=self.operation_seconds)
        endpoint.operation = Operation(request, due, succeed, fail, self._failure)
        self._failure = ""

    def _settle(self) -> None:
        """Ends every operation whose time has come."""
        for endpoint in list(self._endpoints.values()):
            operation = endpoint.operation
            if operation and operation.due <= self._now():
                endpoint.operation = None
                if operation.failure:
                    operation.fail(operation.failure)
                else:
                    operation.succeed()

    def _find(self, endpoint_name: str, name: str) -> Deployment | None:
        endpoint = self._endpoints.get(endpoint_name.lower())
        return endpoint.deployments.get(name.lower()) if endpoint else None

    def _require(self, name: str) -> Endpoint:
        endpoint = self._endpoints.get(name.lower())
        if endpoint is None:
            raise rules.not_found(name)
        return endpoint

    def _path(self, given: NewDeployment) -> str:
        model = self._models.get((given.model_name, given.model_version))
        if model is None:
            text = f"there is no model {given.model_name}:{given.model_version}"
            raise rules.refused("InferencingClientCreateDeploymentFailed", text)
        return model.path

    def _require_room(self, given: NewDeployment, known: Deployment | None) -> None:
        used = rules.used(self._endpoints.values(), without=known)
        rules.require_quota(given, used, self.cores)


def _shown(held: Deployment, error: str) -> CloudDeployment:
    return CloudDeployment(
        name=held.given.name,
        endpoint_name=held.given.endpoint_name,
        state=held.state,
        tags=held.given.tags,
        error=error,
    )
