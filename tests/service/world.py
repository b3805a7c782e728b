"""The service on its memory ports and a clock that stands until it is moved.

`World` does what surrounds the service: brings messages to the worker, gives a crashed worker's
message back, ticks the sweep every minute, and moves the clock to whatever comes next.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_clock import SeededRandom, VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue, Received
from shared.adapters.memory_tables import MemoryTables
from shared.adapters.mlflow_packaging import MlflowPackager
from shared.domain import plans
from shared.domain.errors import StoreError
from shared.domain.policy import DEPLOY_JOBS, Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Endpoint, Event, Model, Status
from shared.domain.requests import parse_deploy_request
from shared.ports import Tables, WorkerPorts
from shared.service import (
    hints,
    listing,
    remove,
    retry,
    route,
    run,
    store,
    submit,
    sweep as sweeping,
)
from shared.service.catalogue import models
from shared.service.claims import Mint
from tests.service.faults import (
    Died,
    Effects,
    FaultyBlobs,
    FaultyCloud,
    FaultyQueue,
    FaultyTables,
)
from tests.service.sample import CONTENT, KnownReader

ANNA = Principal(user_id="anna", issuer="tests")
BERT = Principal(user_id="bert", issuer="tests")
HOST_LEASE = 600  # seconds until the host gives a crashed worker's message back
SWEEP_EVERY = 60
LONGEST = timedelta(hours=8)


class World:
    """One cloud, one store, one queue; workers come and go with each delivery."""

    def __init__(self, *, operation_seconds: float = 45, policy: Policy | None = None) -> None:
        self.clock = VirtualClock()
        self.effects = Effects()
        self.policy = policy or Policy()
        self.tables: Tables = MemoryTables()
        self.queue = MemoryQueue(self.clock)
        self.blobs = MemoryBlobs(self.clock.now)
        self.cloud = MemoryCloud(
            self.clock.now,
            operation_seconds=operation_seconds,
            cores=100,
            has_path=lambda path: self.blobs.size(f"{path}/MLmodel") is not None,
        )
        cloud = FaultyCloud(self.cloud, self.effects)
        blobs = FaultyBlobs(self.blobs, self.effects)
        self.ports = WorkerPorts(
            clock=self.clock,
            random=SeededRandom(7),
            tables=FaultyTables(self.tables, self.effects),
            queue=FaultyQueue(self.queue, self.effects),
            blobs=blobs,
            artifacts=blobs,
            reader=KnownReader(),
            view=cloud,
            packager=MlflowPackager(),
            control=cloud,
            scorer=cloud,
        )
        self.mint = Mint(self.ports.tables, self.clock, self.ports.random, self.policy)
        self._next_sweep = self.clock.now() + timedelta(seconds=SWEEP_EVERY)

    # -------------------------------------------------------------- what users do

    def upload(self, user: Principal = ANNA, name: str = "churn") -> Model:
        upload = models.Upload(file=BytesIO(CONTENT), filename="model.pkl", model_name=name)
        return models.add_model(self.ports, self.mint, self.policy, user, upload)

    def deploy(
        self, model: Model, user: Principal = ANNA, *, key: str = "", **fields: Any
    ) -> Deployment:
        request = parse_deploy_request({"model_id": model.id, **fields})
        return submit.accept_deploy(
            self.ports, self.mint, self.policy, user, request, key=key
        ).record

    def retry(self, record: Deployment, user: Principal = ANNA, *, key: str = "") -> Deployment:
        return retry.accept_retry(self.ports, self.policy, user, record.id, key=key).record

    def redeploy(self, record: Deployment, user: Principal = ANNA, *, key: str = "") -> Deployment:
        return retry.accept_redeploy(
            self.ports, self.mint, self.policy, user, record.id, key=key
        ).record

    def route(self, name: str, user: Principal = ANNA, **shares: int) -> Endpoint:
        return route.accept_traffic(self.ports, self.policy, user, name, shares)

    def delete(
        self, record: Deployment, user: Principal = ANNA, *, traffic_to: str = ""
    ) -> Deployment:
        return remove.accept_delete(self.ports, self.policy, user, record.id, traffic_to=traffic_to)

    def live(self, user: Principal = ANNA, **fields: Any) -> Deployment:
        """A deployment that has become active."""
        record = self.deploy(self.upload(user), user, **fields)
        self.settle()
        record = self.read(record)
        assert record.status is Status.ACTIVE, record.failure
        return record

    # -------------------------------------------------------------- what goes on by itself

    def settle(self) -> None:
        """Goes on until nothing is unfinished and no message is left."""
        end = self.clock.now() + LONGEST
        while not self.is_quiet():
            assert self.clock.now() < end, f"not settled: {self.unfinished()}"
            if not self.deliver():
                self._advance()

    def run_until(self, reached: Callable[[], bool]) -> None:
        """Goes on until something is the case."""
        end = self.clock.now() + LONGEST
        while not reached():
            assert self.clock.now() < end, f"never reached: {self.unfinished()}"
            if not self.deliver():
                self._advance()

    def run_for(self, seconds: float) -> None:
        """Goes on for a while."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.run_until(lambda: self.clock.now() >= end)

    def sleep(self, seconds: float) -> None:
        """Time passes with nothing at work; the sweeps of it are not made up for."""
        self.clock.advance(seconds)
        self._next_sweep = self.clock.now() + timedelta(seconds=SWEEP_EVERY)

    def deliver(self) -> bool:
        """Gives the next visible message to a worker; False where there is none."""
        message = self.queue.receive(DEPLOY_JOBS, lease=HOST_LEASE)
        if message is None:
            return False
        self._work(message)
        return True

    def turn(self, record: Deployment) -> None:
        """One turn for a deployment, as if a hint had just come."""
        hint = hints.Hint(user_key=record.user_key, deployment_id=record.id)
        run.run_turn(self.ports, self.policy, hint)

    def sweep(self) -> sweeping.Sweep:
        return sweeping.sweep(self.ports, self.policy)

    def lose_messages(self) -> None:
        """All messages that are visible now are gone."""
        while message := self.queue.receive(DEPLOY_JOBS, lease=1):
            self.queue.delete(DEPLOY_JOBS, message)

    def _work(self, message: Received) -> None:
        hint = hints.Hint.model_validate_json(message.text)
        with suppress(Died, StoreError):  # the host: no answer of the worker, no end of the message
            run.run_turn(self.ports, self.policy, hint)
            self.queue.delete(DEPLOY_JOBS, message)

    def _advance(self) -> None:
        visible = self.queue.next_visible(DEPLOY_JOBS)
        if visible is None or visible > self._next_sweep:
            self._move_to(self._next_sweep)
            self._next_sweep += timedelta(seconds=SWEEP_EVERY)
            with suppress(Died, StoreError):  # the next tick comes
                self.sweep()
        else:
            self._move_to(visible)

    def _move_to(self, time: datetime) -> None:
        self.clock.advance(max(0.0, (time - self.clock.now()).total_seconds()))

    # -------------------------------------------------------------- what is there

    def read(self, record: Deployment) -> Deployment:
        stored = store.load_deployment(self.tables, record.user_key, record.id)
        assert stored is not None
        return stored.record

    def events(self, record: Deployment) -> list[Event]:
        return list(listing.list_events(self.tables, record.user_key, record.id))

    def endpoint(self, name: str, user: Principal = ANNA) -> Endpoint | None:
        stored = store.load_endpoint(self.tables, user.user_key, name)
        return stored.record if stored else None

    def deployments(self, user: Principal = ANNA) -> list[Deployment]:
        return list(listing.list_deployments(self.tables, user.user_key))

    def all_deployments(self) -> list[Deployment]:
        """Of all users, live and deleted."""
        return [
            record
            for user in (ANNA, BERT)
            for deleted in (False, True)
            for record in listing.list_deployments(self.tables, user.user_key, deleted=deleted)
        ]

    def claimed_names(self) -> set[str]:
        """The endpoint names that are taken."""
        rows = self.tables.scan(store.CLAIMS, None)
        return {str(row.values["name"]) for row in rows if row.values["kind"] == "endpoint"}

    def endpoint_rows(self) -> set[str]:
        """The names of all users' endpoints."""
        rows = self.tables.scan(store.RECORDS, None, first="e-", last="e.")
        return {row.key.removeprefix("e-") for row in rows}

    def unfinished(self) -> list[tuple[str, object]]:
        entries = [entry.record for entry in store.list_inflight(self.tables)]
        loaded = [
            (each, store.load_deployment(self.tables, each.user_key, each.deployment_id))
            for each in entries
        ]
        return [(each.deployment_id, found and found.record.work) for each, found in loaded]

    def is_quiet(self) -> bool:
        return not self.unfinished() and self.queue.next_visible(DEPLOY_JOBS) is None

    def in_cloud(self) -> "InCloud":
        return InCloud(self.cloud)


class InCloud:
    """What the cloud holds, by name; reads the twin's insides, since no port lists everything."""

    def __init__(self, cloud: MemoryCloud) -> None:
        names = [each.name for each in cloud._endpoints.values()]
        found = [(name, cloud.find_endpoint(name)) for name in names]
        self.models = sorted(name for name, _ in cloud._models)
        self.traffic = {name: dict(each.traffic) for name, each in found if each}
        self.endpoints = sorted(self.traffic)
        self.deployments = sorted(
            each.name for name in self.endpoints for each in cloud.list_deployments(name)
        )

    @property
    def paid(self) -> list[str]:
        """What costs money or holds a name: everything but the models."""
        return [*self.endpoints, *self.deployments]


def is_finished(world: World, record: Deployment) -> bool:
    return plans.is_finished(world.read(record))
