"""Deployments by the real service on ports in memory, with a virtual clock and a slow cloud.

Nothing here takes time: what is found out is which turns there are, and how late each look came.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bench import memory
from bench.turns import Heard
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.cloud_ports import NewDeployment
from shared.domain.policy import DEPLOY_JOBS, Policy
from shared.ports import WorkerPorts
from shared.service import run, store
from shared.service.hints import Hint

ENDPOINT, DEPLOYMENT, TRAFFIC = 90.0, 360.0, 30.0
CLOUD_SECONDS = ENDPOINT + DEPLOYMENT + TRAFFIC
"""What the cloud takes in all, on average: 480 s."""

_LEASE = 600.0  # of a message, as the real host's


class SlowCloud(MemoryCloud):
    """A cloud whose operations differ in length, each by up to `spread` of it from time to time."""

    def __init__(self, clock: VirtualClock, spread: float) -> None:
        super().__init__(clock.now)
        self.taken = 0.0
        self._spread = spread
        self._chance = random.Random(1)  # noqa: S311 - repeatable on purpose

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """As the twin's, in its own time."""
        self._begin_taking(TRAFFIC if traffic else ENDPOINT)
        super().put_endpoint(name, tags=tags, traffic=traffic)

    def put_deployment(self, deployment: NewDeployment) -> None:
        """As the twin's, in its own time."""
        self._begin_taking(DEPLOYMENT)
        super().put_deployment(deployment)

    def _begin_taking(self, seconds: float) -> None:
        self.operation_seconds = seconds * self._chance.uniform(1 - self._spread, 1 + self._spread)
        self.taken += self.operation_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One deployment: the kinds of its turns in order, and its seconds beside the cloud's."""

    kinds: list[str]
    seconds: float
    cloud: float


def deploy_often(count: int, *, spread: float) -> list[Run]:
    """So many deployments of one user, one after another, on a new installation."""
    clock = VirtualClock()
    cloud = SlowCloud(clock, spread)
    queue = MemoryQueue(clock)
    ports = memory.ports(clock, cloud, MemoryTables(), queue)
    model = memory.upload(ports)
    runs = []
    for _ in range(count):
        clock.advance(1)
        cloud.taken, cloud.cores = 0.0, cloud.cores + 24
        kinds, seconds = _deploy(ports, clock, queue, model)
        runs.append(Run(kinds=kinds, seconds=seconds, cloud=cloud.taken))
    return runs


def _deploy(
    ports: WorkerPorts, clock: VirtualClock, queue: MemoryQueue, model: str
) -> tuple[list[str], float]:
    deployment_id = memory.accept(ports, model)
    kinds = []
    while (due := queue.next_visible(DEPLOY_JOBS)) is not None:
        clock.advance(max(0.0, (due - clock.now()) / timedelta(seconds=1)))
        message = queue.receive(DEPLOY_JOBS, lease=_LEASE)
        if message is None:
            raise RuntimeError("a message that is due cannot be received")
        with Heard() as heard:
            run.run_turn(ports, Policy(), Hint.model_validate_json(message.text))
        queue.delete(DEPLOY_JOBS, message)
        kinds.append(heard.kind)
    stored = store.load_deployment(ports.tables, memory.USER.user_key, deployment_id)
    if stored is None or stored.record.deployed_at is None:
        raise RuntimeError(f"{deployment_id} did not become active: {kinds}")
    return kinds, (stored.record.deployed_at - stored.record.created_at) / timedelta(seconds=1)
