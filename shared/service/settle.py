"""Takes what is finished off the index of unfinished work."""

from shared.domain import plans
from shared.ports import Ports
from shared.service import store


def settle_inflight(ports: Ports, user_key: str, deployment_id: str) -> None:
    """Removes the inflight row where the record is finished.

    The row is read before the record: an acceptance (of a delete, say) writes the row again before
    it commits, so a removal that missed it meets another version and does nothing.
    """
    entry = store.load_inflight(ports.tables, user_key, deployment_id)
    if entry is None:
        return
    stored = store.load_deployment(ports.tables, user_key, deployment_id)
    if stored is not None and plans.is_finished(stored.record):
        store.remove(ports.tables, store.INFLIGHT, entry.row)
