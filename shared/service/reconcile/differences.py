"""What the sides of a join disagree about: candidates by their keys, each read again, whole, and compared.

What is read one by one is bounded in a run; what is beyond is counted, and comes when the rest is settled.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.errors import UnreadableRow
from shared.domain.reconcile.compare_endpoints import compare_active
from shared.domain.reconcile.compare_records import (
    compare_model,
    compare_name,
    compare_unfinished,
)
from shared.domain.reconcile.compare_registry import (
    compare_referenced,
    compare_registered,
    compare_version,
    may_be_ours,
)
from shared.domain.reconcile.findings import Finding
from shared.domain.records import Deployment
from shared.reconcile_ports import Join, ReconcilePorts
from shared.service import store
from shared.service.catalogue import shelf
from shared.service.reconcile import look, sides
from shared.service.reconcile.candidates import Candidates
from shared.service.reconcile.sides import keeping
from shared.service.store import Stored

Found = Iterator[Finding | None]


@dataclass(slots=True)
class Differences:
    """Reads what is needed to compare."""

    ports: ReconcilePorts
    join: Join
    days: int
    candidates: Candidates

    def on_endpoints(self) -> Found:
        """Active deployments that the cloud does not show at their places."""
        for _, note in self.candidates.some(self.join.missing(sides.ACTIVE, sides.CLOUD)):
            if stored := self._deployment(note):
                yield compare_active(stored.record, shown=False)

    def in_registry(self) -> Found:
        """Versions on record that are not registered, and versions of ours that no record needs. Raises CloudError."""
        for _, note in self.candidates.some(self.join.missing(sides.REGISTERED, sides.REGISTRY)):
            user_key, _, thing = note.partition(" ")
            if stored := self._deployment(note):
                yield compare_registered(stored.record, registered=False)
            elif model := shelf.load_leaving(self.ports.tables, user_key, thing):
                yield compare_referenced(model.record, registered=False)
        unclaimed = self.join.missing(sides.REGISTRY, sides.REGISTERED)
        for name, _ in self.candidates.some(each for each in unclaimed if may_be_ours(each[0])):
            for version in self.ports.view.list_versions(name):
                yield compare_version(look.see_version(self.ports, version))

    def of_records(self) -> Found:
        """What should have ended or is on no index, names without an endpoint, models half deleted or never deployed."""
        now, tables = self.ports.clock.now(), self.ports.tables
        for _, note in self.candidates.some(self.join.missing(sides.UNFINISHED, sides.INDEXED)):
            if stored := self._deployment(note):
                yield compare_unfinished(stored.record, indexed=False, now=now)
        for row in keeping(store.inflight_rows(tables), self.candidates.keep):
            if stored := self._deployment(f"{row.partition} {row.key}"):
                yield compare_unfinished(stored.record, indexed=True, now=now)
        for name, _ in self.candidates.some(self.join.missing(sides.NAMES, sides.ROWS)):
            if claim := store.load_claim(tables, name):
                yield compare_name(claim.record, used=False)
        for side, other in ((sides.LEAVING, sides.NOTHING), (sides.MODELS, sides.DEPLOYED)):
            for model_id, note in self.candidates.some(self.join.missing(side, other)):
                if model := shelf.load_leaving(tables, note.partition(" ")[0], model_id):
                    yield compare_model(model.record, deployed=False, now=now, days=self.days)

    def _deployment(self, note: str) -> Stored[Deployment] | None:
        """The record that a note leads to; None where it is of none, or cannot be read."""
        user_key, _, deployment_id = note.partition(" ")
        if not deployment_id.isdigit():
            return None
        try:
            return store.load_deployment(self.ports.tables, user_key, deployment_id)
        except UnreadableRow as error:
            store.tell_unreadable(error)
            return None
