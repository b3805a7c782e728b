"""What the registry still has of what a deployment registered; what is gone from there is never uploaded again in silence."""

from contextlib import suppress
from dataclasses import replace

from shared.domain import plans, progress
from shared.domain.errors import CloudError
from shared.domain.failures import not_registered
from shared.domain.records import Deployment
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import hints, store
from shared.service.store import Stored


def may_be_there(ports: Ports, record: Deployment) -> bool:
    """Whether the registry has the version on record; where it does not answer, the turn looks again."""
    with suppress(CloudError):
        found = ports.view.find_model(record.azure_model_name, record.azure_model_version)
        return found is not None
    return True


def forget_version(ports: Ports, stored: Stored[Deployment], text: str) -> None:
    """Clears the version that is gone from a failed deployment, which can only be made anew. Raises Changed, Missing."""
    record = replace(stored.record, azure_model_version="", failure=not_registered())
    now = ports.clock.now()
    record, event = progress.event_after(record, "registry_entry_gone", text, now, None)
    operations: list[Operation] = [
        Replace(store.deployment_row(record, stored.row.etag)),
        Insert(store.event_row(record.user_key, event)),
    ]
    store.commit(ports.tables, ports.random, store.RECORDS, operations)
    if not plans.is_finished(record):  # a turn under way has lost its version of the record
        hints.send_hint_when_free(ports.queue, record)
