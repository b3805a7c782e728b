"""What the cloud says there is, listed once and laid on the sides of a join.

A listing that fails raises, whatever came before: half of a truth is none.
"""

from collections.abc import Callable, Iterable

from shared.cloud_ports import CloudEndpoint
from shared.domain import ownership
from shared.domain.errors import UnreadableRow
from shared.domain.reconcile.compare_endpoints import compare_endpoint
from shared.domain.reconcile.findings import Finding
from shared.reconcile_ports import Entry, Join, ReconcilePorts
from shared.service import store
from shared.service.reconcile import look
from shared.service.reconcile.idle import Idleness
from shared.service.reconcile.sides import CLOUD, REGISTRY, keeping, place_of


def lay_endpoints(
    ports: ReconcilePorts, join: Join, idleness: Idleness, keep: Callable[[], None]
) -> tuple[int, list[Finding]]:
    """How many endpoints and deployments there are, and what is to be said of them. Raises CloudError, StoreError."""
    count, findings = 0, []
    for found in keeping(ports.view.list_endpoints(), keep):
        places, about = _see(ports, idleness, found)
        count += 1 + join.add(CLOUD, places)
        findings += about
    return count, findings


def lay_registry(ports: ReconcilePorts, join: Join, keep: Callable[[], None]) -> int:
    """How many models the registry has. Raises CloudError."""
    return join.add(
        REGISTRY, ((name, "") for name in keeping(ports.view.list_models(), keep, every=100))
    )


def _see(
    ports: ReconcilePorts, idleness: Idleness, found: CloudEndpoint
) -> tuple[list[Entry], list[Finding]]:
    """What is where on an endpoint, and what is to be said of it: nothing where a record of it cannot be read."""
    try:
        seen = look.see_endpoint(ports, found)
        idle = list(idleness.find(seen)) if seen else []
    except UnreadableRow as error:
        store.tell_unreadable(error)
        return _places(found.name, ports.view.list_deployments(found.name)), []
    if seen is None:
        return [], []
    return _places(found.name, seen.deployments), [*compare_endpoint(seen), *idle]


def _places(endpoint: str, shown: Iterable[look.Shown]) -> list[Entry]:
    tag = ownership.DEPLOYMENT_TAG
    return [(place_of(endpoint, each.name, each.tags.get(tag, "")), "") for each in shown]
