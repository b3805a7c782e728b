"""A world that is reconciled: runs with all their turns, and what they found."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from shared.adapters.memory_join import MemoryJoins
from shared.cloud_ports import NewDeployment, NewModel
from shared.domain import ownership
from shared.domain.errors import StoreError
from shared.domain.policy import RECONCILE_JOBS
from shared.domain.principal import Principal
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.runs import Item, ItemState, Run, is_over
from shared.domain.records import Deployment
from shared.reconcile_ports import ReconcilePorts
from shared.service import sweep as sweeping
from shared.service.reconcile import begin, hints, rows, run as running
from shared.service.reconcile.begin import Wanted
from tests.service.faults import Died
from tests.service.world import HOST_LEASE, World

OLGA = Principal(user_id="olga", issuer="tests", is_operator=True)
HOUR, DAY = 3600.0, 86_400.0


@dataclass(frozen=True)
class Report:
    """A run that has ended, and its findings."""

    run: Run
    items: list[Item]

    @property
    def cases(self) -> list[tuple[Case, str]]:
        """What was found, and of what, in order."""
        return sorted((each.finding.case, each.finding.subject) for each in self.items)

    @property
    def repaired(self) -> list[tuple[Case, str]]:
        """What was repaired."""
        repaired = (each for each in self.items if each.state is ItemState.REPAIRED)
        return sorted((each.finding.case, each.finding.subject) for each in repaired)

    def of(self, case: Case) -> Item:
        """The only finding of a case."""
        [item] = [each for each in self.items if each.finding.case is case]
        return item

    def of_subject(self, subject: str) -> Item:
        """The only finding about a thing."""
        [item] = [each for each in self.items if each.finding.subject == subject]
        return item


class Reconciled(World):
    """See `World`."""

    def reconcile(self, *, before: Callable[[], object] = lambda: None, **wanted: Any) -> Report:
        """One run, from its beginning to its end; `before` is called before its first turn."""
        begun = begin.begin_run(self.ports, self.mint, self.policy, OLGA, Wanted(**wanted))
        before()
        return self.finish_run(begun.id)

    def nightly(self, nights: int = 1) -> Report:
        """Runs a day apart, of which the last one's report is given."""
        for _ in range(nights - 1):
            self.reconcile()
            self.sleep(DAY)
        return self.reconcile()

    def finish_run(self, run_id: str) -> Report:
        """Goes on until a run has ended, and a while longer, with what it has begun."""
        self.run_until(lambda: self.step_run(run_id))
        self.run_for(900)
        return self.report(run_id)

    def step_run(self, run_id: str) -> bool:
        """One turn of a run where a hint of it is due; whether it has ended."""
        message = self.queue.receive(RECONCILE_JOBS, lease=HOST_LEASE)
        if message is not None:
            with suppress(Died, StoreError):  # the host: no answer, no end of the message
                running.run_turn(self.reconcile_ports, self.policy, hints.parse(message.text))
                self.queue.delete(RECONCILE_JOBS, message)
        return is_over(self.run(run_id))

    def sweep(self) -> sweeping.Sweep:
        """What the sweep does, of runs too."""
        swept = super().sweep()
        begin.remind(self.ports, self.policy)
        return swept

    def run(self, run_id: str) -> Run:
        """A run as it is now."""
        stored = rows.load_run(self.tables, run_id)
        assert stored is not None
        return stored.record

    def report(self, run_id: str) -> Report:
        """A run and what it found."""
        items = [each.record for each in rows.list_items(self.tables, run_id)]
        return Report(self.run(run_id), items)

    @property
    def reconcile_ports(self) -> ReconcilePorts:
        """What a turn works with."""
        ours = {each.name: getattr(self.ports, each.name) for each in fields(self.ports)}
        return ReconcilePorts(**ours, joins=MemoryJoins())

    # -------------------------------------------------------------- what somebody does in the cloud

    def put_in_cloud(
        self, endpoint: str, name: str, model: Deployment, tags: Mapping[str, str]
    ) -> None:
        """A deployment by hand, or by a call that came too late."""
        self.cloud.put_deployment(
            NewDeployment(
                name=name,
                endpoint_name=endpoint,
                model_name=model.azure_model_name,
                model_version=model.azure_model_version or "1",
                instance_type="Standard_DS1_v2",
                instance_count=1,
                environment_variables={},
                tags=tags,
            )
        )
        self.run_for(60)

    def put_endpoint(self, name: str, tags: Mapping[str, str]) -> None:
        """An endpoint by hand."""
        self.cloud.put_endpoint(name, tags=tags, traffic={})
        self.run_for(60)

    def come_late(self) -> tuple[Deployment, Deployment]:
        """An endpoint `late` that came after its deployment was deleted; that deployment, and another that lives."""
        other = self.live()
        record = self.live(endpoint_name="late")
        tags = ownership.endpoint_tags(record.user_key, record.endpoint_tag)
        self.delete(record)
        self.settle()
        self.put_endpoint("late", tags)
        return record, other

    def tag_late(self, name: str) -> Deployment:
        """A live endpoint that a late call has given the tags of before, when its name was another deployment's."""
        before = self.live(endpoint_name=name)
        self.delete(before)
        self.settle()
        record = self.live(endpoint_name=name)
        found = self.cloud.find_endpoint(name)
        assert found is not None
        tags = ownership.endpoint_tags(before.user_key, before.endpoint_tag)
        self.cloud.put_endpoint(name, tags=tags, traffic=found.traffic)
        self.run_for(60)
        return record

    def register(self, name: str, tags: Mapping[str, str], like: Deployment) -> None:
        """A version by hand."""
        path = f"packages/{like.package_digest}"
        self.cloud.register_model(
            NewModel(name=name, version="1", path=path, description="", tags=tags)
        )

    def drop(self, record: Deployment) -> None:
        """Somebody removes a deployment in the cloud, whatever is on record."""
        found = self.cloud.find_endpoint(record.endpoint_name)
        assert found is not None
        rest = {
            name: share for name, share in found.traffic.items() if name != record.deployment_name
        }
        self.cloud.put_endpoint(record.endpoint_name, tags=found.tags, traffic=rest)
        self.run_for(60)
        self.cloud.remove_deployment(record.endpoint_name, record.deployment_name)
        self.run_for(60)


def tags_of(record: Deployment) -> dict[str, str]:
    """The tags of a deployment of ours."""
    return ownership.deployment_tags(record)
