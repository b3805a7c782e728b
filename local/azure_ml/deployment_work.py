"""What the operations on a deployment do: boot a container, or end one."""

from local.azure_ml import arm
from local.azure_ml.serving import SERVER, Logs, Serving, crashed
from local.azure_ml.state import Operation, Resource, Store


class DeploymentWork:
    """Creates or updates a deployment: the new container boots beside the old one."""

    def __init__(self, store: Store, serving: Serving, logs: Logs) -> None:
        self._store = store
        self._serving = serving
        self._logs = logs

    async def prepare(self, operation: Operation) -> None:
        """Boots the container; a fault may crash it."""
        deployment = self._target(operation)
        if text := operation.effect.get("crash"):
            self._logs.write(deployment, SERVER, text)
            raise crashed("the container ended while it started")
        await self._serving.prepare(deployment)

    def finish(self, operation: Operation) -> None:
        """The new container serves."""
        deployment = self._target(operation)
        self._serving.switch(deployment)
        self._settle(deployment, "Succeeded")

    def fail(self, operation: Operation) -> None:
        """The deployment is failed; a container that served before goes on."""
        self._settle(self._target(operation), "Failed")

    def _target(self, operation: Operation) -> Resource:
        deployment = self._store.find(operation.target)
        if deployment is None:
            raise LookupError(f"{operation.id} works on {operation.target}, which is not there")
        return deployment

    def _settle(self, deployment: Resource, state: str) -> None:
        deployment.properties["provisioningState"] = state
        arm.touch(deployment)
        self._store.save(deployment)


class DeploymentDeletion(DeploymentWork):
    """Ends a deployment's container and removes the deployment."""

    async def prepare(self, operation: Operation) -> None:
        """Nothing to prepare."""

    def finish(self, operation: Operation) -> None:
        """The deployment does not exist any more."""
        deployment = self._target(operation)
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
