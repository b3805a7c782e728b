"""What must be so once faults have stopped and nothing is left to do."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.adapters.memory_tables import MemoryTables
from shared.cloud_ports import CloudDeployment
from shared.domain import plans
from shared.domain.bookkeeping import ClaimKind, Request
from shared.domain.records import Deployment, Endpoint, Status
from shared.service import listing
from simulator.ledger import Ledger
from simulator.promises import tags
from simulator.strangers import Strangers
from simulator.timeline import Broken
from simulator.workspace import Workspace


@dataclass(slots=True)
class Rest:
    """The state of a run that has come to rest, and was reconciled after that.

    `rerouted` are endpoints whose traffic somebody has changed in Azure ML, by hand or by a late call: it is told and stays,
    unless `restores`.
    """

    ledger: Ledger
    workspace: Workspace
    tables: MemoryTables
    strangers: Strangers
    rerouted: Collection[str]
    restores: bool

    def check(self) -> None:
        """Raises Broken for the first promise that does not hold."""
        for record in self.ledger.deployments.values():
            self._check_record(record)
        self._check_endpoints()
        self._check_paid()
        self._check_models()
        self._check_counts()

    def _check_record(self, record: Deployment) -> None:
        if not plans.is_finished(record):
            raise Broken(f"{record.id} is at rest, and not finished", record.id)
        if record.lease is not None:
            raise Broken(f"{record.id} is at rest, and leased", record.id)
        numbers = [
            each.number for each in listing.list_events(self.tables, record.user_key, record.id)
        ]
        if numbers != list(range(1, record.events + 1)):
            raise Broken(f"{record.id} has the events {numbers} of {record.events}", record.id)

    def _check_endpoints(self) -> None:
        claimed = {
            name for name, each in self.ledger.claims.items() if each.kind is ClaimKind.ENDPOINT
        }
        if odd := claimed ^ set(self.ledger.endpoints):
            raise Broken(f"names claimed and endpoints differ: {', '.join(sorted(odd))}", *odd)
        for name, row in self.ledger.endpoints.items():
            if row.holder is not None:
                raise Broken(f"{name} is at rest, and held by {row.holder.deployment_id}", name)
            members = {each.deployment_id for each in row.members}
            if members != {each.id for each in self._active(row)}:
                raise Broken(f"the members of {name} are not its active deployments", name)
            if row.wanted is not None or row.carrier:
                raise Broken(f"{name} is at rest, and a change of its traffic is wanted", name)
            if not row.traffic and name not in {*self.ledger.silenced, *self.rerouted}:
                raise Broken(f"{name} has active deployments, and gives no traffic to any", name)

    def _active(self, row: Endpoint) -> list[Deployment]:
        return [
            each
            for each in self.ledger.deployments.values()
            if each.status is Status.ACTIVE and each.endpoint_tag == row.tag
        ]

    # -------------------------------------------------------------- the cloud

    def _check_paid(self) -> None:
        """Each active deployment runs as recorded; nothing else of ours does."""
        wanted = {(name, "", row.tag) for name, row in self.ledger.endpoints.items()}
        for name, row in self.ledger.endpoints.items():
            wanted |= {(name, each.deployment_name, each.id) for each in self._active(row)}
        there = set(self._there())
        if surplus := sorted(there - wanted):
            raise Broken(f"paid for, without an active record: {surplus}", surplus[0][0])
        if lost := sorted(wanted - there):
            raise Broken(f"active on record, and not in the cloud: {lost}", lost[0][0])
        for name, row in self.ledger.endpoints.items():
            self._check_traffic(name, row)

    def _there(self) -> Iterator[tuple[str, str, str]]:
        """What is ours in the cloud: endpoint, deployment (or none), and by which tag.

        An endpoint of ours that somebody else lives on stays for them.
        """
        for endpoint in self.workspace.endpoints():
            name, theirs = endpoint.name.lower(), self.strangers
            listed = self.workspace.list_deployments(name)
            ours = [each for each in listed if (endpoint.name, each.name) not in theirs.deployments]
            tag = None if endpoint.name in theirs.endpoints else endpoint.tags.get(tags.ENDPOINT)
            if tag and (name in self.ledger.endpoints or len(ours) == len(listed)):
                yield name, "", tag
            for each in filter(_is_ours, ours):
                yield name, each.name, each.tags[tags.DEPLOYMENT]

    def _check_traffic(self, name: str, row: Endpoint) -> None:
        found = self.workspace.find_endpoint(name)
        routed = {each: share for each, share in (found.traffic if found else {}).items() if share}
        wanted = {each: share for each, share in row.traffic.items() if share}
        if routed != wanted and (self.restores or name not in self.rerouted):
            raise Broken(f"{name} routes {routed}, and its row says {wanted}", name)

    def _check_models(self) -> None:
        may, must = set(), set()
        for record in self.ledger.deployments.values():
            if record.status is not Status.DELETED:
                may.add(record.azure_model_name)
                if record.status is Status.ACTIVE or record.azure_model_version:
                    must.add(record.azure_model_name)
        there = self.workspace.models().items()
        ours = {name for name, has in there if tags.DEPLOYMENT in has} - set(self.strangers.models)
        if odd := (ours - may) | (must - ours):
            raise Broken(f"the registry and the records differ in: {', '.join(sorted(odd))}")

    # -------------------------------------------------------------- counts

    def _check_counts(self) -> None:
        """What users are told by a count is what is there."""
        for user in {each.user_key for each in self.ledger.deployments.values()}:
            told = Counter(status for status, _ in listing.list_statuses(self.tables, user))
            there = Counter(
                each.status
                for each in self.ledger.deployments.values()
                if each.user_key == user and each.status is not Status.DELETED
            )
            if told != there:
                raise Broken(f"a user is told {dict(told)}, and has {dict(there)}")


def _is_ours(deployment: CloudDeployment) -> bool:
    return tags.are_ours(deployment.tags)


def check_answers(ledger: Ledger, answered: list[tuple[str, str, str]]) -> None:
    """Every acceptance that was answered is on record, and one key has one answer."""
    by_key: dict[tuple[str, str], str] = {}
    for user_key, key, deployment_id in answered:
        record = ledger.deployments.get(deployment_id)
        if record is None or record.user_key != user_key:
            raise Broken(f"{deployment_id} was accepted, and is not on record", deployment_id)
        if key and by_key.setdefault((user_key, key), deployment_id) != deployment_id:
            raise Broken(f"one key was answered twice, once with {deployment_id}", deployment_id)


def check_events(ledger: Ledger, sent: list[tuple[str, str]]) -> None:
    """Every message of a producer has been answered."""
    for user_key, key in sent:
        request: Request | None = ledger.requests.get((user_key, key))
        if request is None or not (request.deployment_id or request.problem):
            raise Broken(f"a producer's message was never answered (key {key[:6]})")
