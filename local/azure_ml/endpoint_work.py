"""What the operations on an endpoint do, apart from taking their time."""

from local.azure_ml import arm, keys
from local.azure_ml.serving import Serving
from local.azure_ml.state import Operation, Resource, Store


class EndpointWork:
    """What all operations on an endpoint share: they need nothing but time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self, operation: Operation) -> None:
        """Nothing to prepare."""

    def finish(self, operation: Operation) -> None:
        """The endpoint is as it was asked for."""
        endpoint = self._target(operation)
        wanted = endpoint.private.pop("wanted", None)
        if wanted:
            own = endpoint.properties["properties"]["azureml.onlineendpointid"]
            wanted["properties"]["properties"]["azureml.onlineendpointid"] = own
            endpoint.body |= {"tags": wanted["tags"], "identity": wanted["identity"]}
            endpoint.properties.update(wanted["properties"])
        self._settle(endpoint, "Succeeded")

    def fail(self, operation: Operation) -> None:
        """The endpoint stays as it was, and failed."""
        endpoint = self._target(operation)
        endpoint.private.pop("wanted", None)
        self._settle(endpoint, "Failed")

    def _target(self, operation: Operation) -> Resource:
        endpoint = self._store.find(operation.target)
        if endpoint is None:
            raise LookupError(f"{operation.id} works on {operation.target}, which is not there")
        return endpoint

    def _settle(self, endpoint: Resource, state: str) -> None:
        endpoint.properties["provisioningState"] = state
        arm.touch(endpoint)
        self._store.save(endpoint)


class KeyWork(EndpointWork):
    """Replaces one key."""

    def finish(self, operation: Operation) -> None:
        """The new key is valid, the old one is not any more."""
        endpoint = self._target(operation)
        endpoint.private["keys"][endpoint.private.pop("regenerate")] = keys.new()
        self._store.save(endpoint)

    def fail(self, operation: Operation) -> None:
        """Both keys stay as they were."""
        endpoint = self._target(operation)
        endpoint.private.pop("regenerate", None)
        self._store.save(endpoint)


class EndpointDeletion(EndpointWork):
    """Removes an endpoint and everything below it."""

    def __init__(self, store: Store, serving: Serving) -> None:
        super().__init__(store)
        self._serving = serving

    def finish(self, operation: Operation) -> None:
        """Neither the endpoint nor a deployment of it exists any more."""
        endpoint = self._target(operation)
        for deployment in self._store.children(endpoint.id, "deployment"):
            self._serving.retire(deployment)
            self._store.remove(deployment)
        self._store.remove(endpoint)

    def fail(self, operation: Operation) -> None:
        """Everything is still there, and failed."""
        endpoint = self._target(operation)
        for deployment in self._store.children(endpoint.id, "deployment"):
            self._settle(deployment, "Failed")
        self._settle(endpoint, "Failed")
