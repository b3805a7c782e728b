"""A run of the reconciliation against listing what it lists: its time, and the memory it takes of few records and of many.

A million records are listed from pages that are made as they are asked for (`bench.listed`); tens of thousands are also in
Azurite, which holds no million. Registry and endpoints are in memory in both.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from statistics import median

from bench import files, parts, reconciled
from bench.reconcile_run import NIGHTS, Measured, Run, Timed
from bench.reconciled import World
from bench.report import Figure, at_most, spread
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_tables import AzureTables
from shared.domain.reconcile.kept_things import Sort
from shared.ports import Blobs, Insert, Row, Tables
from shared.service import store

FEW, MANY, IN_AZURITE = (100_000, 10, 3), (1_000_000, 100, 2), (50_000, 5, 3)
"""Records, endpoints, rounds."""
MOST = 1.5
MOST_MEMORY = 1.5
_AT_ONCE = 100  # rows of one transaction
_CONTAINER = "files"


def measure() -> list[Figure]:
    """Time and memory, of both runs of a night."""
    figures = [each for night in NIGHTS for each in _measure(night)]
    measured = _in_azurite(*IN_AZURITE)
    name = f"{IN_AZURITE[0]:,}, Azurite"
    return [
        *figures,
        *(_time(f"reconcile: {night}, {name}", each) for night, each in measured.items()),
    ]


def _measure(night: str) -> Iterator[Figure]:
    few, many = _in_process(night, *FEW), _in_process(night, *MANY)
    name = f"reconcile: {night}, {MANY[0]:,}"
    yield _time(name, many)
    yield at_most(
        f"{name}, memory",
        many.memory,
        "MB",
        floor=few.memory,
        goal=MOST_MEMORY,
        note=f"above idle, at most; the floor is that of {FEW[0]:,} records",
    )


def _time(name: str, measured: Measured) -> Figure:
    ours, floor = ([each.wall for each in some] for some in (measured.ours, measured.floor))
    cpu = _cpu(measured.ours) - _cpu(measured.floor)
    return at_most(
        name,
        median(ours),
        "s",
        floor=median(floor),
        goal=MOST,
        note=f"{spread(ours)}; the listings alone {spread(floor)}; {cpu:.1f} s of processor time beside them",
    )


def _cpu(rounds: Sequence[Timed]) -> float:
    return median(each.cpu for each in rounds)


def _in_process(night: str, *sizes: int) -> Measured:
    command = [sys.executable, "-m", "bench.reconcile_run", night, *map(str, sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=parts.ROOT)
    told = json.loads(done.stdout)
    ours, floor = ([Timed(**each) for each in told[name]] for name in ("ours", "floor"))
    return Measured(ours=ours, floor=floor, memory=told["memory"])


def _in_azurite(records: int, endpoints: int, rounds: int) -> dict[str, Measured]:
    world = reconciled.make(records, endpoints)
    with parts.folder() as folder, parts.storage(folder) as running:
        account = storage_account.from_connection_string(running.connection_string)
        tables, blobs = AzureTables(account), AzureBlobs(account, _CONTAINER)
        fill(tables, world)
        fill_files(blobs, world)
        runs = {name: Run(areas, world, tables, blobs.list) for name, areas in NIGHTS.items()}
        for each in runs.values():
            each.reconcile()  # its tables come to be
        return {name: each.measure(rounds) for name, each in runs.items()}


def fill(tables: Tables, world: World) -> None:
    """Writes the records of a world; the names that were given up, which no run reads, are left out."""
    for table, row in world.rows:
        tables.commit(table, [Insert(row)])

    def write(rows: Sequence[Row]) -> None:
        tables.commit(store.RECORDS, [Insert(each) for each in rows])

    with ThreadPoolExecutor(2) as pool:
        for section in world.sections:
            if section.table == store.RECORDS:
                for _ in pool.map(write, _batches(section.rows())):
                    pass


def fill_files(blobs: Blobs, world: World) -> None:
    """Writes the files of a world."""
    keys = [key for sort in Sort for key in files.names_under(world, f"{sort}/")]
    blobs.put(keys[0], bytes(files.SIZE))  # the container comes to be
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda key: blobs.put(key, bytes(files.SIZE)), keys[1:]):
            pass


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """As many at once as one transaction takes, of one user each."""
    for _, some in groupby(rows, key=lambda each: each.partition):
        while batch := list(islice(some, _AT_ONCE)):
            yield batch
