"""Azure ML in memory: `CloudView`, `CloudControl` and `Scorer` on a clock that is given.

For tests and the simulation. Keeps the rules that `tests/contracts/test_cloud.py` holds the
emulator to; an operation ends when the clock has passed its time and somebody looks.
"""

from collections.abc import Mapping

from shared.adapters import memory_cloud_rules as rules
from shared.adapters.memory_cloud_rules import Deployment, Endpoint
from shared.adapters.memory_cloud_view import MemoryCloudView
from shared.cloud_ports import NewDeployment, NewModel


class MemoryCloud(MemoryCloudView):
    """One workspace that can be changed."""

    def register_model(self, model: NewModel) -> None:
        """Registers a version, or gives one with the same path other tags."""
        known = self._models.get((model.name, model.version))
        if known and known.path != model.path:
            raise rules.refused("UserError", "Asset paths cannot be updated.")
        if not known and not self._has_path(model.path):
            raise rules.refused("ModelAssetPathNotFoundInStorage", f"no files at {model.path}")
        self._models[(model.name, model.version)] = model
        self._registered.setdefault((model.name, model.version), self._now())

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
            endpoint = self._endpoints[name.lower()] = Endpoint(name, dict(tags), self._now())
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
        held = known or Deployment(deployment, since=self._now())
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
        self._begin(endpoint, request, [held], lambda: endpoint.forget(name, self._now()))

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

    def _forget(self, name: str) -> None:
        self._gone_endpoints.append((self._now(), self._endpoints.pop(name.lower())))
