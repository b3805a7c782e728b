"""The inside of a running cloud, as its worker sees it: records, queues, and processes to trouble."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from local.cloud import LocalCloud
from local.processes import wait_until
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.domain.principal import user_key
from shared.domain.records import Deployment, Step
from shared.service import store
from shared.service.store import Stored
from tests.e2e.user import Json

NAMES = {
    "models": "azure_model_name",
    "endpoints": "endpoint_name",
    "deployments": "deployment_name",
}
QUEUES = ("deploy-jobs", "deploy-requests")


class Watch:
    """Reads a deployment's record as the worker does, to see it in the middle of a step."""

    def __init__(self, cloud: LocalCloud, deployment_id: str) -> None:
        self._tables, self._id = tables(cloud), deployment_id

    def stored(self) -> Stored[Deployment]:
        found = store.load_deployment(self._tables, user_key("local", "local"), self._id)
        assert found is not None
        return found

    def record(self) -> Deployment:
        return self.stored().record

    def wait_inside(self, step: Step) -> None:
        """Waits for a turn that is at this step; fails where the work is past it."""

        def inside() -> bool:
            record = self.record()
            assert record.work.step is not None, f"finished before {step} was seen"
            return record.work.step is step and record.lease is not None

        wait_until(inside, seconds=60, what=f"a turn inside {step}")


def tables(cloud: LocalCloud) -> AzureTables:
    """The cloud's tables through the adapter of the product."""
    return AzureTables(storage_account.from_connection_string(cloud.connection_string))


def count(cloud: LocalCloud, kind: str, name: str) -> int:
    """How many resources of that name the emulated workspace holds."""
    return sum(each["name"] == name for each in cloud.resources()[kind])


def held(cloud: LocalCloud, deployed: Json) -> list[int]:
    """How many models, endpoints and deployments of a deployment's names the workspace holds."""
    return [count(cloud, kind, deployed[name]) for kind, name in NAMES.items()]


def names_in(cloud: LocalCloud) -> dict[str, list[str]]:
    """The names of all models, endpoints and deployments in the emulated workspace."""
    held = cloud.resources()
    return {kind: sorted(each["name"] for each in held[kind]) for kind in NAMES}


def names_of(deployed: Sequence[Json]) -> dict[str, list[str]]:
    """The names that these deployments should have there, an endpoint's once."""
    found = {kind: {each[name] for each in deployed} for kind, name in NAMES.items()}
    return {kind: sorted(names) for kind, names in found.items()}


def messages(cloud: LocalCloud) -> dict[str, int]:
    """How many messages each queue holds, hidden ones too; a queue not there yet holds none."""
    held = {}
    with QueueServiceClient.from_connection_string(cloud.connection_string) as service:
        for name in (*QUEUES, *(f"{each}-poison" for each in QUEUES)):
            held[name] = 0
            with suppress(ResourceNotFoundError):
                properties = service.get_queue_client(name).get_queue_properties()
                held[name] = properties.approximate_message_count or 0
    return held


def wait_at_rest(cloud: LocalCloud, *, seconds: float = 60, hints: int = 0) -> None:
    """Waits until nothing is unfinished and the queues are empty, those of poison too.

    `hints` may be left in `deploy-jobs`: one that stood in line for its endpoint has a spare one, to
    come minutes later, should it not be woken.
    """
    watched, left = tables(cloud), ""

    def resting() -> bool:
        nonlocal left
        unfinished = [each.record.deployment_id for each in store.list_inflight(watched)]
        held = {queue: number for queue, number in messages(cloud).items() if number}
        left = f"messages {held}, unfinished {unfinished}"
        return not unfinished and held.pop("deploy-jobs", 0) <= hints and not held

    try:
        wait_until(resting, seconds=seconds, what="rest", every=0.1)
    except TimeoutError as error:
        raise AssertionError(f"{error}: {left}; the logs are in {cloud.logs}") from error


@contextmanager
def frozen(cloud: LocalCloud, number: int) -> Iterator[int]:
    """A worker stopped in its tracks for the length of the block; its process id."""
    pid = worker(cloud, number)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def replace_worker(cloud: LocalCloud, number: int) -> None:
    """Ends a worker regularly: what it is doing it does to the end; another one takes its place."""
    pid = worker(cloud, number)
    os.kill(pid, signal.SIGTERM)
    wait_until(
        lambda: cloud.worker_pids[number] not in {None, pid}, seconds=60, what="another worker"
    )


def worker(cloud: LocalCloud, number: int) -> int:
    """The process of a worker; waits while it is being started again."""
    return wait_until(lambda: cloud.worker_pids[number], seconds=60, what=f"worker {number}")
