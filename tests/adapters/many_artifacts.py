"""Artifacts created at once from several processes, in whatever store `open_stores` opens.

The function and its argument go to new processes, so it stands in a module, and its argument is text.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from multiprocessing.synchronize import Barrier

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.ports import Blobs, Clock, Ports, Tables
from shared.service.catalogue import models, uploads
from shared.service.catalogue.artifacts import FileUpload
from shared.service.claims import Mint
from simulator.model import Reader

OWNER = Principal(user_id="many", issuer="tests")
OpenStores = Callable[[str], tuple[Tables, Blobs]]


@dataclass(frozen=True, slots=True)
class Made:
    """An artifact as who made it knows it."""

    id: str
    name: str
    content: bytes


def create_at_once(
    open_stores: OpenStores,
    where: str,
    *,
    processes: int,
    each: int,
    frozen: datetime | None = None,
) -> list[Made]:
    """What so many processes have made, which all began at once; with a clock that stands where one is given."""
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=spawning, initializer=_meet_at, initargs=(barrier,)
    ) as pool:
        futures = [
            pool.submit(_create, open_stores, where, number, each, frozen)
            for number in range(processes)
        ]
        return [made for future in futures for made in future.result()]


def ports_of(tables: Tables, blobs: Blobs, clock: Clock) -> Ports:
    """Ports over two stores; the others are never used here."""
    queue_clock = VirtualClock()
    return Ports(
        clock=clock,
        random=SystemRandom(),
        tables=tables,
        queue=MemoryQueue(queue_clock),
        blobs=MemoryBlobs(),
        artifacts=blobs,
        reader=Reader(),
        view=MemoryCloud(queue_clock.now),
    )


def _meet_at(barrier: Barrier) -> None:
    barrier.wait(60)


def _create(
    open_stores: OpenStores, where: str, process: int, each: int, frozen: datetime | None
) -> list[Made]:
    clock: Clock = VirtualClock(frozen) if frozen else SystemClock()
    ports = ports_of(*open_stores(where), clock)
    mint = Mint(ports.tables, ports.clock, ports.random)
    kinds = list(ArtifactKind)
    return [
        _create_one(ports, mint, kinds[number % len(kinds)], f"p{process}-n{number}")
        for number in range(each)
    ]


def _create_one(ports: Ports, mint: Mint, kind: ArtifactKind, name: str) -> Made:
    content = f"the bytes of {kind} {name}".encode()
    file, policy = BytesIO(content), Policy()
    if kind is ArtifactKind.MODEL:
        model = models.Upload(file=file, filename=name, model_name=name)
        return Made(models.add_model(ports, mint, policy, OWNER, model).id, name, content)
    upload = FileUpload(kind=kind, file=file, filename=name, name=name)
    made = uploads.accept_file(ports, mint, policy, OWNER, upload)
    return Made(made.record.id, name, content)
