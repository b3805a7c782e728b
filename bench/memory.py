"""The real service on ports in memory: what one acceptance writes, and a place to run turns."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.parts import model_file
from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_clock import SeededRandom, VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.adapters.mlflow_packaging import MlflowPackager
from shared.adapters.model_reader import ProcessModelReader
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.requests import DeployRequest
from shared.ports import Operation, Queue, Tables, WorkerPorts
from shared.service import submit
from shared.service.catalogue import models
from shared.service.catalogue.models import Upload
from shared.service.claims import Mint

USER = Principal(user_id="bench", issuer="local", is_operator=False)


@dataclass
class Recorded:
    """What an acceptance wrote: (table, rows) of each commit, and the message."""

    writes: list[tuple[str, Sequence[Mapping[str, Any]]]] = field(default_factory=list)
    message: str = ""
    deployment_id: str = ""


class _Tables(MemoryTables):
    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self._recorded = recorded

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        rows = [
            {"PartitionKey": each.row.partition, "RowKey": each.row.key, **each.row.values}
            for each in operations
        ]
        self._recorded.writes.append((table, rows))
        return super().commit(table, operations)


class _Queue(MemoryQueue):
    def __init__(self, clock: VirtualClock, recorded: Recorded) -> None:
        super().__init__(clock)
        self._recorded = recorded

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        self._recorded.message = text
        super().send(queue, text, delay=delay)


def accept_in_memory(now: datetime) -> Recorded:
    """One acceptance of a deployment without names of its own, as most requests are."""
    recorded = Recorded()
    clock = VirtualClock(now)
    held = ports(clock, MemoryCloud(clock.now), _Tables(recorded), _Queue(clock, recorded))
    model_id = upload(held)
    clock.advance(1)  # the id of the moment above is taken
    recorded.writes.clear()
    recorded.deployment_id = accept(held, model_id)
    return recorded


def ports(clock: VirtualClock, cloud: MemoryCloud, tables: Tables, queue: Queue) -> WorkerPorts:
    """All ports in memory, on that clock and that cloud."""
    blobs = MemoryBlobs()
    return WorkerPorts(
        clock=clock,
        random=SeededRandom(),
        tables=tables,
        queue=queue,
        blobs=blobs,
        artifacts=blobs,
        reader=ProcessModelReader(),
        view=cloud,
        packager=MlflowPackager(),
        control=cloud,
        scorer=cloud,
    )


def upload(held: WorkerPorts) -> str:
    """Uploads the model of the benches; its id."""
    mint = Mint(held.tables, held.clock, held.random)
    wanted = Upload(file=io.BytesIO(model_file()), filename="iris.joblib", model_name="iris")
    return models.add_model(held, mint, Policy(), USER, wanted).id


def accept(held: WorkerPorts, model_id: str) -> str:
    """Accepts a deployment of that model; its id."""
    mint = Mint(held.tables, held.clock, held.random)
    request = DeployRequest.model_validate({"model_id": model_id})
    return submit.accept_deploy(held, mint, Policy(), USER, request).record.id
