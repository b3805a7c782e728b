"""What the operations on an endpoint do, apart from taking their time."""

from local.azure_ml import keys
from local.azure_ml.serving import Serving
from local.azure_ml.state import Operation, Store
from local.azure_ml.targets import find_target, settle


class EndpointWork:
    """What all operations on an endpoint share: they need nothing but time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self, operation: Operation) -> None:
        """Nothing to prepare."""

    def finish(self, operation: Operation) -> None:
        """The endpoint is as it was asked for."""
        endpoint = find_target(self._store, operation)
        wanted = endpoint.private.pop("wanted", None)
        if wanted:
            own = endpoint.properties["properties"]["azureml.onlineendpointid"]
            wanted["properties"]["properties"]["azureml.onlineendpointid"] = own
            endpoint.body |= {"tags": wanted["tags"], "identity": wanted["identity"]}
            endpoint.properties.update(wanted["properties"])
        settle(self._store, endpoint, "Succeeded")

    def fail(self, operation: Operation) -> None:
        """The endpoint stays as it was, and failed."""
        endpoint = find_target(self._store, operation)
        endpoint.private.pop("wanted", None)
        settle(self._store, endpoint, operation.status)


class KeyWork(EndpointWork):
    """Replaces one key."""

    def finish(self, operation: Operation) -> None:
        """The new key is valid, the old one is not any more."""
        endpoint = find_target(self._store, operation)
        endpoint.private["keys"][endpoint.private.pop("regenerate")] = keys.new()
        self._store.save(endpoint)

    def fail(self, operation: Operation) -> None:
        """Both keys stay as they were."""
        endpoint = find_target(self._store, operation)
        endpoint.private.pop("regenerate", None)
        self._store.save(endpoint)


class EndpointDeletion(EndpointWork):
    """Removes an endpoint and everything below it."""

    def __init__(self, store: Store, serving: Serving) -> None:
        super().__init__(store)
        self._serving = serving

    def finish(self, operation: Operation) -> None:
        """Neither the endpoint nor a deployment of it exists any more."""
        endpoint = find_target(self._store, operation)
        for deployment in self._store.children(endpoint.id, "deployment"):
            self._serving.retire(deployment)
            self._store.remove(deployment)
        self._store.remove(endpoint)

    def fail(self, operation: Operation) -> None:
        """Everything is still there, and failed."""
        endpoint = find_target(self._store, operation)
        for deployment in self._store.children(endpoint.id, "deployment"):
            settle(self._store, deployment, operation.status)
        settle(self._store, endpoint, operation.status)
