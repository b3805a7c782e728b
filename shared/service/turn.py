"""One turn's hold of one record: its lease, its checkpoints, and the right to change its endpoint.

Every write is conditional on the version this turn has seen last. Where it lost, somebody else has
the record now, and the turn stops without a further effect (`LeaseLost`).
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.cloud_ports import CloudDeployment, CloudEndpoint
from shared.domain import endpoints, leases, ownership, plans, poisoning, progress
from shared.domain.errors import Changed, Exists, LeaseLost, Missing, StoreError
from shared.domain.outcomes import Done, Failed, Wait
from shared.domain.policy import Policy
from shared.domain.records import Deployment, Endpoint, Step
from shared.ports import Delete, Insert, Operation, Replace, WorkerPorts
from shared.service import hints, late_tags, store
from shared.service.store import Stored

_IN_LINE = 120  # seconds; whoever hands the endpoint on sends a hint, so this is for a lost one


class Turn:
    """The effects of a turn; the decisions are in `shared.domain`, the order in `run`."""

    def __init__(
        self, ports: WorkerPorts, policy: Policy, owner: str, stored: Stored[Deployment]
    ) -> None:
        self.ports = ports
        self.policy = policy
        self.owner = owner
        self.record = stored.record
        self.etag = stored.row.etag
        self._seen: Stored[Endpoint] | None = None  # the endpoint's row as this turn saw it last

    # -------------------------------------------------------------- lease

    def take_lease(self) -> None:
        """Leases the record under the next epoch. Raises LeaseLost where another turn was faster."""
        until = self.ports.clock.now() + timedelta(seconds=self.policy.lease)
        self._replace(leases.take_lease(self.record, self.owner, until))

    def before_change(self) -> None:
        """Called before every effect: renews the lease where a third of it is gone.

        After it, at least the time limit of one cloud call is left. Raises LeaseLost.
        """
        now = self.ports.clock.now()
        if leases.seconds_left(self.record, now) < self.policy.lease * 2 / 3:
            until = now + timedelta(seconds=self.policy.lease)
            self._replace(leases.renew_lease(self.record, self.owner, until))

    def give_back(self) -> bool:
        """After LeaseLost: frees the record where the lease on it is still this turn's.

        That is so when a request (a delete) changed the record under it. True where it was freed.
        """
        stored = store.load_deployment(self.ports.tables, self.record.user_key, self.record.id)
        if stored is None or stored.record.lease is None:
            return False
        if stored.record.lease.owner != self.owner:
            return False
        self.record, self.etag = stored.record, stored.row.etag
        try:
            self._replace(leases.drop_lease(self.record))
        except LeaseLost:
            return False
        return True

    # -------------------------------------------------------------- checkpoints

    def note(self, **changes: object) -> None:
        """Puts something on record before the effect that needs it to be there."""
        self._replace(replace(self.record, **changes))  # type: ignore[arg-type]  # fields by name

    def done(self, step: Step, outcome: Done) -> bool:
        """Checkpoints a finished step, its event, and the endpoint's row where it changes.

        False where that row is no longer as the step saw it: then the step has to look again.
        """
        now = self.ports.clock.now()
        record = progress.after_done(self.record, step, outcome, now)
        if plans.is_finished(record):
            record = leases.drop_lease(record)
        return self._checkpoint(record, "step_done", outcome.text, step, self._after(outcome))

    def wait(self, step: Step, outcome: Wait, seconds: float, trouble: str = "") -> None:
        """Checkpoints a wait and frees the lease; an event only where the reason is a new one."""
        now = self.ports.clock.now()
        record = leases.drop_lease(progress.after_wait(self.record, outcome, seconds, now, trouble))
        news = trouble or outcome.why
        if not progress.is_news(self.record, news):
            self._replace(record)
            return
        self._checkpoint(record, "trouble" if trouble else "waiting", news, step)

    def failed(self, step: Step, outcome: Failed) -> bool:
        """Checkpoints the failure, and what it means for the endpoint's row; False as in `done`."""
        record = progress.after_failed(self.record, outcome, self.ports.clock.now())
        if not plans.is_finished(record):
            return self._checkpoint(record, "failed", outcome.failure.cause, step)
        stored = self.endpoint()
        row = None
        if stored is not None:
            row = endpoints.give_up_route(stored.record, record.id, outcome.failure)
            row = endpoints.hand_on(row, record.id)
        record = leases.drop_lease(record)
        return self._checkpoint(record, "traffic_failed", outcome.failure.cause, step, row)

    def crashed(self, error: Exception) -> None:
        """Notes that this turn ends in an error nobody expected, and frees the record for the next.

        Where that cannot be written, the lease ends by itself and the error is still the caller's.
        """
        if (step := plans.next_step(self.record)) is None:
            return
        before = self.record.work.trouble
        crashed, text = poisoning.after_crash(self.record, error)
        crashed = leases.drop_lease(crashed)
        with suppress(LeaseLost, StoreError):
            if text == before:
                self._replace(crashed)
            else:
                self._checkpoint(crashed, "turn_crashed", text, step)

    # -------------------------------------------------------------- the endpoint's row

    def endpoint(self) -> Stored[Endpoint] | None:
        """The row of the endpoint this deployment is a member of; None where it is not."""
        stored = store.load_endpoint(
            self.ports.tables, self.record.user_key, self.record.endpoint_name
        )
        is_member = stored is not None and endpoints.is_member(stored.record, self.record)
        self._seen = stored if is_member else None
        return self._seen

    def hold_endpoint(self, stored: Stored[Endpoint]) -> Stored[Endpoint] | Wait:
        """The row held by this deployment, or a wait in line for those before it."""
        wanted, other = self._pass_finished(endpoints.line_up(stored.record, self.record))
        if wanted != stored.record:
            saved = self.save_endpoint(stored, wanted)
            if saved is None:
                return Wait(why="the endpoint's row was changed meanwhile", seconds=1)
            stored = saved
        if not other:
            return stored
        why = f"{other} is being changed on the same endpoint"
        return Wait(why=why, seconds=_IN_LINE, in_line=True)

    def _pass_finished(self, endpoint: Endpoint) -> tuple[Endpoint, str]:
        """The row without holders whose work is finished, and the name of the one who holds it then.

        The name is empty where it is this deployment.
        """
        while endpoint.holder and not endpoints.holds(endpoint, self.record):
            holder_id = endpoint.holder.deployment_id
            stored = store.load_deployment(self.ports.tables, self.record.user_key, holder_id)
            if stored is not None and not plans.is_finished(stored.record):
                return endpoint, stored.record.deployment_name
            endpoint = endpoints.hand_on(endpoint, holder_id)
        return endpoint, ""

    def save_endpoint(
        self, stored: Stored[Endpoint], endpoint: Endpoint
    ) -> Stored[Endpoint] | None:
        """Writes the endpoint's row over the version read; None where it was changed since.

        The record is written in the same transaction, so that a turn that lost it changes nothing.
        """
        self.before_change()
        row = store.endpoint_row(endpoint, stored.row.etag)
        fence = store.deployment_row(self.record, self.etag)
        etags = self._commit(self.record, [Replace(fence), Replace(row)])
        self._seen = Stored(endpoint, replace(row, etag=etags[1])) if etags else None
        if etags:
            self._wake_next(stored.record, endpoint)
        return self._seen

    def cloud_endpoint(self) -> tuple[CloudEndpoint | None, bool]:
        """The endpoint in the cloud, and whether it is ours."""
        found, ours = self.ports.view.find_endpoint(self.record.endpoint_name), self.endpoint_tags()
        if found is None or ownership.is_ours(found.tags, ours):
            return found, found is not None
        return found, late_tags.is_ours(self.ports, found, ours, [self.record])

    def cloud_deployment(self) -> tuple[CloudDeployment | None, bool]:
        """The deployment in the cloud, and whether it is ours."""
        record = self.record
        found = self.ports.view.find_deployment(record.endpoint_name, record.deployment_name)
        tags = ownership.deployment_tags(record)
        return found, found is not None and ownership.is_ours(found.tags, tags)

    def endpoint_tags(self) -> dict[str, str]:
        """What the endpoint in the cloud is tagged with."""
        return ownership.endpoint_tags(self.record.user_key, self.record.endpoint_tag)

    # -------------------------------------------------------------- writing

    def _checkpoint(
        self, record: Deployment, name: str, text: str, step: Step, endpoint: Endpoint | None = None
    ) -> bool:
        """Writes the record, one event more, and the endpoint's row where it is to change."""
        counted, event = progress.event_after(record, name, text, self.ports.clock.now(), step)
        operations: list[Operation] = [
            Replace(store.deployment_row(counted, self.etag)),
            Insert(store.event_row(record.user_key, event)),
        ]
        seen = self._seen
        if seen and endpoint and endpoint != seen.record:
            changed = store.endpoint_row(endpoint, seen.row.etag)
            operations.append(Replace(changed) if endpoint.members else Delete(seen.row))
        if self._commit(counted, operations) is None:
            return False
        if seen and endpoint:
            self._wake_next(seen.record, endpoint)
        return True

    def _after(self, outcome: Done) -> Endpoint | None:
        """The endpoint's row after a step, from the version that the step decided on and no later one."""
        if self._seen is None:
            return None
        endpoint = self._seen.record
        if outcome.routed is not None:
            endpoint = endpoints.settle_traffic(endpoint, self.record.id, outcome.routed)
        if outcome.frees_endpoint:
            endpoint = endpoints.hand_on(endpoint, self.record.id)
        return endpoints.leave(endpoint, self.record) if outcome.leaves_endpoint else endpoint

    def _wake_next(self, before: Endpoint, after: Endpoint) -> None:
        """A hint to whom the endpoint was handed on; one that is lost comes with its next look."""
        holder = after.holder
        if holder and holder != before.holder and holder.deployment_id != self.record.id:
            hints.send_hint(self.ports.queue, self.record.user_key, holder.deployment_id)

    def _commit(self, record: Deployment, operations: list[Operation]) -> list[str] | None:
        """The new etags, the record's first; None where only the endpoint's row was in the way."""
        try:
            etags = store.commit(self.ports.tables, self.ports.random, store.RECORDS, operations)
        except (Exists, Changed, Missing) as error:
            stored = store.load_deployment(self.ports.tables, record.user_key, record.id)
            if stored is None or stored.row.etag != self.etag:
                raise LeaseLost(f"{record.id} was changed by another") from error
            return None
        self.record, self.etag = record, etags[0]
        return etags

    def _replace(self, record: Deployment) -> None:
        if self._commit(record, [Replace(store.deployment_row(record, self.etag))]) is None:
            raise LeaseLost(f"{record.id} could not be written")
