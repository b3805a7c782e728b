"""Promises about what is written, checked as each transaction lands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain import plans
from shared.domain.bookkeeping import Claim, ClaimKind, Request
from shared.domain.records import Deployment, Endpoint, Event, Status
from shared.ports import Insert
from shared.service import store
from simulator.ledger import Ledger, Write
from simulator.promises.index import check_index
from simulator.timeline import Broken, Task

_SHARED = ("everybody",)  # the partition of what is nobody's
_WITHIN = {
    (Status.DEPLOYING, Status.ACTIVE),
    (Status.DEPLOYING, Status.FAILED),
}


@dataclass(slots=True)
class WritePromises:
    """Watches what is written. `now` tells the true time, `skew` how far clocks may be apart."""

    ledger: Ledger
    now: Callable[[], datetime]
    skew: timedelta

    def before(self, table: str, writes: Sequence[Write], task: Task) -> None:
        """Raises Broken where a transaction that is landing breaks a promise."""
        check_writes(self.ledger, table, writes, task)
        for write in writes:
            if isinstance(write.record, Deployment):
                self._check_lease(write.record)

    def _check_lease(self, after: Deployment) -> None:
        """Nobody leases what is leased, as far as clocks agree."""
        before = self.ledger.deployments.get(after.id)
        if before is None or before.lease is None or after.epoch == before.epoch:
            return
        if before.lease.until > self.now() + self.skew:
            raise Broken(f"{after.id} was leased while another turn had it leased", after.id)


def check_writes(ledger: Ledger, table: str, writes: Sequence[Write], task: Task) -> None:
    """Raises Broken for a promise that holds whatever the time; the ledger is as before the writes."""
    if table == store.RECORDS:
        _check_owner(writes, task)
        if task.kind == "turn":
            _check_fence(writes, task)
    for write in writes:
        match write.record:
            case Deployment() as record:
                _check_deployment(ledger, write, record, task)
            case Endpoint() as record:
                _check_endpoint(ledger, record, task)
            case Event() as record:
                _check_event(ledger, writes, record)
            case Claim() as record:
                _check_claim(ledger, record)
            case Request() as record:
                _check_request(ledger, write, record)
            case None if write.is_removal:
                _check_removal(ledger, table, write)
    check_index(ledger, table, writes)


def _check_owner(writes: Sequence[Write], task: Task) -> None:
    for write in writes:
        partition = write.row.partition
        if task.user_key and partition not in (task.user_key, *_SHARED):
            raise Broken(f"{task.kind} of one user wrote the row {write.row.key} of another")
        if isinstance(write.record, Deployment | Endpoint) and write.record.user_key != partition:
            raise Broken(f"the row {write.row.key} is in a partition that is not its owner's")


def _check_fence(writes: Sequence[Write], task: Task) -> None:
    """A turn changes an endpoint's row only together with its own record, whose version fences it."""
    keys = [write.row.key for write in writes]
    if any(key.startswith("e-") for key in keys) and not any(
        isinstance(write.record, Deployment) for write in writes
    ):
        raise Broken("a turn wrote an endpoint's row without its own record", task.deployment_id)


def _check_deployment(ledger: Ledger, write: Write, after: Deployment, task: Task) -> None:
    before = ledger.deployments.get(after.id)
    if before is None or after.generation > before.generation:
        task.accepted = after.id
    if before is None:
        _check_admission(ledger, write, after)
        return
    if isinstance(write.operation, Insert) and after.status is not Status.DELETED:
        raise Broken(f"a second deployment {after.id} was admitted", after.id)
    if after.epoch < before.epoch or after.generation < before.generation:
        raise Broken(f"the epoch or generation of {after.id} went back", after.id)
    _check_status(before, after)
    if task.kind == "turn":
        _check_turn(ledger, before, after, task)


def _check_admission(ledger: Ledger, write: Write, after: Deployment) -> None:
    if not isinstance(write.operation, Insert):
        raise Broken(f"{after.id} was written and never admitted", after.id)
    if after.id not in ledger.claims:
        raise Broken(f"the id {after.id} was admitted without a claim", after.id)


def _check_status(before: Deployment, after: Deployment) -> None:
    if before.generation == after.generation:
        if before.status is not after.status and (before.status, after.status) not in _WITHIN:
            raise Broken(
                f"{after.id} went from {before.status} to {after.status} in one generation",
                after.id,
            )
        if plans.is_finished(before) and not plans.is_finished(after):
            raise Broken(f"finished work of {after.id} began again in one generation", after.id)
    elif before.status is Status.DELETED:
        raise Broken(f"{after.id} was deleted, and came back as {after.status}", after.id)


def _check_turn(ledger: Ledger, before: Deployment, after: Deployment, task: Task) -> None:
    if after.generation != before.generation:
        raise Broken(f"a turn changed the generation of {after.id}", after.id)
    if after.epoch > before.epoch:
        task.generation = after.generation
        ledger.turns[after.id] = task
    elif ledger.turns.get(after.id) is not task:
        raise Broken(f"a turn that had lost {after.id} wrote it", after.id)


def _check_event(ledger: Ledger, writes: Sequence[Write], event: Event) -> None:
    before = ledger.deployments.get(event.deployment_id)
    expected = before.events + 1 if before else 1
    records = [each.record for each in writes if isinstance(each.record, Deployment)]
    if event.number != expected or [each.events for each in records] != [event.number]:
        raise Broken(
            f"event {event.number} of {event.deployment_id} is not the next", event.deployment_id
        )


def _check_endpoint(ledger: Ledger, after: Endpoint, task: Task) -> None:
    name = after.name.lower()
    members = {each.deployment_name for each in after.members}
    for traffic in (after.traffic, after.wanted or {}):
        if sum(traffic.values()) not in (0, 100):
            raise Broken(f"the traffic of {name} adds up to {sum(traffic.values())} %", name)
        if strangers := {each for each, share in traffic.items() if share} - members:
            raise Broken(f"{name} gives traffic to {', '.join(strangers)}, no member of it", name)
    claim = ledger.claims.get(name)
    if claim is None or (claim.user_key, claim.tag) != (after.user_key, after.tag):
        raise Broken(f"the endpoint {name} is not under the claim of its name", name)
    before = ledger.endpoints.get(name)
    if before is not None:
        _check_holder(ledger, before, after, task)


def _check_holder(ledger: Ledger, before: Endpoint, after: Endpoint, task: Task) -> None:
    """The right to change an endpoint is given up by who has it, or passes on once that one is done."""
    held, name = before.holder, before.name.lower()
    if before.tag != after.tag:
        raise Broken(f"the endpoint {name} changed its tag", name)
    if held is None or held == after.holder or held.deployment_id == task.deployment_id:
        return
    holder = ledger.deployments[held.deployment_id]
    if not plans.is_finished(holder):
        raise Broken(f"{name} was taken from {holder.id}, which was changing it", name, holder.id)


def _check_claim(ledger: Ledger, after: Claim) -> None:
    if after.kind is ClaimKind.ENDPOINT:
        endpoint = ledger.endpoints.get(after.name)
        if endpoint is not None and endpoint.tag != after.tag:
            raise Broken(f"the name {after.name} was taken over from a living endpoint", after.name)


def _check_request(ledger: Ledger, write: Write, after: Request) -> None:
    before = ledger.requests.get((write.row.partition, after.key))
    if before is None or not (before.deployment_id or before.model_id or before.problem):
        return
    if (before.deployment_id, before.model_id) != (after.deployment_id, after.model_id):
        raise Broken(f"one key led to {before.deployment_id} and to {after.deployment_id}")


def _check_removal(ledger: Ledger, table: str, write: Write) -> None:
    key, name = write.row.key, write.row.partition
    if table == store.CLAIMS:
        if ledger.claims[name].kind not in (ClaimKind.ENDPOINT, ClaimKind.RELEASED):
            raise Broken(f"the id {name} was given free")
        if name in ledger.endpoints:
            raise Broken(f"the name of the endpoint {name} was given free while it is there", name)
    elif table == store.RECORDS and key.startswith("e-"):
        endpoint = ledger.endpoints[key.removeprefix("e-")]
        if len(endpoint.members) > 1:
            raise Broken(
                f"the row of {endpoint.name} went with members on it", endpoint.name.lower()
            )
