"""An endpoint that has the tags of an earlier time: every change of it sends all of them, and one of then may land late.

Its name was given up and taken again since. That it is the endpoint of today is known by what of ours serves on it.
"""

from collections.abc import Mapping, Sequence

from shared.cloud_ports import CloudEndpoint
from shared.domain import ownership
from shared.domain.records import Deployment
from shared.ports import Ports
from shared.service import claims, store


def is_ours(
    ports: Ports, found: CloudEndpoint, ours: Mapping[str, str], also: Sequence[Deployment] = ()
) -> bool:
    """Whether it is that of the row whose tags are `ours` all the same. Raises CloudError, StoreError.

    What may serve on it are the members of the row, and `also` what was one.
    """
    user_key, tag = ours[ownership.OWNER_TAG], ours[ownership.ENDPOINT_TAG]
    if not claims.was_released(ports.tables, found.name, found.tags):
        return False
    row = store.load_endpoint(ports.tables, user_key, found.name)
    members = [each.record for each in store.load_members(ports.tables, row.record)] if row else []
    return any(each.endpoint_tag == tag and _serves(ports, each) for each in (*also, *members))


def _serves(ports: Ports, record: Deployment) -> bool:
    found = ports.view.find_deployment(record.endpoint_name, record.deployment_name)
    return found is not None and ownership.is_ours(found.tags, ownership.deployment_tags(record))
