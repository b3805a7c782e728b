"""Reads what the figures of a user are counted from: one narrow range of rows, and the few deleted ones that are not gone."""

from collections.abc import Iterator

from shared.domain import figures
from shared.domain.errors import UnreadableRow
from shared.domain.figures import CountedDeployment, CountedModel, Figures
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Status
from shared.ports import Ports, Tables
from shared.service import listing, marks, store


def count(ports: Ports, policy: Policy, principal: Principal) -> Figures:
    """The figures of a user, as wherever they are shown. Raises StoreError."""
    tables, key = ports.tables, principal.user_key
    counted = list(listing.list_counted(tables, key))
    live = [each for each in counted if isinstance(each, CountedDeployment)]
    models = [each for each in counted if isinstance(each, CountedModel)]
    missing = marks.find_unregistered(tables, key)
    return figures.count([*live, *_being_removed(tables, key)], models, missing, policy.prices)


def _being_removed(tables: Tables, user_key: str) -> Iterator[CountedDeployment]:
    """Deleted deployments of which the cloud may still have something."""
    for entry in store.inflight_rows(tables, user_key):
        try:
            stored = store.load_deployment(tables, user_key, entry.key)
            if stored is not None and stored.record.status is Status.DELETED:
                yield store.read_row(CountedDeployment, stored.row).record
        except UnreadableRow as error:
            store.tell_unreadable(error)
