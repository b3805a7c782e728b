"""What the operations on a deployment do: boot a container, or end one."""

from local.azure_ml.serving import SERVER, Logs, Serving, crashed
from local.azure_ml.state import Operation, Store
from local.azure_ml.targets import find_target, settle


class DeploymentWork:
    """Creates or updates a deployment: the new container boots beside the old one."""

    def __init__(self, store: Store, serving: Serving, logs: Logs) -> None:
        self._store = store
        self._serving = serving
        self._logs = logs

    async def prepare(self, operation: Operation) -> None:
        """Boots the container; a fault may crash it."""
        deployment = find_target(self._store, operation)
        if text := operation.effect.get("crash"):
            self._logs.write(deployment, SERVER, text)
            raise crashed("the container ended while it started")
        await self._serving.prepare(deployment)

    def finish(self, operation: Operation) -> None:
        """The new container serves."""
        deployment = find_target(self._store, operation)
        self._serving.switch(deployment)
        settle(self._store, deployment, "Succeeded")

    def fail(self, operation: Operation) -> None:
        """The deployment is failed; a container that served before goes on."""
        settle(self._store, find_target(self._store, operation), operation.status)


class DeploymentDeletion(DeploymentWork):
    """Ends a deployment's container and removes the deployment."""

    async def prepare(self, operation: Operation) -> None:
        """Nothing to prepare."""

    def finish(self, operation: Operation) -> None:
        """The deployment does not exist any more."""
        deployment = find_target(self._store, operation)
        self._serving.retire(deployment)
        self._store.remove(deployment)
        endpoint = self._store.find(operation.endpoint)
        if endpoint:
            shares = endpoint.properties["traffic"]
            kept = {
                name: shares[name] for name in shares if name.lower() != deployment.name.lower()
            }
            endpoint.properties["traffic"] = kept
            self._store.save(endpoint)
