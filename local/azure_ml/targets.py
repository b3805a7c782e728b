"""What an operation works on: found again by its id, and left in the state that came of it."""

from local.azure_ml import arm
from local.azure_ml.state import Operation, Resource, Store


def find_target(store: Store, operation: Operation) -> Resource:
    """The resource that an operation is for. Raises LookupError where it is not there."""
    found = store.find(operation.target)
    if found is None:
        raise LookupError(f"{operation.id} works on {operation.target}, which is not there")
    return found


def settle(store: Store, resource: Resource, state: str) -> None:
    """Gives a resource its provisioning state, in Azure's words, and keeps it."""
    resource.properties["provisioningState"] = state
    arm.touch(resource)
    store.save(resource)
