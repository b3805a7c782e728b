"""An endpoint that has the tags of an earlier time: every change of it sends all of them, and one of then may land late.

Its name was given up and taken again since. That it is the endpoint of today is known by what of ours serves on it.
"""

from shared.cloud_ports import CloudEndpoint
from shared.domain import ownership
from shared.domain.records import Deployment
from shared.ports import Ports
from shared.service import claims, store


def is_ours(ports: Ports, record: Deployment, found: CloudEndpoint) -> bool:
    """Whether it is that of a deployment's own row all the same. Raises CloudError, StoreError."""
    if not claims.was_released(ports.tables, found.name, found.tags):
        return False
    row = store.load_endpoint(ports.tables, record.user_key, record.endpoint_name)
    others = store.load_members(ports.tables, row.record) if row else []
    members = [record, *(each.record for each in others if each.record.id != record.id)]
    same = (each for each in members if each.endpoint_tag == record.endpoint_tag)
    return any(_serves(ports, each) for each in same)


def _serves(ports: Ports, record: Deployment) -> bool:
    found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
    return found is not None and ownership.is_ours(found.tags, ownership.deployment_tags(record))
